"""A run is resumed whatever Hydra was asked for, and a scheduler's command may be the same each time."""

from pathlib import Path

import pytest
import torch
from support import TINY

pytestmark = pytest.mark.slow


def epochs_of(run: Path) -> int:
    return int(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["epoch"]) + 1


@pytest.fixture(scope="module")
def own_run(command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of an epoch with a config of its own and without Hydra's records."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "parts" / "optimizer").mkdir(parents=True)
    (folder / "parts" / "optimizer" / "slow.yaml").write_text("_target_: torch.optim.SGD\n_partial_: true\nlr: 0.001\n")
    given = [*TINY, "trainer.max_epochs=1", "optimizer=slow", "hydra.output_subdir=null", "hydra.run.dir=run"]
    done = command("train", *given, "--config-dir", "parts", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert not (folder / "run" / ".hydra").exists()
    return folder / "run"


@pytest.mark.parametrize("flags", [["--config-dir", "parts"], ["--config-dir=parts"], ["-cd", "parts"]])
def test_a_run_with_a_config_of_its_own_is_resumed(command, own_run: Path, flags: list[str]) -> None:
    epochs = epochs_of(own_run) + 1
    done = command("train", "resume=run", *flags, f"trainer.max_epochs={epochs}", cwd=own_run.parent)
    assert done.returncode == 0, done.stderr
    assert epochs_of(own_run) == epochs


def test_one_command_starts_and_resumes_a_run_in_a_folder_of_its_own(command, tmp_path: Path) -> None:
    given = [*TINY, "callbacks.save_on_signal=null", "resume=auto", "hydra.run.dir=elsewhere/run"]
    stop = ["+callbacks.stop_at._target_=support.StopAt"]
    assert command("train", *given, *stop, "+callbacks.stop_at.step=5", cwd=tmp_path).returncode == 130
    assert not (tmp_path / "elsewhere" / "run" / "checkpoints" / "last.ckpt").exists()
    done = command("train", *given, *stop, "+callbacks.stop_at.step=5", cwd=tmp_path)
    assert done.returncode == 130
    assert "resuming elsewhere/run" in done.stderr
    assert "starts at step 0 again" in done.stdout


def test_a_change_of_the_current_folder_is_refused(command, tmp_path: Path) -> None:
    for flags in ([], ["-m"]):
        done = command("train", *flags, *TINY, "hydra.job.chdir=true", cwd=tmp_path)
        assert (done.returncode, "hydra.job.chdir=true" in done.stderr) == (2, True)
    assert not list(tmp_path.iterdir())
