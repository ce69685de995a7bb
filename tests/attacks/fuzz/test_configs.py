"""Any value of any key of a command is taken or answered with a paragraph, before anything is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hydra.errors import HydraException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks.fuzz.guard import guarded
from cvae_lightning.cli.compose import composed, known_keys, open_configs
from cvae_lightning.cli.configs import COMMANDS
from cvae_lightning.cli.explain import describe
from cvae_lightning.cli.signatures import check_parts
from cvae_lightning.errors import UserError
from cvae_lightning.training.factory import check

CONFIGS = int(os.environ.get("FUZZ_CONFIGS", "30"))
BUILT = 10
"""Of so many command lines of ``train`` that can be composed, one is built, too."""
VALUES = [
    *("null", "true", "0", "-1", "1", "3", "1.5", "-0.5", "1e300", "nan", "inf", "-inf", "10000000", "9" * 400),
    *("''", "x", "'a b'", "[]", "[1]", "[1,x]", "[[1]]", "{}", "{a:1}", "{_target_:os.getcwd}", "auto", "???"),
    *("${seed}", "${nothing}", "${oc.env:NOTHING}", "../x", "/tmp/x", "'\\0'", "1,2", "range(3)", "x" * 5000),
]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@cache
def keys(command: str) -> list[str]:
    return [*known_keys(command), "nothing", "experiment", "debug", "hydra.run.dir", "hydra/launcher", "a.b.c"]


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    command = draw(st.sampled_from(("train",) * 5 + COMMANDS))
    arguments = []
    for _ in range(draw(st.integers(1, 3))):
        sign = draw(st.sampled_from(["", "", "", "", "+", "~", "++"]))
        value = draw(st.sampled_from(VALUES) | st.integers().map(str) | st.floats().map(str) | st.text(max_size=10))
        arguments.append(f"{sign}{draw(st.sampled_from(keys(command)))}={value}")
    return command, arguments


@pytest.fixture(scope="module", autouse=True)
def _open() -> Iterator[None]:
    with open_configs():
        yield


def test_any_command_line_is_answered() -> None:
    composed_lines = [0]

    @settings(
        max_examples=CONFIGS,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(lines())
    def checked(line: tuple[str, list[str]]) -> None:
        command, arguments = line
        with tempfile.TemporaryDirectory() as folder, guarded(Path(folder)):
            try:
                config = composed(command, arguments).config
                composed_lines[0] += command == "train"
                if command == "train" and composed_lines[0] % BUILT == 0:
                    check_parts(config)
                    check(config)
            except (UserError, HydraException) as error:
                paragraph = describe(error)
                assert paragraph
                assert len(paragraph) <= 1000

    checked()
