"""A command that is refused leaves a run as it was, and what resumes it."""

import shutil
from pathlib import Path

import pytest

from cvae_lightning.runs import CONFIG, METRICS, OVERRIDES, saved_overrides


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["seed=5", "objective.beta=100", "hydra.run.dir=run"], "already holds a run"),
        (["resume=run", "objective.beta=-1"], "objective.beta is -1"),
        (["resume=run", "model.base_channels=16"], "the checkpoint is of another model"),
    ],
)
def test_a_refused_command_changes_no_record(
    command, tiny_run: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    kept = {name: (run / name).read_bytes() for name in (CONFIG, METRICS, OVERRIDES)}
    before = saved_overrides(run)
    done = command("train", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert {name: (run / name).read_bytes() for name in kept} == kept
    assert saved_overrides(run) == before
    assert not list(run.glob("*.1.*"))
