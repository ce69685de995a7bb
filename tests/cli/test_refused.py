"""Arguments that were once accepted, or ended in a traceback: each is refused with a paragraph that names its key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.errors import HydraException

from cvae_lightning.cli.compose import composed, open_configs
from cvae_lightning.cli.explain import describe
from cvae_lightning.cli.signatures import check_parts
from cvae_lightning.cli.sweep import check_sweep
from cvae_lightning.errors import UserError
from cvae_lightning.training.factory import check
from cvae_lightning.world.captions import CaptionError, parse

REFUSED = {
    "generate trainer=gpu": "trainer is a group of train and benchmark, not of generate",
    "generate captions=5": "captions=5: expected at least one caption",
    "generate captions=null": "captions=null: expected at least one caption",
    "generate captions=true": "captions=true: expected at least one caption",
    "generate captions=a,b": "captions=a,b: several values are a sweep, which needs -m",
    "train lr_scheduler=0.001": r"lr_scheduler=0\.001: no such choice",
    "train encoder=null": "encoder=null: no such choice",
    "train encoder=3": "encoder=3: no such choice",
    "train prior=flow prior.sampler.steps=2.5": r"steps=2\.5: expected a whole number",
    "train model.prior=-1": r"model\.prior",
    "train trainer.accumulate_grad_batches=0": "accumulate_grad_batches=0: expected at least 1",
    "train trainer.gradient_clip_val=nan": "gradient_clip_val=nan: expected",
    "train trainer.profiler=0.5": r"profiler=0\.5: expected",
    "train trainer.precision=float17": "precision=float17: expected auto, fp32, bf16 or fp16",
    "train trainer.precision=16": "precision=16: expected auto, fp32, bf16 or fp16",
    "generate captions=[a] device=foo": "device=foo: expected auto, cpu, cuda",
    "generate captions=[3]": r"captions=\[3\]: expected at least one caption, each a text in quotes",
    "generate captions={a:b}": "captions={a:b}: expected at least one caption, each a text in quotes",
    "train optimizer.lr=1e300": "optimizer.lr=.*: expected a learning rate",
    "train optimizer.lr=0": "optimizer.lr=0: expected a learning rate",
    "train data.shuffle_seed=-1": "shuffle_seed=-1: expected at least 0",
    "train seed=-1": "seed=-1: expected at least 0",
    "train seed=4294967296": "seed=4294967296: expected",
    "train trainer.max_epochs=0": "max_epochs=0: expected a number of epochs",
    "train trainer.max_epochs=-1": "training would have no end",
    "train trainer.devices=0": "devices=0: expected a number of devices",
    "train trainer.devices=99 trainer.accelerator=cpu": "devices=99: this machine has",
    "train data.num_workers=1000": "num_workers=1000: expected",
    "train callbacks.last.filename=../../../x": "filename=.*: expected a file's name without a folder",
    "train callbacks.last=null callbacks.best=null": "cannot both be left out",
    "train logger.csv=null": "logger.csv cannot be left out",
    "train ~logger.csv": "logger.csv cannot be left out",
    "train trainer.check_val_every_n_epoch=-1": "check_val_every_n_epoch=-1: expected",
    "train trainer.check_val_every_n_epoch=0": "check_val_every_n_epoch=0: expected",
    "train callbacks.best.monitor=val/nothing": "monitor=val/nothing: no metric has this name",
    "train data.max_length=4": r"data\.max_length is 4: expected at least 1\d",
    "train data.max_length=13": r"data\.max_length is 13: expected at least 14",
    "train data.canvas_size=64 model.image_size=32": "choose the size with model.image_size alone",
    "train data.val_fraction=0.9999 data.size=20": r"val_fraction is 0\.9999: of data\.size=20 scenes it leaves none",
    "train channels_last=inf": "channels_last=inf: expected auto, true or false",
    "train model.vocab_size=3": "vocab_size=3: expected null",
    "train trainer.limit_train_batches=0.001 data.size=100": "of .* batches this is not one",
    "train +trainer.unknown=1": "trainer.unknown: the chosen part has no such argument",
    "train +optimizer.unknown=1": "optimizer: .*unexpected keyword argument 'unknown'",
    "train +callbacks.mine._target_=os.getcwd": "expected a Lightning callback",
}
"""Command and arguments -> what the paragraph says."""
ALLOWED = (
    "trainer.devices=auto",
    "trainer.max_epochs=-1 +trainer.max_steps=10",
    "trainer.max_epochs=null +trainer.max_steps=10",
    "callbacks.last=null",
    "callbacks.best=null",
    "logger.tensorboard=null",
    "trainer.precision=32",
)
SWEEPS = {
    "objective.beta=1,x": "objective.beta=x: expected a number",
    "seed=range(-2,2)": "seed=-2: expected at least 0",
    "encoder=conv,konv": "encoder=konv: no such choice; the nearest is 'conv'",
    "model.latent_dim=8,16 data.size=200,2.5": r"data.size=2\.5: expected a whole number",
}


@pytest.fixture(scope="module", autouse=True)
def _open() -> Iterator[None]:
    with open_configs():
        yield


def refusal(line: str) -> str | None:
    """The paragraph that a command line is answered with; None for one that is valid."""
    command, *arguments = line.split()
    try:
        config = composed(command, arguments).config
        if command == "train":
            check_parts(config)
            check(config)
    except (UserError, HydraException) as error:
        return describe(error)
    return None


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_is_refused(line: str) -> None:
    paragraph = refusal(line)
    assert paragraph is not None
    assert re.search(REFUSED[line], paragraph), paragraph


@pytest.mark.parametrize("line", ALLOWED)
def test_what_lightning_takes_is_taken(line: str) -> None:
    assert refusal(f"train trainer.accelerator=cpu {line}") is None


@pytest.mark.parametrize("line", SWEEPS)
def test_each_value_of_a_sweep_is_checked(line: str) -> None:
    with pytest.raises(UserError, match=SWEEPS[line]):
        check_sweep("train", line.split())


@pytest.mark.parametrize("caption", ["x" * 100_000, "a red " * 20_000, "a red star and " * 7000, "\n" * 100_000])
def test_a_caption_of_100_kb_is_not_repeated(caption: str) -> None:
    with pytest.raises(CaptionError) as caught:
        parse(caption)
    paragraph = describe(caught.value)
    assert paragraph is not None
    assert len(paragraph) <= 1000
    assert "\n" not in paragraph


def test_a_refused_sweep_leaves_no_folder(command, tmp_path: Path) -> None:
    done = command("train", "-m", "objective.beta=1,x", cwd=tmp_path)
    assert done.returncode == 2
    assert not list(tmp_path.iterdir())
