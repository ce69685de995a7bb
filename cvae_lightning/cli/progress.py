"""How far a command is and how long it will take: a bar in a terminal or a notebook, else lines now and then."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cvae_lightning.runs import is_main_process
from cvae_lightning.runs.duration import duration

LINE_SECONDS, LINE_SHARE, SHORTEST_SECONDS = 60.0, 0.05, 5.0
"""Where there is no terminal: a line per minute or per 5 % of the work, whichever comes first, but not faster."""
REFRESH_SECONDS = 0.25


class Bar(Protocol):
    """Something that shows how far a piece of work is."""

    def show(self, completed: int, text: str) -> None:
        """Move to so much, with a text beside it."""

    def close(self) -> None:
        """Remove it."""


class TerminalBar:
    """A live bar at the bottom of a terminal, with the log's lines above it.

    Args:
        console: of the terminal.
        total: of the work; None where it has no end.
        completed: of it.
    """

    def __init__(self, console: Console, total: int | None, completed: int = 0) -> None:
        columns = (BarColumn(bar_width=10), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
        self._progress = Progress(*columns, console=console, transient=True, expand=False)
        self._task: TaskID = self._progress.add_task("", total=total, completed=completed)
        self._handlers = [
            (handler, handler.stream)
            for handler in logging.getLogger().handlers
            if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stdout, sys.stderr)
        ]
        self._progress.start()  # replaces sys.stdout and sys.stderr by streams that print above the bar
        for handler, _ in self._handlers:
            handler.setStream(sys.stdout)

    def show(self, completed: int, text: str) -> None:
        self._progress.update(self._task, completed=completed, description=text, refresh=True)

    def close(self) -> None:
        self._progress.stop()
        for handler, stream in self._handlers:
            handler.setStream(stream)


class NotebookBar:
    """The same below a notebook's cell, in one output that changes; IPython is imported by the notebook already."""

    def __init__(self, total: int | None, completed: int = 0) -> None:
        from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

        self._total = total
        self._output: Any = display(self._content(completed, ""), raw=True, display_id=True)

    def _content(self, completed: int, text: str) -> dict[str, str]:
        share = "" if self._total is None else f"{100 * completed / max(1, self._total):.0f} % "
        bar = "" if self._total is None else f'<progress value="{completed}" max="{self._total}"></progress> '
        return {"text/plain": share + text, "text/html": f"{bar}{share}{escape(text)}"}

    def show(self, completed: int, text: str) -> None:
        self._output.update(self._content(completed, text), raw=True)

    def close(self) -> None:
        self._output.update({"text/plain": "", "text/html": ""}, raw=True)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules


def bar_for(console: Console, total: int | None, completed: int = 0) -> Bar | None:
    """A bar where someone watches; None for lines."""
    if in_notebook():
        return NotebookBar(total, completed)
    return TerminalBar(console, total, completed) if console.is_interactive else None


class LineClock:
    """When the next line is due, where there is no terminal.

    Args:
        total: of the work; None where it has no end.
        completed: of it, when this process begins.
    """

    def __init__(self, total: int | None, completed: int = 0) -> None:
        self._total = total
        self.restart(completed)

    def restart(self, completed: int) -> None:
        """Count from here: a line has just been written."""
        self._last, self._completed = time.monotonic(), completed

    def is_due(self, completed: int) -> bool:
        """Whether a line is due when so much is completed; if so, the next one is counted from here."""
        waited, more = time.monotonic() - self._last, completed - self._completed
        step = self._total is not None and more >= LINE_SHARE * self._total
        due = waited >= LINE_SECONDS or (step and waited >= SHORTEST_SECONDS)
        if due:
            self.restart(completed)
        return due


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far work is that is counted, on standard error: its rate and the time left.

    Where there is neither a terminal nor a notebook, there is a line per minute or per 5 %, and none for short work.

    Args:
        what: is counted, such as ``pictures``.
        total: how many there are.

    Yields:
        a function that is called with how many more are done.
    """
    bar, begin = bar_for(Console(stderr=True), total), time.monotonic()
    done, shown, lines = 0, begin, LineClock(total)

    def text(now: float) -> str:
        rate = done / max(now - begin, 1e-9)
        return f"{done} of {total} {what}, {rate:.3g}/s, {duration(max(total - done, 0) / max(rate, 1e-9))} left"

    def advance(count: int) -> None:
        nonlocal done, shown
        done += count
        now = time.monotonic()
        if bar is None:
            if lines.is_due(done) and done < total:
                print(text(now), file=sys.stderr, flush=True)
        elif now - shown >= REFRESH_SECONDS:
            shown = now
            bar.show(done, text(now))

    try:
        if bar is not None:
            bar.show(0, f"0 of {total} {what}")
        yield advance
    finally:
        if bar is not None:
            bar.close()


def loading(what: str) -> None:
    """Say what takes the first seconds: PyTorch, where this process has not imported it yet."""
    if "torch" not in sys.modules and is_main_process():
        print(f"loading {what}", file=sys.stderr, flush=True)
