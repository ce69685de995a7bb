"""A run that is resumed may be another person's: what describes a run is followed, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import support
import yaml

from cvae_lightning.cli.followed import check_followed, known_targets
from cvae_lightning.errors import UserError

FOLLOWED = [
    "seed=1",
    "+experiment=flagship",
    "prior=flow",
    "model.widths=[8,16]",
    "data.seed=${seed}",
    "~callbacks.log_images",
    "objective/schedule=linear",
    "+trainer.max_steps=10",
    "optimizer._target_=torch.optim.AdamW",
    "penalties=[perceptual,adversarial]",
    "+callbacks.mine._target_=support.StopAt",  # this program has imported it
]
REFUSED = {
    "+callbacks.x._target_=builtins.open": "names a class",
    "+callbacks.x._target_=os.system": "names a class",
    "+callbacks.x._target_=subprocess.Popen": "names a class",
    "+callbacks.x._target_=not_imported.Callback": "names a class",
    "+callbacks.x._target_=cvae_lightning.runs.atomic.write_atomic": "names a class",
    "+callbacks.x={_target_:os.system,command:ls}": "names a class",
    "+callbacks.x=[{_target_:os.system}]": "names a class",
    "+callbacks.x='${oc.create:{a:b}}'": "refers to more",
    "+data.x=${oc.env:HOME}": "refers to more",
    "+data.x=${${a}}": "refers to more",
    "hydra.searchpath=[file:///tmp]": "option of Hydra",
    "hydra/launcher=submitit_slurm": "option of Hydra",
    "hydra.run.dir=elsewhere": "option of Hydra",
    "+optimizer@hydra.callbacks.x=adam": "option of Hydra",
    "+callbacks/../../tmp/evil=conf": "not one of a config",
    "+callbacks.last.dirpath=/tmp": "its own folder",
    "trainer.default_root_dir=/tmp": "its own folder",
}


@pytest.mark.parametrize("argument", FOLLOWED)
def test_what_describes_a_run_is_followed(argument: str) -> None:
    check_followed([argument], [], Path("run"))


@pytest.mark.parametrize("argument", REFUSED)
def test_what_says_more_is_refused(argument: str) -> None:
    with pytest.raises(UserError, match=REFUSED[argument]):
        check_followed([argument], [], Path("run"))
    check_followed([argument], [argument], Path("run"))  # the command's own counts, not the saved one


def test_the_known_classes_are_those_of_the_config() -> None:
    assert {"pytorch_lightning.Trainer", "cvae_lightning.models.FlowPrior"} <= known_targets()
    assert support.StopAt.__module__ == "support"
    assert all(name.count(".") for name in known_targets())


@pytest.fixture
def stranger(tiny_run: Path, tmp_path: Path) -> Iterator[Path]:
    """A run folder of another person, in a folder that the command may write into."""
    folder = tmp_path / "run"
    subprocess.run(["cp", "-r", str(tiny_run), str(folder)], check=True)
    yield folder
    assert not (tmp_path / "written").exists()


def test_a_stranger_s_run_executes_nothing(command, stranger: Path) -> None:
    saved = yaml.safe_load((stranger / "overrides.yaml").read_text())
    for evil in ("+callbacks.x={_target_:builtins.open,file:written,mode:w}", "+callbacks.x._target_=os.getcwd"):
        (stranger / "overrides.yaml").write_text(yaml.safe_dump([*saved, evil]))
        before = sorted(os.walk(stranger))
        done = command("train", f"resume={stranger}", cwd=stranger.parent)
        assert done.returncode == 2
        assert "is not followed" in done.stderr
        assert sorted(os.walk(stranger)) == before
