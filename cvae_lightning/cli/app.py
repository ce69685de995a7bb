"""How every command starts: compose the config, run, and answer a user's mistake in one paragraph."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from cvae_lightning.cli.configs import CONF, leaves
from cvae_lightning.cli.overrides import plain_choices
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs import override_key
from cvae_lightning.sweeps import jobs as failures
from cvae_lightning.world.captions import CaptionError

MISTAKE = 2
FREE_KEYS = ("trainer.devices", "trainer.profiler")
"""Numbers or switches by default that may be other things too."""
EXTRAS = {
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
    "hydra/launcher/ray": "ray",
}
"""Choices that come with an optional package, and the extra of ours that installs it."""


def command(
    config_name: str, job: Callable[[DictConfig], Any], prepare: Callable[[list[str]], list[str]] = list
) -> None:
    """Run ``job`` on the config that the command line composes; leave with code 2 on a user's mistake.

    Args:
        config_name: of the command's file in ``conf``.
        job: the work.
        prepare: changes the command line's arguments before Hydra reads them.
    """

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)
    def run(config: DictConfig) -> Any:
        def checked() -> Any:
            check_types(config, hydra.compose(config_name))
            return job(config)

        if failures.is_job(HydraConfig.get()):
            return failures.attempt(checked, HydraConfig.get(), lambda error: describe(error, config_name))
        with mistakes(config_name):
            return checked()

    with mistakes(config_name):
        sys.argv[1:] = prepare(plain_choices(sys.argv[1:]))
    # Hydra would print its errors itself and leave with code 1; this makes it raise them.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with mistakes(config_name):
        run()


@contextmanager
def mistakes(config_name: str) -> Iterator[None]:
    """Turn a user's mistake into one paragraph on standard error and exit code 2."""
    try:
        yield
    except Exception as error:
        paragraph = describe(error, config_name)
        if paragraph is None:
            raise
        fail(paragraph)


def describe(error: Exception, config_name: str) -> str | None:
    """A user's mistake in one paragraph; None for an error of another kind."""
    if isinstance(error, (UserError, CaptionError)):
        return str(error)
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        return explain(error, config_name)
    if isinstance(error, (RuntimeError, MemoryError)) and _out_of_memory(error):
        return (
            f"out of memory: {_first_line(error)}. Reduce data.batch_size (trainer.accumulate_grad_batches keeps the "
            "effective batch), model.base_channels or data.canvas_size"
        )
    return None


def check_types(config: DictConfig, default: DictConfig) -> None:
    """Raise where a number or switch of the default config has become something else.

    Raises:
        UserError: the first such key.
    """
    given, usual = (dict(leaves(OmegaConf.to_container(one, resolve=False))) for one in (config, default))
    for key, value in given.items():
        kind = type(usual.get(key))
        fits = {bool: (bool,), int: (int,), float: (int, float)}.get(kind)
        truth = isinstance(value, bool) and kind is not bool
        if fits is None or value is None or _refers(value) or key in FREE_KEYS:
            continue
        if truth or not isinstance(value, fits):
            wanted = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
            raise UserError(f"{key}={value}: expected {wanted}, such as {usual[key]}")


def _refers(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("${")


def fail(message: str) -> NoReturn:
    """Print a mistake and leave with exit code 2."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    raise SystemExit(MISTAKE)


def explain(error: Exception, config_name: str) -> str:
    """A Hydra or OmegaConf error in one paragraph with the nearest right key or option."""
    cause = error.__cause__ if isinstance(error, InstantiationException) else error
    if isinstance(cause, InterpolationKeyError):
        return _lost_reference(cause)
    if isinstance(error, InstantiationException) and error.__cause__ is not None:
        where = re.search(r"full_key: (\S+)", str(error))
        place = f" (in the config's {where[1]})" if where else ""
        return f"{_first_line(error.__cause__)}{place}"
    text = str(error)
    if option := re.search(r"Could not find '([^']+)'", text):
        return _unknown_option(option[1])
    if key := re.search(r"Could not override '([^']+)'", text):
        return _unknown_key(key[1], config_name)
    return " ".join(text.split())


def _lost_reference(error: InterpolationKeyError) -> str:
    """A key that takes its value from one that the chosen options do not have."""
    lost = re.search(r"key '([^']+)' not found", str(error))
    source = lost[1] if lost else "another key"
    group, _, name = source.rpartition(".")
    return (
        f"{error.full_key or 'a key'} takes the value of {source}, but the chosen {group} has no {name}: "
        f"choose one that does"
    )


def _unknown_option(path: str) -> str:
    group, _, name = path.rpartition("/")
    if path in EXTRAS:
        return f"{group}={name} needs a package that is not installed: pip install -e '.[{EXTRAS[path]}]'"
    if group == "hydra/launcher":
        launchers = ["basic", *(one.rpartition("/")[2] for one in EXTRAS)]
        return f"{group}={name}: no such choice{nearest_hint(name, launchers)}; there are {', '.join(launchers)}"
    options = sorted(file.stem for file in (CONF / group).glob("*.yaml")) if group else []
    if not options:
        groups = sorted(folder.name for folder in CONF.iterdir() if folder.is_dir())
        return f"no config group {group or name!r}{nearest_hint(group or name, groups)}; there are {', '.join(groups)}"
    return f"{group}={name}: no such choice{nearest_hint(name, options)}; there are {', '.join(options)}"


def _unknown_key(key: str, config_name: str) -> str:
    known = known_keys(config_name)
    return f"{key}: the config has no such key{nearest_hint(key, known)}. A key of your own is added with a plus sign"


def known_keys(config_name: str) -> list[str]:
    """Every key that the config has with the command line's choices of groups, dotted, groups and leaves."""
    GlobalHydra.instance().clear()
    choices = [one for one in sys.argv[1:] if "," not in one and (CONF / override_key(one)).is_dir()]
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        default = OmegaConf.to_container(hydra.compose(config_name, choices), resolve=False)
    keys = [key.split(".") for key, _ in leaves(default)]
    return sorted({".".join(key[:depth]) for key in keys for depth in range(1, len(key) + 1)})


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
