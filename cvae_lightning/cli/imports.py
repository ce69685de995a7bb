"""Modules of the user's own that a command imports, so that a model with their parts can be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from cvae_lightning.errors import UserError


def import_named(names: str | Sequence[str] | None) -> None:
    """Import the modules that ``imports=`` names: on the command line alone, never in a file of a model.

    Args:
        names: one name, or several; None for none.

    Raises:
        UserError: there is no such module, or its name is not one.

    Example:
        >>> import_named(["json"])
        >>> import_named(["jsn"])
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: imports=jsn: there is no module 'jsn'; ...
    """
    for name in [names] if isinstance(names, str) else names or ():
        if not all(word.isidentifier() for word in name.split(".")):
            raise UserError(f"imports={name}: expected the name of a module, such as imports=[my_parts]")
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            raise UserError(
                f"imports={name}: there is no module {error.name!r}; it is looked for among installed packages, in "
                "PYTHONPATH and, with python -m, in the current folder"
            ) from error
