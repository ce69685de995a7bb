"""A newcomer's folder from end to end: trained, resumed to the byte, painted, evaluated, exported; or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from support import TINY

from cvae_lightning import load
from cvae_lightning.errors import UserError
from cvae_lightning.inference.archive import read_checkpoint
from cvae_lightning.reports.kept_samples import read_samples

pytestmark = pytest.mark.slow

OWN = [
    *(one for one in TINY if not one.startswith("data.size")),
    "callbacks.log_images.count=2",
    "callbacks.caption_retrieval.count=4",
    "data.val_fraction=0.3",
    "data.batch_size=4",
    "data.random_flip=true",
]


def train(command, folder: Path, pictures: Path, *more: str):
    return command("train", "data=folder", f"data.path={pictures}", *OWN, *more, cwd=folder)


@pytest.fixture(scope="module")
def own_run(command, own_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own_run")
    done = train(command, folder, own_pictures, "prior=conditional", "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_a_run_leaves_what_every_run_leaves(own_run: Path) -> None:
    for name in ("reconstruction.png", "generated_samples.png", "training_curves.png"):
        assert Image.open(own_run / name).width > 64
    metrics = json.loads((own_run / "metrics.json").read_text())["metrics"]
    assert {"val/retrieval", "val/caption_effect", "val/sharpness", "val/active_units", "val/psnr"} <= set(metrics)
    assert metrics["val/retrieval_chance"] == pytest.approx(0.25)
    assert not [name for name in metrics if "consistency" in name or "gain" in name]


def test_a_stopped_run_resumes_to_the_same_bytes(command, own_run: Path, own_pictures: Path, tmp_path: Path) -> None:
    stop = ["+callbacks.bomb._target_=support.StopAt", "+callbacks.bomb.step=5"]
    first = train(command, tmp_path, own_pictures, "prior=conditional", "hydra.run.dir=run", *stop)
    assert first.returncode == 130, first.stderr
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    whole, again = (read_checkpoint(run / "checkpoints" / "last.ckpt") for run in (own_run, tmp_path / "run"))
    assert whole["global_step"] == again["global_step"]
    for name, weight in whole["state_dict"].items():
        assert torch.equal(weight, again["state_dict"][name]), name


def test_unknown_words_are_warned_of(own_run: Path, caplog) -> None:
    caplog.set_level("WARNING")
    load(own_run)(["a teal bar", "ein Zebra"])
    assert "never seen in training: 'ein', 'zebra'" in caplog.text


def test_any_caption_is_painted(command, own_run: Path, tmp_path: Path) -> None:
    words = ["captions=['A TEAL bar, right','ein Zebra']", "num_samples=2", "output=out"]
    done = command("generate", f"run={own_run}", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 pictures, which no judge can check" in done.stderr
    assert len(list((tmp_path / "out").glob("0*.png"))) == 4
    assert "verdict" not in json.loads(next((tmp_path / "out").glob("*.json")).read_text())


def test_what_needs_a_judge_is_refused(own_run: Path) -> None:
    painter = load(own_run)
    assert painter("a teal bar").verdicts == (None,)
    with pytest.raises(UserError, match="best_of=2: it needs the judge"):
        painter("a teal bar", best_of=2)
    with pytest.raises(UserError, match="of no world"):
        painter.judge(list(painter("a teal bar")), ["a teal bar"])
    with pytest.raises(UserError, match="0 words"):
        painter(" ")


def test_an_evaluation_has_what_needs_no_judge(command, own_run: Path, own_pictures: Path, tmp_path: Path) -> None:
    few = ["captions=6", "retrieval_captions=4", "bound_images=2", "bound_samples=2"]
    done = command("evaluate", f"run={own_run}", "output=a", *few, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "a" / "evaluation.json").read_text())
    (found,) = results["splits"].values()
    assert found["retrieval"]["captions"] == 4
    assert 0 <= found["retrieval"]["low"] <= found["retrieval"]["accuracy"] <= found["retrieval"]["high"] <= 1
    assert found["bounds"]["importance_weighted"]["bound"] >= found["bounds"]["importance_weighted"]["elbo"]
    assert found["distances"]["fid"] >= 0
    kept = read_samples(tmp_path / "a")
    assert [one.index for one in kept] == [0, 1, 2, 3]
    assert sum(one.right for one in kept) / 4 == found["retrieval"]["accuracy"]
    assert all(one.original and one.reconstruction_right is None for one in kept)
    for picture in ("reconstructions_val.png", "samples_val.png"):
        assert picture in (tmp_path / "a" / "evaluation.md").read_text()
        assert Image.open(tmp_path / "a" / picture).width > 64
    moved = shutil.copytree(own_pictures, tmp_path / "moved")
    again = command("evaluate", f"run={own_run}", f"pictures={moved}", "output=b", *few, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "b" / "evaluation.json").read_text()) == results
    compared = command("report", "compare=[a,b]", "output=compared", cwd=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert "a difference of 0.0 points" in (tmp_path / "compared" / "report.md").read_text()
    for wrong, message in (("splits=[test]", "the folder has train, val"), ("pictures=nowhere", "no such folder")):
        refused = command("evaluate", f"run={own_run}", "output=c", wrong, cwd=tmp_path)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_an_export_paints_the_same_and_its_card_tells_of_no_shapes(command, own_run: Path, tmp_path: Path) -> None:
    done = command("export", f"run={own_run}", "output=model", "dtype=float32", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "model" / "README.md").read_text()
    assert "shape world" not in card
    assert "own pictures" in card or "folder of pictures" in card
    before, after = (load(path)("a teal bar", seed=3)[0] for path in (own_run, tmp_path / "model"))
    assert before.tobytes() == after.tobytes()


REFUSED = {
    "+experiment=quickstart": "AttributesTextEncoder reads the shape world's words only",
    "text_encoder=bottleneck": "choose text_encoder=transformer or text_encoder=lstm",
    "callbacks.best.monitor=val/consistency/all": "is the judge's, who knows the shape world only",
    "data.caption_column=caption": "there is no caption",
    "data.val_fraction=2": "data.val_fraction",
    "data.resolution=16": "data.resolution=16, but the model's pictures have model.image_size=64",
}


@pytest.mark.parametrize("argument", REFUSED)
def test_what_a_folder_cannot_be_trained_with_is_named_before_training(
    command, own_pictures: Path, tmp_path: Path, argument: str
) -> None:
    done = command(
        "train", "data=folder", f"data.path={own_pictures}", "trainer.accelerator=cpu", argument, cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    assert REFUSED[argument] in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert not list(tmp_path.rglob("config.yaml"))


def test_a_folder_that_cannot_be_used_is_named_before_training(command, own_pictures: Path, tmp_path: Path) -> None:
    spoilt = shutil.copytree(own_pictures, tmp_path / "spoilt")
    (spoilt / "bar 02.png").write_bytes(b"")
    (spoilt / "lone.png").write_bytes((spoilt / "bar 03.png").read_bytes())
    done = train(command, tmp_path, spoilt)
    assert done.returncode == 2
    assert (
        "1 picture without a caption (lone.png); 1 file that cannot be read (bar 02.png: the file is empty)"
        in done.stderr
    )
    assert not (tmp_path / "outputs").exists()
    without = command("train", "data=folder", cwd=tmp_path)
    assert without.returncode == 2
    assert (
        "train needs data.path=, such as: python -m cvae_lightning.train +experiment=baseline data=folder"
        in without.stderr
    )
