"""The commands by name: listed, and started as ``cvae COMMAND``."""

from __future__ import annotations

import ast
import sys
from importlib import import_module

from cvae_lightning.cli.configs import COMMANDS, PACKAGE
from cvae_lightning.cli.streams import closed_output_is_no_error, tolerate_narrow_encodings
from cvae_lightning.errors import nearest_hint

MISTAKE = 2


def main() -> None:
    """Start the command that the first argument names."""
    tolerate_narrow_encodings()
    with closed_output_is_no_error():
        _start()


def _start() -> None:
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h", "help"):
        print(listing())
    elif name == "--version":
        from cvae_lightning.release import __version__

        print(__version__)
    elif name.replace("-", "_") in COMMANDS:
        sys.argv = [str(PACKAGE / f"{name.replace('-', '_')}.py"), *rest]
        import_module(f"cvae_lightning.{name.replace('-', '_')}").main()
    else:
        hint = nearest_hint(name, COMMANDS)
        print(f"error: {name}: no such command{hint}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        raise SystemExit(MISTAKE)


def listing() -> str:
    """One line per command."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:{width}}{summary(name)}" for name in COMMANDS]
    return "\n".join(
        [
            "cvae COMMAND key=value ..., or python -m cvae_lightning.COMMAND key=value ...",
            "",
            *lines,
            "",
            "cvae COMMAND --help: its keys and an example.",
        ]
    )


def summary(name: str) -> str:
    """What a command does: the first line of its module, read without importing it."""
    words = ast.get_docstring(ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))) or ""
    return words.partition(":")[0]
