"""A small trained run, shared by the tests that need one, and how commands are run."""

from __future__ import annotations

import contextlib
import io
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from hypothesis import settings
from support import ROOT, TINY, Command, Done
from support.own_pictures import write_own_pictures
from torchvision.models import vgg16

from cvae_lightning.reports import run as report
from cvae_lightning.runs import write_atomic

settings.register_profile("tests", deadline=None)  # timing is never a test
settings.load_profile("tests")
torch.set_num_threads(1)  # two workers share the machine, and tiny models gain nothing from threads


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden-steps", action="store_true", help="write tests/golden/steps.json from trainings")
    parser.addoption("--write-messages", action="store_true", help="write tests/messages.json from the commands")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start processes come first, then those with most slow tests, so that workers end at the same time."""
    marked = Counter(item.path for item in items if item.get_closest_marker("slow"))
    started = Counter(
        item.path for item in items if item.get_closest_marker("e2e") or item.get_closest_marker("browser")
    )
    items.sort(key=lambda item: (-started[item.path], -marked[item.path], str(item.path)))


@pytest.fixture(scope="session", autouse=True)
def _curves_of_equal_columns_are_drawn_once() -> Iterator[None]:
    """Curves take a fifth of a tiny training's time: a table with the columns of an earlier one gets its picture."""
    draw = report.training_curves
    drawn: dict[frozenset[str], bytes] = {}

    def curves(rows: list[dict[str, str]], path: str | Path) -> None:
        columns = frozenset(name for row in rows for name, value in row.items() if value)
        if columns in drawn:
            write_atomic(Path(path), drawn[columns])
            return
        draw(rows, path)
        drawn[columns] = Path(path).read_bytes()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "training_curves", curves)
        yield


@pytest.fixture(scope="session")
def command() -> Command:
    """Run ``python -m cvae_lightning.NAME ARGUMENTS`` in a folder, within this process to save its imports."""

    def run(name: str, *arguments: str, cwd: Path) -> Done:
        GlobalHydra.instance().clear()
        out, err = io.StringIO(), io.StringIO()
        argv, code = sys.argv, 0
        sys.argv = [str(ROOT / "cvae_lightning" / f"{name}.py"), *arguments]
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                import_module(f"cvae_lightning.{name}").main()
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
            finally:
                sys.argv = argv
        return Done(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def tiny_run(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished tiny run."""
    folder = tmp_path_factory.mktemp("tiny")
    done = command("train", *TINY, "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="session")
def own_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 pictures of odd modes and sizes with captions of no world; nothing may change it."""
    return write_own_pictures(tmp_path_factory.mktemp("own") / "pictures", 24)


@pytest.fixture(scope="session")
def vgg_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random weights for VGG16's first three blocks, named as torchvision names them."""
    with torch.device("meta"):
        wanted = vgg16(weights=None).features[:16].state_dict()
    generator = torch.Generator().manual_seed(0)
    weights = {
        f"features.{name}": torch.randn(like.shape, generator=generator) * (2 / max(like[0].numel(), 9)) ** 0.5
        for name, like in wanted.items()
    }
    file = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    torch.save(weights, file)
    return file


@pytest.fixture(scope="session")
def tiny_sweep(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished sweep of two betas and two latent sizes, 1 and 4 by 4 and 8."""
    folder = tmp_path_factory.mktemp("swept")
    swept = [*(one for one in TINY if "latent_dim" not in one), "objective.beta=1,4", "model.latent_dim=4,8"]
    done = command("train", "-m", *swept, "trainer.max_epochs=1", "hydra.sweep.dir=sweep", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "sweep"
