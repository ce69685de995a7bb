"""Which arguments of a saved run a command that resumes it follows: those that describe a run, and no others.

A run folder may come from another person, so its list of arguments is read with suspicion. What is refused can be given
in the command itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from cvae_lightning.cli.configs import CONF
from cvae_lightning.cli.messages import short
from cvae_lightning.errors import UserError
from cvae_lightning.runs.overrides import override_key

TARGET = "_target_"
"""The key whose value names the class that Hydra builds."""
KEY = re.compile(r"[A-Za-z_][\w/@-]*(\.[\w/@-]+)*")
REFERENCE = re.compile(r"\$\{(?!([\w.]+|(hydra|now):[^${}]*)\})")
"""What begins a reference that is neither another key of the config nor a value of the running job."""
PLACES = ("dirpath", "save_dir", "default_root_dir", "log_dir")
"""Last parts of keys that say where to write: a run writes into its own folder."""
BUILT = ("pytorch_lightning.", "torch.nn.", "torch.optim.", "cvae_lightning.")
"""Modules whose classes a class of the running program may extend to be built by a saved argument."""


def check_followed(saved: Iterable[str], given: Iterable[str], source: Path) -> None:
    """Raise for the first saved argument that says more than what a run is.

    Args:
        saved: the run's arguments.
        given: the arguments of the command that resumes it; a saved one of the same key is not used.
        source: the run folder, for the message.

    Raises:
        UserError: the argument sets an option of Hydra, names a class that is not one of this package, or a folder to
            write into.

    Example:
        >>> check_followed(["seed=1", "+callbacks.x._target_=os.system"], [], Path("run"))
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: resume=run: its saved argument +callbacks.x._target_=os.system is not...
    """
    own = {override_key(argument) for argument in given}
    for argument in saved:
        if override_key(argument) not in own and (why := _complaint(argument)):
            raise UserError(
                f"resume={source}: its saved argument {short(argument)} is not followed, because {why}; "
                "if it is yours, give it again in this command"
            )


def _complaint(argument: str) -> str | None:
    key, value = override_key(argument), argument.partition("=")[2]
    if not KEY.fullmatch(key):
        return "its key is not one of a config"
    if key.startswith("hydra") or "@hydra" in key:
        return "it is an option of Hydra"
    if REFERENCE.search(argument):
        return "it refers to more than another key"
    if key.rpartition(".")[2] in PLACES:
        return "a run writes into its own folder"
    if TARGET in argument and not (key.endswith(f".{TARGET}") and _is_known(value.strip("'\""))):
        return "it names a class that is not one of this package's config"
    return None


def _is_known(target: str) -> bool:
    return target in known_targets() or _is_loaded(target)


@cache
def known_targets() -> frozenset[str]:
    """Every class that the package's config names."""
    texts = (file.read_text(encoding="utf-8") for file in CONF.rglob("*.yaml"))
    return frozenset(name for text in texts for name in re.findall(rf"{TARGET}: *([\w.]+)", text))


def _is_loaded(target: str) -> bool:
    """Whether the running program has imported a class of this name of its own, which extends one that trains."""
    module, _, name = target.rpartition(".")
    found: Any = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, type) or found.__module__ != module:
        return False
    return any(f"{base.__module__}.".startswith(BUILT) for base in found.__mro__[1:])


def check_links(folder: Path) -> None:
    """Raise where a link in a run folder leads out of it: what is resumed writes into the run folder alone.

    Raises:
        UserError: the message names the link.
    """
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"resume={folder}: {path.relative_to(folder)} is a link that leads out of the run folder")
