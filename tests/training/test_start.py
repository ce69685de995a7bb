"""How a run begins follows from its folder, and how it is stopped from when."""

from pathlib import Path

import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from support import TINY

from cvae_lightning import errors
from cvae_lightning.cli.configs import CONF
from cvae_lightning.training import run as training_run
from cvae_lightning.training.context import RunContext
from cvae_lightning.training.run import run
from cvae_lightning.training.start import Start, check_fits, find_start, newest_checkpoint

CONFIG = {"seed": 0, "model": {"latent_dim": 8}, "resume": None}


def folder_with(root: Path, *names: str, config: dict | None = None) -> Path:
    (root / "checkpoints").mkdir()
    if "config" in names:
        (root / "config.yaml").write_text(
            yaml.safe_dump({k: v for k, v in (config or CONFIG).items() if k != "resume"})
        )
    if "last" in names:
        torch.save({"global_step": 3}, root / "checkpoints" / "last.ckpt")
    if "half" in names:
        (root / "checkpoints" / "last.ckpt").write_bytes(b"half of a")
    if "metrics" in names:
        (root / "metrics.json").write_text('{"metrics": {}}')
    return root


@pytest.mark.parametrize(
    ("names", "resume", "sweep", "start"),
    [
        ([], False, False, Start.NEW),
        ([], False, True, Start.NEW),
        (["config", "last"], True, False, Start.RESUME),
        (["config", "last", "metrics"], True, False, Start.RESUME),
        (["config"], True, False, Start.RESTART),
        (["config"], False, True, Start.RESTART),
        (["config", "half"], False, True, Start.RESTART),
        (["config", "last"], False, True, Start.RESUME),
        (["config", "last", "metrics"], False, True, Start.FINISHED),
    ],
)
def test_a_start_follows_from_the_folder(tmp_path, names, resume, sweep, start) -> None:
    folder = folder_with(tmp_path, *names)
    before = sorted(path.name for path in folder.rglob("*"))
    assert find_start(folder, CONFIG, resume=resume, sweep=sweep) is start
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_what_cannot_start_is_refused(tmp_path) -> None:
    with pytest.raises(errors.UserError, match=r"has no config\.yaml"):
        find_start(folder_with(tmp_path), CONFIG, resume=True, sweep=False)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"seed": 1}))
    with pytest.raises(errors.UserError, match="other settings"):
        find_start(tmp_path, CONFIG, resume=False, sweep=True)


@pytest.mark.slow
def test_a_run_that_was_stopped_before_its_first_checkpoint_resumes_from_the_start(command, tmp_path, tiny_run) -> None:
    stop = ["+callbacks.bomb._target_=support.StopAt", "+callbacks.bomb.step=5", "~callbacks.save_on_signal"]
    assert command("train", *TINY, *stop, "hydra.run.dir=run", cwd=tmp_path).returncode == 130
    assert not (tmp_path / "run" / "checkpoints" / "last.ckpt").exists()
    done = command("train", f"resume={tmp_path / 'run'}", "+callbacks.bomb.step=0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "metrics.csv").read_text() == (tiny_run / "metrics.csv").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["check", "build", "build_trainer", "draw_final_pictures"])
def test_ctrl_c_at_any_time_ends_with_130_and_how_to_resume(command, tmp_path, monkeypatch, moment) -> None:
    def interrupt(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training_run, moment, interrupt)
    done = command("train", *TINY, "trainer.max_epochs=1", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 130
    (line,) = [line for line in done.stdout.splitlines() if "INFO stopped" in line]
    if moment in ("check", "build"):
        assert "nothing was trained" in line
        return
    assert f"python -m cvae_lightning.train resume={tmp_path / 'run'}" in line
    monkeypatch.undo()
    done = command("train", f"resume={tmp_path / 'run'}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "generated_samples.png").exists()


@pytest.mark.slow
def test_a_run_needs_no_hydra_runtime(tmp_path, tiny_run) -> None:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", TINY)
    score = run(config, RunContext(folder=tmp_path / "notebook"))
    assert (tmp_path / "notebook" / "metrics.csv").read_text() == (tiny_run / "metrics.csv").read_text()
    assert score is not None


class Wrapped(torch.nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.model = torch.nn.Linear(size, 2)


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        ({"blueprint": {}, "state_dict": {}}, "made by an earlier version"),
        (
            {"cvae_lightning": 1, "state_dict": Wrapped(4).state_dict()},
            "model.weight is 2 x 4, and the config's is 2 x 3",
        ),
        ({"cvae_lightning": 1, "state_dict": {"model.bias": torch.zeros(2)}}, "model.weight is absent"),
    ],
)
def test_a_checkpoint_of_another_model_is_not_trained_further(tmp_path: Path, checkpoint: dict, message: str) -> None:
    torch.save(checkpoint, tmp_path / "last.ckpt")
    with pytest.raises(errors.UserError, match=message):
        check_fits(tmp_path / "last.ckpt", Wrapped(3))


def test_a_checkpoint_of_the_model_fits(tmp_path: Path) -> None:
    torch.save({"cvae_lightning": 1, "state_dict": Wrapped(3).state_dict()}, tmp_path / "last.ckpt")
    check_fits(tmp_path / "last.ckpt", Wrapped(3))


def test_a_damaged_last_checkpoint_gives_way_to_the_newest_that_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (tmp_path / "config.yaml").write_text("seed: 0\n")
    for name, step in (("epoch_010.ckpt", 40), ("best.ckpt", 60), ("last.ckpt", 80)):
        torch.save({"global_step": step}, folder / name)
    assert newest_checkpoint(tmp_path) == folder / "last.ckpt"
    (folder / "last.ckpt").write_bytes((folder / "last.ckpt").read_bytes()[:-40])
    assert newest_checkpoint(tmp_path) == folder / "best.ckpt"
    (folder / "best.ckpt").write_bytes(b"")
    assert newest_checkpoint(tmp_path) == folder / "epoch_010.ckpt"
    assert find_start(tmp_path, {}, resume=True, sweep=False) is Start.RESUME
    (folder / "epoch_010.ckpt").write_bytes(b"")
    with pytest.raises(errors.UserError, match="none of its checkpoints"):
        find_start(tmp_path, {}, resume=True, sweep=False)


@pytest.mark.slow
def test_a_run_continues_from_the_newest_checkpoint_that_can_be_read(command, tmp_path: Path) -> None:
    arguments = [*TINY, "callbacks.periodic.every_n_epochs=2", "trainer.max_epochs=3", "hydra.run.dir=run"]
    assert command("train", *arguments, cwd=tmp_path).returncode == 0
    run = tmp_path / "run"
    expected = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    table = (run / "metrics.csv").read_text()
    for file in (run / "checkpoints").glob("*.ckpt"):
        if file.name != "epoch_002.ckpt":
            file.write_bytes(b"torn")
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "last.ckpt cannot be read; the run continues from" in (run / "train.log").read_text()
    weights = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.equal(weights[key], expected[key]) for key in expected)
    assert (run / "metrics.csv").read_text() == table
