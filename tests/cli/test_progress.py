"""Work that is counted says how far it is: in a terminal, in a notebook, and with a line per minute elsewhere."""

import sys
from types import ModuleType
from typing import Any

import pytest

from cvae_lightning.cli import progress as module
from cvae_lightning.cli.progress import NotebookBar, bar_for, loading, progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_there_is_a_line_per_minute(clock: list[float], capsys) -> None:
    with progress("pictures", 1000) as advance:
        for _ in range(20):
            clock[0] += 10
            advance(50)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "300 of 1000 pictures, 5/s, 2 min left",
        "600 of 1000 pictures, 5/s, 80 s left",
        "900 of 1000 pictures, 5/s, 20 s left",
    ]


def test_short_work_says_nothing(clock: list[float], capsys) -> None:
    with progress("pictures", 3) as advance:
        clock[0] += 59
        advance(3)
    assert capsys.readouterr().err == ""


class Output:
    """What a notebook shows below a cell."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def display(self, content: dict[str, str], raw: bool, display_id: bool) -> "Output":
        assert raw
        assert display_id
        self.shown.append(content)
        return self

    def update(self, content: dict[str, str], raw: bool) -> None:
        self.shown.append(content)


def test_in_a_notebook_one_output_changes(clock: list[float], monkeypatch, capsys) -> None:
    output = Output()
    ipython: Any = ModuleType("IPython.display")
    ipython.display = output.display
    monkeypatch.setitem(sys.modules, "IPython.display", ipython)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    assert isinstance(bar_for(module.Console(), 4), NotebookBar)
    output.shown.clear()
    with progress("<pictures>", 4) as advance:
        clock[0] += 1
        advance(1)
    texts = [content["text/plain"] for content in output.shown]
    assert texts == ["0 % ", "0 % 0 of 4 <pictures>", "25 % 1 of 4 <pictures>, 1/s, 3 s left", ""]
    assert output.shown[2]["text/html"].startswith('<progress value="1" max="4"></progress> 25 % 1 of 4 &lt;pictures')
    assert capsys.readouterr().err == ""


def test_loading_is_announced_once(monkeypatch, capsys) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    loading("PyTorch")
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    loading("PyTorch")
    assert capsys.readouterr().err == "loading PyTorch\n"
