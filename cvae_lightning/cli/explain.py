"""Errors as one paragraph: what a user's mistake is answered with; it never raises an error itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, InstantiationException
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from cvae_lightning.cli.configs import CONF, choices_of
from cvae_lightning.cli.messages import PARAGRAPH, short
from cvae_lightning.cli.renamed import RENAMED
from cvae_lightning.errors import UserError, nearest_hint

EXTRAS = {
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
    "hydra/launcher/ray": "ray",
}
"""Choices that come with an optional package, and the extra of ours that installs it."""


def describe(error: Exception, known: Sequence[str] = ()) -> str | None:
    """A user's mistake in one paragraph; None for an error of another kind.

    Args:
        error: what was raised.
        known: the keys that the config has, for the nearest one.
    """
    text = _described(error, known)
    return None if text is None else short(text, PARAGRAPH)


def _described(error: Exception, known: Sequence[str]) -> str | None:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        return explain(error, known)
    if isinstance(error, (RuntimeError, MemoryError)) and _out_of_memory(error):
        return (
            f"out of memory: {first_line(error)}. Reduce data.batch_size (trainer.accumulate_grad_batches keeps the "
            "effective batch), model.base_channels or data.canvas_size"
        )
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    from cvae_lightning.world.captions import CaptionError  # a misspelt key is answered without the world

    return str(error) if isinstance(error, CaptionError) else None


def explain(error: Exception, known: Sequence[str] = ()) -> str:
    """A Hydra or OmegaConf error in one paragraph with the nearest right key or option."""
    cause = error.__cause__ if isinstance(error, InstantiationException) else error
    if isinstance(cause, InterpolationKeyError):
        return _lost_reference(cause)
    if isinstance(error, InstantiationException) and error.__cause__ is not None:
        where = re.search(r"full_key: (\S+)", str(error))
        if unknown := re.search(r"unexpected keyword argument '(\w+)'", str(error.__cause__)):
            return f"{f'{where[1]}.' if where else ''}{unknown[1]}: the chosen part has no such argument"
        inside = f" (in the config's {where[1]})" if where else ""
        return f"{first_line(error.__cause__)}{inside}"
    text = str(error)
    if option := re.search(r"Could not find '([^']+)'", text):
        return _unknown_option(option[1])
    if key := re.search(r"Could not (?:override|append|delete)[^']*'([^']+)'", text):
        return unknown_key(key[1].removeprefix("config key: ").split("=")[0], known)
    return " ".join(text.split()) or type(error).__name__


def unknown_key(key: str, known: Sequence[str]) -> str:
    """A key that the config does not have, with what it is called now or the nearest one."""
    if new := renamed(key):
        return f"{key} is now called {new}"
    if key.startswith("model.") and (same := key.removeprefix("model.")) in known:
        return f"{key}: each part stands once in the config; it is called {same}"
    hint = nearest_hint(key, known)
    return f"{key}: the config has no such key{hint}. A key of your own is added with a plus sign"


def renamed(key: str) -> str | None:
    """What an old key, or a key below it, is called now; None for others.

    Example:
        >>> renamed("callbacks.checkup.count")
        'callbacks.judge_samples.count'
    """
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        if new := RENAMED.get(".".join(parts[:length])):
            return ".".join([new, *parts[length:]])
    return None


def old_value(overrides: Sequence[Override]) -> str | None:
    """The first ``key=value`` that earlier releases had, and what it is called now; None if there is none."""
    lines = [(override.input_line or "").lstrip("+") for override in overrides]
    return next((f"{line} is now called {RENAMED[line]}" for line in lines if line in RENAMED), None)


def _lost_reference(error: InterpolationKeyError) -> str:
    """A key that takes its value from one that the chosen options do not have."""
    lost = re.search(r"key '([^']+)' not found", str(error))
    source = lost[1] if lost else "another key"
    group, _, name = source.rpartition(".")
    if not group:
        return f"{error.full_key or 'a key'} takes the value of {source}, which the config lacks: leave it as it is"
    return (
        f"{error.full_key or 'a key'} takes the value of {source}, but the chosen {group} has no {name}: "
        f"choose one that does"
    )


def _unknown_option(path: str) -> str:
    group, _, name = path.rpartition("/")
    if path in EXTRAS:
        return f"{group}={name} needs a package that is not installed: pip install -e '.[{EXTRAS[path]}]'"
    if group == "hydra/launcher":
        launchers = ["basic", *(choice.rpartition("/")[2] for choice in EXTRAS)]
        return f"{group}={name}: no such choice{nearest_hint(name, launchers)}; there are {', '.join(launchers)}"
    if new := renamed(group or name):
        return f"{group or name} is now called {new}"
    if not (options := choices_of(group) if group else []):
        groups = sorted(folder.name for folder in CONF.iterdir() if folder.is_dir())
        return f"no config group {group or name!r}{nearest_hint(group or name, groups)}; there are {', '.join(groups)}"
    return f"{group}={name}: no such choice{nearest_hint(name, options)}; there are {', '.join(options)}"


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its kind."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
