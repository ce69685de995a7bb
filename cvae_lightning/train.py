"""Train a model: ``python -m cvae_lightning.train +experiment=quickstart``."""

from __future__ import annotations

import sys
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning import runs
from cvae_lightning.cli.app import CONF, command, mistakes, plain_choices
from cvae_lightning.errors import UserError, require_package

TRACKERS = ("mlflow", "wandb")
"""Loggers that need a package of the same name."""


def arguments(given: list[str]) -> list[str]:
    """The command line with ``resume=`` replaced by the arguments of the run that goes on.

    ``resume=auto`` takes the newest unfinished run of the same config, or starts one.

    Raises:
        UserError: there is no such run, or the command is a sweep.
    """
    given = plain_choices(given)
    wanted = runs.override_value(given, "resume")
    if wanted in (None, "null", ""):
        return given
    if {"-m", "--multirun"} & set(given):
        raise UserError("resume= goes on with one run: a sweep's jobs are resumed one by one")
    if wanted != "auto":
        return runs.resumed_arguments(given, Path(wanted).resolve())
    rest = [one for one in given if not one.startswith("resume=")]
    folder = _unfinished(rest)
    return runs.resumed_arguments(rest, folder.resolve()) if folder else rest


def _unfinished(given: list[str]) -> Path | None:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [one for one in given if not one.startswith("-")])
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return runs.newest_unfinished(Path("outputs"), plain)  # type: ignore[arg-type]


def job(config: DictConfig) -> float | None:
    """One training run of a composed config: check, build, fit, draw."""
    for name in TRACKERS:
        if config.logger.get(name):
            require_package(name, f"logger={name}")
    from cvae_lightning.training.run import run

    return run(config)


def main() -> None:
    """The command line."""
    with mistakes("train"):
        sys.argv[1:] = arguments(sys.argv[1:])
    command("train", job)


if __name__ == "__main__":
    main()
