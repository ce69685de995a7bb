"""Values of a config as plain Python: lists of texts, and the fields of a settings class."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from cvae_lightning.errors import UserError

if TYPE_CHECKING:
    from cvae_lightning.world import World


def texts(value: Any) -> list[str]:
    """A list of texts as it is, and one text as a list of itself.

    Example:
        >>> texts("a red star")
        ['a red star']
    """
    return [str(item) for item in value] if isinstance(value, list | tuple | ListConfig) else [str(value)]


def captions_of(value: Any) -> list[str]:
    """The captions of a command.

    Raises:
        UserError: there are none.
    """
    captions = texts(value)
    if not captions:
        raise UserError("captions=[]: give at least one caption")
    return captions


def world_of(config: DictConfig) -> World:
    """The world of a config's group ``world``.

    Raises:
        UserError: it is not a world, or one whose judge cannot be exact; the message names what is wrong.
    """
    from cvae_lightning.world import check_exact, is_shipped, world_of_config  # a misspelt key needs no world

    try:
        world = world_of_config(OmegaConf.to_container(config, resolve=True))
        if not is_shipped(world):  # those are checked by tests
            check_exact(world)
    except ValueError as error:
        raise UserError(f"world: {error}") from error
    return world


def settings_of(kind: type, config: DictConfig, *without: str) -> dict[str, Any]:
    """The config's values for the fields of a dataclass, without those that the caller gives itself."""
    return {field.name: config[field.name] for field in fields(kind) if field.name not in without}
