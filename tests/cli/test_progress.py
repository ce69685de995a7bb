"""Work that is counted says how far it is: in a terminal, in a notebook, and with lines now and then elsewhere."""

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


def lines_at(clock: list[float], capsys, total: int, pictures: int, seconds: float) -> list[float]:
    """When lines are written, of work that goes on at so many pictures in so many seconds."""
    begin, found = clock[0], []
    with progress("pictures", total) as advance:
        for _ in range(total // pictures):
            clock[0] += seconds
            advance(pictures)
            found += [clock[0] - begin] * bool(capsys.readouterr().err)
    return found


def test_without_a_terminal_there_is_a_line_per_minute_or_per_5_percent(clock: list[float], capsys) -> None:
    """Whichever comes first; never faster than every five seconds; the end is said by the command itself."""
    assert lines_at(clock, capsys, 1000, 10, 10) == [50 * k for k in range(1, 20)]
    assert lines_at(clock, capsys, 100, 1, 100) == [100 * k for k in range(1, 100)]
    assert lines_at(clock, capsys, 1000, 1, 1 / 16) == [5 * k for k in range(1, 13)]
    assert lines_at(clock, capsys, 1000, 1, 1 / 256) == []


def test_a_line_has_the_count_the_rate_and_the_time_left(clock: list[float], capsys) -> None:
    with progress("pictures", 1000) as advance:
        clock[0] += 60
        advance(300)
    assert capsys.readouterr().err == "300 of 1000 pictures, 5/s, 2 min left\n"


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
