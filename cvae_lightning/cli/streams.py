"""Standard output that is closed early, and consoles that cannot show every character."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def closed_output_is_no_error() -> Iterator[None]:
    """End quietly where the reader of standard output has closed it, as ``head`` does."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def tolerate_narrow_encodings() -> None:
    """Print a question mark for what a console cannot show, such as one of cp1252."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
