"""Types of a config's values by the constructors that take them; imports what the config builds, torch included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from cvae_lightning.cli.messages import shown
from cvae_lightning.cli.rules import rule_of
from cvae_lightning.errors import UserError
from cvae_lightning.type_hints import fits, words

TRANSLATED = ("trainer.precision",)
"""Keys whose words are this package's and not the constructor's."""
CHECKED = ("world", "data.world")
"""Parts that check their own values, which are plainer than their types; see ``validate``."""


def check_parts(config: DictConfig) -> None:
    """Raise for the first value that does not fit the constructor which its ``_target_`` names.

    Raises:
        UserError: the message names the key, its value and what was expected.
    """
    for key, value, hint in _arguments("", OmegaConf.to_container(config, resolve=True)):
        if key not in TRANSLATED and not fits(value, hint) and not (value is None and rule_of(key)):
            raise UserError(f"{key}={shown(value)}: expected {words(hint)}")


def _arguments(prefix: str, node: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every argument of every part: its dotted key, its value and its type."""
    if not isinstance(node, dict) or prefix in CHECKED:
        return
    hints = _hints(str(node["_target_"])) if "_target_" in node else {}
    for name, value in node.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if name in hints and key not in CHECKED:
            yield key, value, hints[name]
        yield from _arguments(key, value)


def _hints(target: str) -> Mapping[str, Any]:
    """The types of a constructor's arguments; none for what cannot be found, which building answers."""
    try:
        made: Any = get_object(target)
        return get_type_hints(getattr(made, "__init__") if isinstance(made, type) else made)  # noqa: B009
    except Exception:
        return {}
