"""How every command starts: compose the config, run, and answer a user's mistake in one paragraph."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import cvae_lightning
from cvae_lightning.cli.compose import check_job, composed, known_keys
from cvae_lightning.cli.configs import CONF
from cvae_lightning.cli.explain import describe, first_line
from cvae_lightning.cli.folders import Records, forget_job, job_folder
from cvae_lightning.cli.help import help_page
from cvae_lightning.cli.overrides import plain_choices
from cvae_lightning.cli.streams import closed_output_is_no_error, tolerate_narrow_encodings
from cvae_lightning.cli.sweep import check_sweep
from cvae_lightning.errors import UserError
from cvae_lightning.runs import one_writer
from cvae_lightning.sweeps import jobs

MISTAKE = 2
"""Exit code of a command that is refused."""
INTERRUPTED = 130
"""Exit code of a command that Ctrl-C has stopped."""
TRACEBACKS = "HYDRA_FULL_ERROR"
"""The environment variable that shows tracebacks of mistakes, too."""

Job = Callable[[DictConfig], Any]


def command(name: str, job: Job, prepare: Callable[[list[str]], list[str]] = list) -> None:
    """Run ``job`` on the config that the command line composes; leave with code 2 on a user's mistake.

    Args:
        name: the command's, and its file's in ``conf``.
        job: the work.
        prepare: changes the arguments before Hydra reads them.
    """
    tolerate_narrow_encodings()
    logging.raiseExceptions = False  # a full disk must not turn each line of a log into a traceback
    arguments = plain_choices(sys.argv[1:])
    with closed_output_is_no_error():
        if {"-h", "--help"} & set(arguments):
            print(help_page(name))
        elif "--version" in arguments:
            print(cvae_lightning.__version__)
        else:
            with mistakes():
                sys.argv[1:] = prepare(arguments)
                _start(name, job)


def _start(name: str, job: Job) -> None:
    """Check everything that needs no work, then let Hydra make the folder and run the job in it."""
    options = _options(sys.argv[1:])
    GlobalHydra.instance().clear()
    own = options.config_name is None and options.config_path is None
    single = own and not (options.multirun or options.cfg or options.info or options.shell_completion)
    records = None
    if own and not options.hydra_help:
        if options.multirun:
            check_sweep(name, options.overrides, options.config_dir)
        else:
            checked = composed(name, options.overrides, options.config_dir, partial=not single)
            records = Records(job_folder(checked.hydra)) if single else None
    started: list[Path] = []
    failed: list[Exception] = []

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)
    def run(config: DictConfig) -> Any:
        started.append(Path(HydraConfig.get().runtime.output_dir))
        if jobs.is_job(HydraConfig.get()):
            return jobs.attempt(lambda: _write(job, check_job(name, config)), HydraConfig.get(), describe)
        if not single:
            return _write(job, check_job(name, config))
        try:
            return _write(job, config)
        except Exception as error:  # raised again below: Hydra would print a line of its own about it
            failed.append(error)

    try:
        with full_errors():
            run()
        if failed:
            raise failed[0]
    except Exception as error:
        if started and records:
            records.restore(started[0])
        elif started:
            forget_job(started[-1])
        if started or isinstance(error, OSError):
            raise
        fail(describe(error, known_keys(name)) or f"{type(error).__name__}: {first_line(error)}")


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
    """Run a job, alone in its ``output=`` folder where it has one; ``train`` holds its run folder itself."""
    output = config.get("output")
    with one_writer(Path(str(output))) if output is not None else nullcontext():
        return job(config)


@contextmanager
def mistakes() -> Iterator[None]:
    """Turn a user's mistake into one paragraph on standard error and exit code 2, and Ctrl-C into one word and 130."""
    try:
        yield
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        if os.environ.get(TRACEBACKS) == "1":
            raise
        print("stopped", file=sys.stderr, flush=True)
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        paragraph = describe(error)
        if paragraph is None or os.environ.get(TRACEBACKS) == "1":
            raise
        fail(paragraph)


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


def fail(message: str) -> NoReturn:
    """Print a mistake and leave with exit code 2."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    raise SystemExit(MISTAKE)
