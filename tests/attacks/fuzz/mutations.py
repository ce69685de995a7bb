"""Damage as hypothesis strategies: to bytes, and to plain data of which only a value or two is another."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

TOKENS = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"\x80\x04\x95",
    b"null",
    b"NaN",
    b"-1",
    b"1e999",
    b"9" * 5000,
    b"[" * 2000,
    b'{"a":' * 500,
    b"&a [*a]",
    b"<<: *a",
    b"!!python/object/apply:os.system ['true']",
    b"${oc.env:HOME}",
    b"../../../../etc/passwd",
    b"\xed\xa0\x80",
    b"\r\n",
    b'"',
    b"," * 300,
    b"a" * 100_000,
]
"""What readers have stumbled over."""
BOMB = b"a0: &a0 [x, x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40))
MERGES = b"a0: &a0 {x: 1}\n" + b"".join(b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (n, n, n - 1, n - 1) for n in range(1, 40))
WHOLE = [b"", b"null", b"3", b"text", b"[]", b"{}", b"[" * 50_000, b"\xff" * 10, b"\0" * 1000, BOMB, MERGES]
"""Contents that take the place of a file's own."""
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 3, 10**7, 2**31, 2**63, 2**64, -(10**30), 10**400]),
    st.sampled_from([0.5, -0.0, 1e300, 1e-320, float("inf"), float("nan")]),
    st.sampled_from(["", "x", "0", "\0", "../x", "os.system", "a" * 10_000, "\ud83d\ude00", "${seed}", "[", "a b"]),
    st.sampled_from([[], {}, [[]], {"part": "subprocess.Popen"}, {"_target_": "os.system"}, [1] * 1000, {"": None}]),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
)
"""Values that take another's place."""


@st.composite
def damaged_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Content that is replaced, cut short, has flipped bits, or has something foreign in it."""
    kind = draw(st.sampled_from(["whole", "cut", "flip", "insert", "insert", "delete", "double"]))
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if kind == "whole":
        return draw(st.sampled_from(WHOLE) | st.binary(max_size=200))
    if kind == "cut":
        return content[:place]
    if kind == "double":
        return content[:place] + content
    if kind == "flip":
        changed = bytearray(content)
        for at in draw(st.lists(st.integers(0, max(len(content) - 1, 0)), min_size=1, max_size=8)):
            changed[at] ^= 1 << draw(st.integers(0, 7))
        return bytes(changed)
    length = draw(st.integers(0, 40))
    foreign = draw(st.sampled_from(TOKENS) | st.binary(max_size=40)) if kind == "insert" else b""
    return content[:place] + foreign + content[place + (length if kind == "delete" else 0) :]


def places(content: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each value within plain data."""
    if isinstance(content, dict):
        inner = [place for key, value in content.items() for place in places(value, (*above, key))]
    elif isinstance(content, list):
        inner = [place for index, value in enumerate(content) for place in places(value, (*above, index))]
    else:
        inner = []
    return [above, *inner] if above else inner


@st.composite
def damaged_plain(draw: st.DrawFn, content: Any) -> Any:
    """Plain data of which one to three values, or their names, are others or gone."""
    changed = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        known = places(changed)
        if not known:
            return changed
        *above, last = draw(st.sampled_from(known))
        holder = changed
        for key in above:
            holder = holder[key]
        how = draw(st.sampled_from(["value", "value", "value", "delete", "rename"]))
        value = holder[last] if how == "rename" else copy.deepcopy(draw(VALUES))
        if how == "value":
            holder[last] = value
        else:
            del holder[last]
        if how == "rename" and isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = value
    return changed
