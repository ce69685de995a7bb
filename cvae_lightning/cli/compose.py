"""A command's config from its arguments, checked before Hydra makes any folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from cvae_lightning.cli.choices import read_overrides
from cvae_lightning.cli.configs import CONF, EXAMPLES, OPTIONAL_GROUPS, OWN_PICTURES, leaves
from cvae_lightning.cli.explain import describe, old_value
from cvae_lightning.cli.messages import short
from cvae_lightning.cli.validate import check_values
from cvae_lightning.errors import UserError


class Composed(NamedTuple):
    """A command's config.

    Attributes:
        config: without Hydra's own node.
        hydra: Hydra's own node.
        usual: the config of the same choices with no value changed.
    """

    config: DictConfig
    hydra: DictConfig
    usual: DictConfig


def composed(command: str, arguments: Sequence[str], folder: str | None = None, partial: bool = False) -> Composed:
    """Compose and check a command's config; arguments that a sweep varies are left to its jobs.

    Args:
        command: its name.
        arguments: ``key=value`` texts.
        folder: another folder of configs, as ``--config-dir`` gives it.
        partial: whether keys without a default may be without a value.

    Raises:
        UserError: what is wrong, in one paragraph.
    """
    folders = [CONF, *([Path(folder)] if folder else [])]
    given = read_overrides(command, arguments, folders)
    overrides = [override for override in given if not override.is_sweep_override()]
    if not partial and len(overrides) < len(given):
        lines = [str(override.input_line) for override in given if override.is_sweep_override()]
        key, _, values = lines[0].partition("=")
        raise UserError(
            f"{short(lines[0])}: several values are a sweep, which needs -m; a list is written in brackets, as in "
            f"'{key}=[{short(values)}]'"
        )
    search = [f"hydra.searchpath=['file://{Path(folder).resolve()}']"] if folder else []
    with open_configs():
        try:
            whole = compose(command, [*search, *_lines(overrides)], return_hydra_config=True)
            config = usual = _without_hydra(whole)
            if not all(_is_usual(override) for override in overrides):
                usual = _usual(command, (*search, *_usual_choices(whole.hydra)))
            if not partial:
                check_required(command, config)
            check_values(command, config, usual)
        except UserError:
            raise
        except Exception as error:
            paragraph = old_value(overrides) or describe(error, known_keys(command, whole_choices(overrides)))
            raise UserError(paragraph or f"{type(error).__name__}: {error}") from error
    return Composed(config, whole.hydra, usual)


def check_job(command: str, config: DictConfig) -> DictConfig:
    """The config of a sweep's job, checked.

    Raises:
        UserError: a value is not one that its key can have.
    """
    choices = _usual_choices(cast(DictConfig, HydraConfig.get()))
    check_values(command, config, _usual(command, tuple(choices)))
    return config


def _usual(command: str, choices: tuple[str, ...]) -> DictConfig:
    """The config of choices, to be read only; composed once per process where all are of the package's own files."""
    sources = GlobalHydra.instance().config_loader().get_sources()
    own = {source.path for source in sources if source.scheme() == "file"} == {str(CONF)}
    own = own and not any(choice.startswith("hydra.searchpath") for choice in choices)
    return _compose_once(command, choices) if own else _compose(command, choices)


def _compose(command: str, choices: tuple[str, ...]) -> DictConfig:
    return compose(command, list(choices))


_compose_once = cache(_compose)


@contextmanager
def open_configs() -> Iterator[None]:
    """Hydra with this package's configs, for :func:`hydra.compose`; kept where it is open already."""
    if GlobalHydra.instance().is_initialized():
        yield
        return
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def check_required(command: str, config: DictConfig) -> None:
    """Raise where a key without a default has no value.

    Raises:
        UserError: the message has an example.
    """
    values = leaves(OmegaConf.to_container(config, resolve=False))
    missing = [key for key, value in values if value == "???"]
    if missing:
        example = OWN_PICTURES if missing == ["data.path"] else EXAMPLES[command]
        raise UserError(
            f"{command} needs {' and '.join(f'{key}=' for key in missing)}, such as: python -m "
            f"cvae_lightning.{command} {example}"
        )


def known_keys(command: str, choices: Sequence[str] = ()) -> list[str]:
    """Every key of a command's config, dotted, groups and leaves; with choices where they can be composed.

    Never raises an error: it serves to answer one.
    """
    for given in (choices, ()):
        try:
            with open_configs():
                plain = OmegaConf.to_container(compose(command, list(given)), resolve=False)
        except Exception:
            continue
        keys = [key.split(".") for key, _ in leaves(plain)]
        return sorted({".".join(key[:depth]) for key in keys for depth in range(1, len(key) + 1)})
    return []


def whole_choices(overrides: Sequence[Override]) -> list[str]:
    """The overrides that choose from a group."""
    return [line for one in overrides if (CONF / one.key_or_group).is_dir() for line in _lines([one])]


def _is_usual(override: Override) -> bool:
    """Whether an override chooses a part, and so changes no value of one."""
    group = override.key_or_group
    return (CONF / group).is_dir() and group not in OPTIONAL_GROUPS and not override.is_delete()


def _lines(overrides: Sequence[Override]) -> list[str]:
    return [one.input_line for one in overrides if one.input_line]


def _without_hydra(whole: DictConfig) -> DictConfig:
    config = whole.copy()
    with open_dict(config):
        del config["hydra"]
    return config


def _usual_choices(hydra: DictConfig) -> list[str]:
    """The choices that a config was composed from, recipes apart: with them alone, each key has its usual value."""
    chosen = hydra.runtime.choices.items()
    return [
        f"{group}={choice}"
        for group, choice in chosen
        if choice is not None and str(group) not in OPTIONAL_GROUPS and not str(group).startswith("hydra/")
    ]
