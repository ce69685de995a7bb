"""From arguments to a job in its folder: compose the config, check it, let Hydra run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from cvae_lightning import runs
from cvae_lightning.cli.app import TRACEBACKS, Job, fail
from cvae_lightning.cli.compose import Composed, check_job, composed, known_keys
from cvae_lightning.cli.configs import CONF
from cvae_lightning.cli.explain import describe, first_line
from cvae_lightning.cli.folders import NO_FOLDER, Records, check_folder, forget_job, job_folder, own_output
from cvae_lightning.cli.imports import import_named
from cvae_lightning.cli.machine import check_machine
from cvae_lightning.cli.overrides import flags_first, of_one_run, plain_choices
from cvae_lightning.cli.sweep import check_sweep
from cvae_lightning.errors import UserError
from cvae_lightning.sweeps import jobs


def start(name: str, job: Job | None = None, resumable: bool = False) -> None:
    """Check everything that needs no work, then let Hydra make the folder and run the job in it.

    Args:
        name: the command's, and its file's in ``conf``.
        job: the work; None for the one of this name in :mod:`cvae_lightning.commands`.
        resumable: whether it is a run, which ``resume=`` continues with the arguments that it was started with.

    Raises:
        UserError: what is wrong with the arguments, in one paragraph; a job's own errors pass.
    """
    arguments = plain_choices(sys.argv[1:])
    sys.argv[1:] = flags_first(of_one_run(arguments) if resumable else arguments)
    options = _options(sys.argv[1:])
    GlobalHydra.instance().clear()
    own = options.config_name is None and options.config_path is None
    single = own and not (options.multirun or options.cfg or options.info or options.shell_completion)
    records = None
    checked: Composed | None = None
    if own and not options.hydra_help:
        if options.multirun:
            checked = check_sweep(name, options.overrides, options.config_dir)
        else:
            checked = composed(name, options.overrides, options.config_dir, partial=not single)
        if single:
            records = _prepared(checked, runs.override_value(options.overrides, "hydra.run.dir"))
        if checked.hydra.job.chdir:
            raise UserError("hydra.job.chdir=true: expected false: files and folders are named from the current folder")
    started: list[Path] = []
    failed: list[Exception] = []

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)
    def run(config: DictConfig) -> Any:
        started.append(Path(HydraConfig.get().runtime.output_dir))
        work = job or import_module(f"cvae_lightning.commands.{name}").job
        if jobs.is_job(HydraConfig.get()):
            return jobs.attempt(lambda: _write(work, check_job(name, config)), HydraConfig.get(), describe)
        if not single:
            return _write(work, check_job(name, config))
        try:
            return _write(work, config)
        except Exception as error:  # raised again below: Hydra would print a line of its own about it
            failed.append(error)

    try:
        with full_errors(), known_mode(checked):
            run()
        if failed:
            raise failed[0]
    except Exception as error:
        if started and records:
            records.restore(started[0])
        elif started and not single:
            forget_job(started[-1])
        if started or isinstance(error, OSError):
            raise
        fail(describe(error, known_keys(name)) or f"{type(error).__name__}: {first_line(error)}")


def _prepared(checked: Composed, run_dir: str | None) -> Records | None:
    """See that a job's folders can be made, and keep Hydra from making one beside the job's ``output=``.

    Args:
        checked: the job's config.
        run_dir: ``hydra.run.dir`` as the user gives it.

    Returns:
        what is in the folder that Hydra writes into; None where it writes into none.

    Raises:
        UserError: a file is in the place of a folder.
    """
    output = own_output(checked.config)
    if output is not None:
        check_folder("output", output)
        if run_dir is None:
            sys.argv += NO_FOLDER
            return None
    folder = job_folder(checked.hydra)
    check_folder("hydra.run.dir", folder)
    return Records(folder)


@contextmanager
def known_mode(checked: Composed | None) -> Iterator[None]:
    """Spare Hydra a composition of a config that has been composed: it would only look up ``hydra.mode`` in it."""
    if checked is None:
        yield
        return
    asked, mode = Hydra.get_mode, checked.hydra.mode
    Hydra.get_mode = lambda *arguments, **named: mode  # type: ignore[method-assign]
    try:
        yield
    finally:
        Hydra.get_mode = asked  # type: ignore[method-assign]


def _options(arguments: list[str]) -> argparse.Namespace:
    """Hydra's flags and the ``key=value`` arguments.

    Raises:
        UserError: a flag does not exist, or lacks its value.
    """
    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        options, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise UserError(str(error)) from error
    if unknown:
        flag = unknown[0].partition("=")[0]
        key = flag.lstrip("-").replace("-", "_")
        raise UserError(f"{flag}: no such flag; a key is given as {key}=VALUE, and --help lists them")
    return options


def _write(job: Job, config: DictConfig) -> Any:
    """Run a job with the user's own modules imported, alone in its ``output=`` folder where it has one.

    ``train`` holds its run folder itself.
    """
    check_machine(config)
    import_named(config.get("imports"))
    output = config.get("output")
    with runs.one_writer(Path(str(output))) if output is not None else nullcontext():
        return job(config)


@contextmanager
def full_errors() -> Iterator[None]:
    """Let Hydra raise its errors; it would print them itself and leave with code 1."""
    before = os.environ.get(TRACEBACKS)
    os.environ[TRACEBACKS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[TRACEBACKS]
        else:
            os.environ[TRACEBACKS] = before
