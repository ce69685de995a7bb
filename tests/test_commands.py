"""What bad input gets: one paragraph, exit code 2, nothing made."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT, TINY

from cvae_lightning.runs.images import caption_of
from cvae_lightning.world import judge, parse

pytestmark = pytest.mark.slow

CAPTION = "a large blue square above 3 small red circles"


@pytest.mark.parametrize("rung", ["limit", "fast_dev_run", "profiler"])
def test_debug_rungs_run_over_any_experiment(command, tmp_path: Path, rung: str) -> None:
    done = command("train", "+experiment=baseline", f"+debug={rung}", *TINY[:-2], "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "metrics.json").exists() is (rung != "fast_dev_run")


def test_overfit_learns_one_batch(command, tmp_path: Path) -> None:
    quick = [one for one in TINY if not one.startswith(("trainer.m", "trainer.l", "data.size", "data.batch"))]
    done = command("train", "+debug=overfit", *quick, "optimizer.lr=0.003", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    column = table[0].split(",").index("train/distortion")
    values = [float(row.split(",")[column]) for row in table[1:] if row.split(",")[column]]
    assert len(values) == 200
    assert values[-1] < values[0] - 1000


def test_generate_writes_a_picture_a_sample_and_a_grid(command, tmp_path: Path, tiny_run: Path) -> None:
    arguments = [f"run={tiny_run}", f'captions=["{CAPTION}","an orange star"]', "num_samples=2", "output=out"]
    done = command("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    stems = [
        "000_a-large-blue-square-above-3-small-red-circles_0",
        "000_a-large-blue-square-above-3-small-red-circles_1",
        "001_an-orange-star_0",
        "001_an-orange-star_1",
    ]
    assert names == [*(f"{stem}.{kind}" for stem in stems for kind in ("json", "png")), "grid.png"]
    first = Image.open(tmp_path / "out" / f"{stems[0]}.png")
    assert first.size == (32, 32)
    assert caption_of(first) == CAPTION
    star = Image.open(tmp_path / "out" / f"{stems[2]}.png")
    assert star.info["caption"] == "an orange star"
    assert re.fullmatch("a (small|medium|large) orange star", star.info["model_caption"])  # the unsaid size was drawn
    again = command("generate", *arguments, cwd=tmp_path)
    assert again.returncode == 2
    assert "exists and is not overwritten" in again.stderr


def test_generate_writes_the_judges_word_beside_each_picture(command, tmp_path: Path, tiny_run: Path) -> None:
    arguments = [f"run={tiny_run}", 'captions=["an orange star"]', "seed=3", "best_of=4", "output=out"]
    done = command("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search("[01] of 1 picture says what was asked, best of 4 each", done.stderr)
    picture = Image.open(tmp_path / "out" / "000_an-orange-star_0.png")
    record = json.loads((tmp_path / "out" / "000_an-orange-star_0.json").read_text())
    verdict = judge(np.asarray(picture)[None], [parse("an orange star")])[0]
    assert record["verdict"] == {
        atom: getattr(verdict, atom) for atom in ("count", "colour", "shape", "size", "relation")
    }
    assert (record["all"], record["reason"]) == (verdict.all, verdict.reason)
    assert (record["caption"], record["model_caption"]) == ("an orange star", picture.info["model_caption"])
    assert (record["seed"], record["index"], record["best_of"]) == (3, 0, 4)
    assert 0 <= record["candidate"] < record["drawn"] <= 4


def test_a_bad_request_is_answered_before_torch_is_loaded(tmp_path: Path) -> None:
    code = "import sys; from cvae_lightning.generate import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    arguments = ["run=nowhere", "captions=[an orange star]", "best_of=0"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "False\n"), done.stderr
    assert done.stderr == "error: best_of=0: expected at least 1\n"


def test_equal_seeds_paint_equal_pictures_from_folder_or_file(command, tmp_path: Path, tiny_run: Path) -> None:
    for name, run, seed in (("a", tiny_run, 0), ("b", tiny_run / "checkpoints" / "best.ckpt", 0), ("c", tiny_run, 1)):
        arguments = [f"run={run}", 'captions=["an orange star"]', f"seed={seed}", f"output={name}"]
        assert command("generate", *arguments, cwd=tmp_path).returncode == 0
    pixels = [Image.open(tmp_path / name / "000_an-orange-star_0.png").tobytes() for name in "abc"]
    assert pixels[0] == pixels[1] != pixels[2]


def test_reconstruct_takes_what_generate_wrote(command, tmp_path: Path, tiny_run: Path) -> None:
    command("generate", f"run={tiny_run}", 'captions=["an orange star"]', "num_samples=3", "output=out", cwd=tmp_path)
    (tmp_path / "out" / "grid.png").unlink()
    done = command("reconstruct", f"run={tiny_run}", "images=out", "output=seen", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "seen").glob("*.png"))) == 4
    one = tmp_path / "plain.png"
    Image.new("RGB", (50, 50), (250, 250, 250)).save(one)
    named = command(
        "reconstruct", f"run={tiny_run}", f"images={one}", 'captions="a red star"', "output=one", cwd=tmp_path
    )
    assert named.returncode == 0, named.stderr


@pytest.mark.parametrize("damage", ["missing", "no run", "cut short", "not a checkpoint", "other plain data", "code"])
def test_a_damaged_or_missing_run_is_one_paragraph(command, tmp_path: Path, tiny_run: Path, damage: str) -> None:
    path = damaged(tmp_path, tiny_run / "checkpoints" / "best.ckpt", damage)
    done = command("generate", f"run={path}", 'captions=["an orange star"]', "output=out", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert str(path.name) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ran").exists()


class Evil:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return (Path.mkdir, (self.folder / "ran",))


def damaged(folder: Path, good: Path, damage: str) -> Path:
    import torch

    path = folder / "bad.ckpt"
    if damage == "no run":
        path.mkdir()
    elif damage == "cut short":
        path.write_bytes(good.read_bytes()[:5000])
    elif damage == "not a checkpoint":
        path.write_text("hello")
    elif damage == "other plain data":
        torch.save({"weights": torch.zeros(3)}, path)
    elif damage == "code":
        torch.save({"blueprint": Evil(folder)}, path)
    return path


def test_benchmark_writes_its_table(command, tmp_path: Path) -> None:
    counts = ["benchmark.rounds=2", "benchmark.warmup=1", "benchmark.reference=false"]
    settings = ["benchmark.compare=[loops]", *counts, "hydra.run.dir=run"]
    done = command("benchmark", *TINY, *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "images/s" in done.stdout
    assert (tmp_path / "run" / "benchmark.json").exists()
    shutil.rmtree(tmp_path / "run")
