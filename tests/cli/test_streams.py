"""Closed and narrow outputs, paths that cannot be written, and the installed script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from support import ROOT

import cvae_lightning
from cvae_lightning.cli.app import interrupts_are_kept, mistakes
from cvae_lightning.errors import UserError


def started(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cvae_lightning", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", [("--help",), ("train", "--help")])
def test_a_closed_output_is_quiet(arguments: tuple[str, ...]) -> None:
    process = started(*arguments)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_a_narrow_console_gets_question_marks() -> None:
    process = started("generate", "captions=[a rot \u2605]", PYTHONIOENCODING="cp1252")
    _, err = process.communicate()
    assert process.returncode == 2
    assert err.startswith(b"error: ")
    assert b"Traceback" not in err


def test_the_installed_script_starts_each_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    main = EntryPoint("cvae", scripts["cvae"], "console_scripts").load()
    for arguments, expected in ((["--version"], cvae_lightning.__version__), (["generate", "--help"], "captions")):
        monkeypatch.setattr(sys, "argv", ["cvae", *arguments])
        main()
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--epochs", "-x"])
def test_an_unknown_flag_is_one_paragraph(command, tmp_path: Path, flag: str) -> None:
    done = command("train", flag, "3", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {flag}: no such flag")


@pytest.mark.parametrize("where", ["a file", "below a file", "too long"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("generate", ["captions=[a red star]"]),
        ("evaluate", []),
        ("judge_reliability", ["scenes=4", "damaged_scenes=1"]),
    ],
)
def test_an_output_that_cannot_be_written_is_one_paragraph(
    command, tmp_path: Path, name: str, arguments: list[str], where: str
) -> None:
    (tmp_path / "file").write_text("kept")
    output = {"a file": "file", "below a file": "file/folder", "too long": "x" * 300}[where]
    done = command(name, *arguments, f"hydra.run.dir={output}", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


class Interrupted:
    """Ctrl-C falls into its destructor."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_in_a_destructor_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with interrupts_are_kept():
            Interrupted()
            time.sleep(10)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(signal.SIGINT, before)
    Interrupted()  # at a command's end there is nothing left to stop
    assert capsys.readouterr().err == ""


def test_an_interrupt_that_a_library_replaces_is_still_one(capsys: pytest.CaptureFixture[str]) -> None:
    def clean_up() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise AttributeError("of a library that cleans up")

    with pytest.raises(SystemExit) as stopped, mistakes():
        clean_up()
    assert stopped.value.code == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_mistake_that_follows_an_interrupt_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    def save() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise UserError("the disk is full")

    with pytest.raises(SystemExit) as stopped, mistakes():
        save()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: the disk is full\n"
