"""Damaged and foreign content of every kind of file ends in a paragraph; some hundreds here, thousands by make fuzz."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks.fuzz.mutations import damaged_bytes, damaged_plain
from attacks.fuzz.targets import TARGETS, Target

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
CAPTIONS = int(os.environ.get("FUZZ_CAPTIONS", "100"))
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Generating overly large repr")]


def examples(count: int) -> settings:
    """The same examples each time; how long one takes is watched by the guard, in processor time."""
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def contents(target: Target) -> st.SearchStrategy[bytes]:
    damaged = damaged_bytes(target.content())
    if target.plain is None:
        return damaged
    return st.one_of(damaged_plain(target.plain()).map(lambda plain: encoded(target, plain)), damaged)


def encoded(target: Target, plain: object) -> bytes:
    try:
        return target.encode(plain)
    except Exception:  # what cannot be written is not a file
        return b""


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "caption"])
def test_a_damaged_file_is_answered(name: str) -> None:
    @examples(EXAMPLES)
    @given(contents(TARGETS[name]))
    def check(content: bytes) -> None:
        TARGETS[name](content)

    check()


@examples(CAPTIONS)
@given(
    st.one_of(damaged_bytes(TARGETS["caption"].content()), st.text().map(lambda text: text.encode("utf-8", "replace")))
)
def test_any_caption_is_answered(content: bytes) -> None:
    TARGETS["caption"](content)


@pytest.mark.parametrize("name", TARGETS)
def test_the_good_file_is_read(name: str, tmp_path) -> None:
    """A target that refuses what it should read tests nothing."""
    TARGETS[name].read(TARGETS[name].content(), tmp_path)
    if TARGETS[name].plain is not None:
        TARGETS[name].read(TARGETS[name].encode(TARGETS[name].plain()), tmp_path / "again")
