"""Plain data is read whole or refused by the file's name, in no time."""

import json
import time
from pathlib import Path

import pytest

from cvae_lightning.errors import UserError
from cvae_lightning.runs import final_metrics, newest_unfinished, read_mapping, read_plain, read_table

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


def test_what_is_absent_is_empty(tmp_path: Path) -> None:
    assert read_plain(tmp_path / "a.json") is None
    assert read_mapping(tmp_path / "a.yaml") == {}


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_file_that_is_not_a_mapping_is_named(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    for content in (b"", b"null", b"[1]", b"3", b"{", b"\xff", b"[" * 100_000):
        file.write_bytes(content)
        with pytest.raises(UserError, match=f"{file} cannot be read"):
            read_mapping(file)


def test_a_file_that_stands_for_billions_of_values_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(BOMB)
    begin = time.monotonic()
    with pytest.raises(UserError, match="more than 1,000,000 values"):
        read_mapping(tmp_path / "config.yaml")
    assert time.monotonic() - begin < 20


def test_a_broken_folder_does_not_hide_the_run_to_resume(tmp_path: Path) -> None:
    for name, config in (("good", "seed: 1\n"), ("broken", "[")):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints" / "last.ckpt").touch()
        (tmp_path / name / "config.yaml").write_text(config)
    assert newest_unfinished(tmp_path, {"seed": 1, "resume": "auto"}) == tmp_path / "good"


@pytest.mark.parametrize("content", [{}, {"metrics": 3}, {"metrics": {"a": "b"}}])
def test_metrics_are_numbers(tmp_path: Path, content: dict[str, object]) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"metrics\.json cannot be read"):
        final_metrics(tmp_path)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"hello\n1\n", b"step,a\nx,1\n", b"step,a\n1,b\n", b"step\n1,2\n", b"step,a\n1,\0\n"]
)
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metrics.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"metrics\.csv cannot be read as a table"):
        read_table(tmp_path / "metrics.csv")


def test_a_table_may_be_empty_or_have_gaps(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,a,b\n1,,nan\n")
    assert read_table(tmp_path / "metrics.csv") == [{"step": "1", "a": "", "b": "nan"}]
    (tmp_path / "metrics.csv").write_text("")
    assert read_table(tmp_path / "metrics.csv") == []
