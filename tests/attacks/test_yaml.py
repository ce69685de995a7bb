"""Attack: YAML that runs code, or stands for more than memory holds. It must be refused at once, by the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from attacks.fuzz.guard import guarded
from attacks.fuzz.mutations import BOMB, MERGES
from cvae_lightning.errors import UserError
from cvae_lightning.runs import read_mapping, saved_overrides

TAGS = [
    b"!!python/object/apply:os.mkdir [called]",
    b"!!python/object/new:os.mkdir [called]",
    b"!!python/name:os.system",
    b"!!python/module:os",
    b"a: !!python/object/apply:subprocess.check_output [[mkdir, called]]",
    b"!foreign {a: 1}",
]
BOMBS = {
    "aliases": BOMB,
    "merge keys": MERGES,
    "itself": b"a: &a [*a]",
    "depth": b"[" * 400_000,
    "depth of mappings": b"{a: " * 100_000,
    "a large file": b"a: 1\n" * 500_000,
    "a large number": b"a: " + b"9" * 500_000,
    "keys": b"{" + b"? a : b, " * 50_000 + b"}}",
    "binary": b"a: !!binary aGVsbG8=",
    "a date": b"a: 2026-01-31",
}


@pytest.mark.parametrize("content", TAGS)
def test_a_tag_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    for read, name in ((read_mapping, "config.yaml"), (lambda file: saved_overrides(file.parent), "overrides.yaml")):
        (tmp_path / name).write_bytes(content)
        with guarded(tmp_path), pytest.raises(UserError, match=rf"{name} cannot be read"):
            read(tmp_path / name)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounds(tmp_path: Path, name: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(BOMBS[name])
    with guarded(tmp_path), pytest.raises(UserError, match=r"config\.yaml cannot be read"):
        read_mapping(file)
