"""Pages by Jinja2: the modules beside this one compose data, ``templates/`` holds the words and the layout."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = "page.js"
"""What a page runs that has tables to sort or charts with tooltips."""


def render(template: str, **values: Any) -> str:
    """A template of ``templates/`` with these values; in HTML every value is escaped.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    return _environment().get_template(template).render(**values)


def percent(share: float) -> str:
    """A share in percent.

    Example:
        >>> percent(0.1234)
        '12.3 %'
    """
    return f"{100 * share:.1f} %"


def with_interval(tally: dict[str, Any]) -> str:
    """A share with its interval, all in percent.

    Args:
        tally: ``share``, ``low`` and ``high``.

    Example:
        >>> with_interval({"share": 0.123, "low": 0.098, "high": 0.154})
        '12.3 % (9.8 to 15.4)'
    """
    return f"{percent(tally['share'])} ({100 * tally['low']:.1f} to {100 * tally['high']:.1f})"


def markdown_line(text: str) -> str:
    """Text as Markdown shows it: on one line, and no character of it is markup.

    Example:
        >>> markdown_line("a|b")
        'a\\\\|b'
    """
    flat = " ".join(text.split()).replace("\\", "\\\\")
    for mark in "|<`*[":
        flat = flat.replace(mark, f"\\{mark}")
    return flat


def markdown_fence(text: str) -> str:
    """Backticks that enclose a text as code: more than it has in a row.

    Example:
        >>> markdown_fence("a ``` b")
        '````'
    """
    longest = max((len(list(run)) for mark, run in groupby(text) if mark == "`"), default=0)
    return "`" * max(3, longest + 1)


def page_script() -> str:
    """The script of pages."""
    return (TEMPLATES / SCRIPT).read_text(encoding="utf-8")


def csp_hash(script: str) -> str:
    """How a page's content security policy names the one script that it may run.

    Example:
        >>> csp_hash("")
        'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "base64": lambda content: b64encode(content).decode(),
        "csp_hash": csp_hash,
        "fence": markdown_fence,
        "line": markdown_line,
        "percent": percent,
        "with_interval": with_interval,
    }
    return environment
