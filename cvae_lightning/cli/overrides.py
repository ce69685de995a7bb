"""Arguments of a command before Hydra reads them: recipes without their plus sign, and those of a resumed run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf

from cvae_lightning import runs
from cvae_lightning.cli.configs import CONF, OPTIONAL_GROUPS
from cvae_lightning.cli.followed import check_followed, check_links
from cvae_lightning.cli.renamed import RENAMED
from cvae_lightning.errors import UserError
from cvae_lightning.runs import check_started_once, is_main_process


def plain_choices(arguments: Sequence[str]) -> list[str]:
    """``+experiment=NAME`` as ``experiment=NAME``: the defaults list keeps a place for it, before debug's.

    Example:
        >>> plain_choices(["+experiment=guide", "seed=1"])
        ['experiment=guide', 'seed=1']
    """
    marked = tuple(f"+{group}=" for group in (*OPTIONAL_GROUPS, "distillation"))
    return [argument[1:] if argument.startswith(marked) else argument for argument in arguments]


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Hydra's flags before the ``key=value`` arguments: Hydra reads none of these that follow a flag's value.

    Example:
        >>> flags_first(["seed=1", "--config-dir", "parts", "name=own"])
        ['--config-dir', 'parts', 'seed=1', 'name=own']
    """
    flags, overrides = split_flags(arguments)
    return [*flags, *overrides]


def split_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Hydra's flags with their values, and the ``key=value`` arguments; all are the latter where a flag is unknown."""
    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        overrides = list(parser.parse_known_intermixed_args(list(arguments))[0].overrides)
    except argparse.ArgumentError:
        return [], list(arguments)
    flags = list(arguments)
    for override in overrides:
        flags.remove(override)
    return flags, overrides


def of_one_run(arguments: list[str]) -> list[str]:
    """``train``'s arguments as all processes of one run must have them.

    Raises:
        UserError: a launcher has started the command several times; or see :func:`resumed`.
    """
    check_started_once()
    log_of_rank = [] if is_main_process() else ["hydra/job_logging=stdout"]  # the first process writes train.log
    return [*resumed(arguments), *log_of_rank]


def resumed(arguments: list[str]) -> list[str]:
    """``train``'s arguments with ``resume=`` replaced by those of the run that is continued.

    ``resume=auto`` takes the newest unfinished run of the same config, in ``hydra.run.dir=`` where that is given and
    else under ``outputs/``, or starts one.

    Raises:
        UserError: there is no such run, or the command is a sweep.
    """
    wanted = runs.override_value(arguments, "resume")
    if wanted in (None, "null", ""):
        return arguments
    if {"-m", "--multirun"} & set(arguments):
        raise UserError("resume= continues one run: a sweep is continued by its own command")
    if wanted != "auto":
        _check_own_weights(arguments, wanted)
        return _continued(arguments, Path(wanted).resolve())
    rest = [argument for argument in arguments if not argument.startswith("resume=")]
    root = Path(runs.override_value(rest, "hydra.run.dir") or "outputs")
    folder = _unfinished(rest, root)
    if folder is None and (root / runs.CONFIG).exists():
        state = "a finished run" if runs.is_finished(root) else "a run with other settings"
        raise UserError(
            f"resume=auto: {root} holds {state}: resume={root} trains it for longer, with a larger "
            "trainer.max_epochs; a new run needs another hydra.run.dir"
        )
    outcome = f"resuming {folder}" if folder else f"no unfinished run of this config under {root}, so a new one starts"
    print(f"resume=auto: {outcome}", file=sys.stderr)
    return _continued(rest, folder.resolve()) if folder else rest


def _check_own_weights(arguments: Sequence[str], folder: str) -> None:
    """Raise where a run that is continued is to begin with other weights than its own."""
    for key in ("initial_weights", "distillation"):
        if runs.override_value(arguments, key) not in (None, "null"):
            raise UserError(
                f"resume={folder} continues with the run's own weights: leave out {key}=, or start a new run with "
                f"initial_weights={folder} and without resume="
            )


def _continued(arguments: list[str], folder: Path) -> list[str]:
    """The arguments that continue a run, of which those of its folder only describe a run.

    Raises:
        UserError: the folder is not a run that can be resumed, or its arguments say more.
    """
    continued = runs.resumed_arguments(arguments, folder, RENAMED)
    check_followed(runs.saved_overrides(folder), arguments, folder)
    check_links(folder)
    return continued


def _unfinished(arguments: list[str], root: Path) -> Path | None:
    flags, overrides = split_flags(arguments)
    folder = get_args_parser().parse_args(flags).config_dir
    search = [f"hydra.searchpath=['file://{Path(folder).resolve()}']"] if folder else []
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*search, *overrides])
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return runs.newest_unfinished(root, plain)  # type: ignore[arg-type]
