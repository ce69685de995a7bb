"""Arguments of a command before Hydra reads them: recipes without their plus sign, and those of a resumed run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from cvae_lightning import runs
from cvae_lightning.cli.configs import CONF, OPTIONAL_GROUPS
from cvae_lightning.cli.followed import check_followed
from cvae_lightning.cli.renamed import RENAMED
from cvae_lightning.errors import UserError


def plain_choices(arguments: Sequence[str]) -> list[str]:
    """``+experiment=NAME`` as ``experiment=NAME``: the defaults list keeps a place for it, before debug's.

    Example:
        >>> plain_choices(["+experiment=guide", "seed=1"])
        ['experiment=guide', 'seed=1']
    """
    marked = tuple(f"+{group}=" for group in OPTIONAL_GROUPS)
    return [argument[1:] if argument.startswith(marked) else argument for argument in arguments]


def resumed(arguments: list[str]) -> list[str]:
    """``train``'s arguments with ``resume=`` replaced by those of the run that is continued.

    ``resume=auto`` takes the newest unfinished run of the same config, or starts one.

    Raises:
        UserError: there is no such run, or the command is a sweep.
    """
    wanted = runs.override_value(arguments, "resume")
    if wanted in (None, "null", ""):
        return arguments
    if {"-m", "--multirun"} & set(arguments):
        raise UserError("resume= continues one run: a sweep is continued by its own command")
    if wanted != "auto":
        return _continued(arguments, Path(wanted).resolve())
    rest = [argument for argument in arguments if not argument.startswith("resume=")]
    folder = _unfinished(rest)
    outcome = f"resuming {folder}" if folder else "no unfinished run of this config under outputs/, so a new one starts"
    print(f"resume=auto: {outcome}", file=sys.stderr)
    return _continued(rest, folder.resolve()) if folder else rest


def _continued(arguments: list[str], folder: Path) -> list[str]:
    """The arguments that continue a run, of which those of its folder only describe a run.

    Raises:
        UserError: the folder is not a run that can be resumed, or its arguments say more.
    """
    continued = runs.resumed_arguments(arguments, folder, RENAMED)
    check_followed(runs.saved_overrides(folder), arguments, folder)
    return continued


def _unfinished(arguments: list[str]) -> Path | None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [argument for argument in arguments if not argument.startswith("-")])
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return runs.newest_unfinished(Path("outputs"), plain)  # type: ignore[arg-type]
