"""How every command starts: its help, or its job; a user's mistake is answered in one paragraph.

What only a job needs is imported when it starts, Hydra included, so that help costs a glance at the config files.
"""

from __future__ import annotations

import _thread
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from cvae_lightning.cli.streams import closed_output_is_no_error, tolerate_narrow_encodings

if TYPE_CHECKING:
    from omegaconf import DictConfig

MISTAKE = 2
"""Exit code of a command that is refused."""
INTERRUPTED = 130
"""Exit code of a command that Ctrl-C has stopped."""
SOON = 0.01
"""Seconds after which an interrupt that fell into a destructor is raised again."""
TRACEBACKS = "HYDRA_FULL_ERROR"
"""The environment variable that shows tracebacks of mistakes, too."""

Job = Callable[["DictConfig"], Any]


def command(name: str, job: Job | None = None, resumable: bool = False) -> None:
    """Run a command's job on the config that the command line composes; leave with code 2 on a user's mistake.

    Args:
        name: the command's, and its file's in ``conf``.
        job: the work; None for the one of this name in :mod:`cvae_lightning.commands`.
        resumable: whether ``resume=`` continues a run with the arguments that it was started with.
    """
    tolerate_narrow_encodings()
    logging.raiseExceptions = False  # a full disk must not turn each line of a log into a traceback
    given = sys.argv[1:]
    with closed_output_is_no_error():
        if {"-h", "--help"} & set(given):
            from cvae_lightning.cli.help import help_page

            print(help_page(name))
        elif "--version" in given:
            from cvae_lightning.release import __version__

            print(__version__)
        else:
            with mistakes(), interrupts_are_kept():
                from cvae_lightning.cli.start import start

                start(name, job, resumable)


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
        _stop()
    except Exception as error:
        from cvae_lightning.cli.explain import describe

        paragraph = describe(error)
        if os.environ.get(TRACEBACKS) == "1":
            raise
        if paragraph is not None:  # also of what fails after a Ctrl-C, such as saving on a full disk
            fail(paragraph)
        if is_interrupt(error):
            _stop()
        raise


def _stop() -> NoReturn:
    print("stopped", file=sys.stderr, flush=True)
    raise SystemExit(INTERRUPTED) from None


def is_interrupt(error: BaseException | None) -> bool:
    """Whether an error was raised while a Ctrl-C was being handled, by a library's own cleaning up."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


@contextmanager
def interrupts_are_kept() -> Iterator[None]:
    """Raise a Ctrl-C that falls into a destructor after it.

    Python cannot raise it there: it prints a traceback and goes on, and the interrupt is lost.
    """
    # An earlier command of this process left its own, which must not be called by this one, and so on.
    others = getattr(sys.unraisablehook, "others", sys.unraisablehook)

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            others(unraisable)
        elif not ended:
            later = threading.Timer(SOON, _thread.interrupt_main)  # here it would be lost once more
            later.daemon = True
            later.start()

    ended = False
    hook.others = others  # type: ignore[attr-defined]
    sys.unraisablehook = hook
    try:
        yield
    finally:
        ended = True  # the command stops anyhow


def fail(message: str) -> NoReturn:
    """Print a mistake and leave with exit code 2."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    raise SystemExit(MISTAKE)
