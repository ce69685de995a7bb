"""The evaluate command: what it writes, that it writes it twice the same, and what mistakes get."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support import ROOT

from cvae_lightning.evaluation.settings import SceneSource, scene_source_of
from cvae_lightning.world import V1, Mix, world_of_config

pytestmark = pytest.mark.slow

SMALL = ["splits=[test,novel_count]", "captions=10", "batch_size=4", "bound_images=5", "bound_samples=3"]
SMALL += ["coverage_captions=2", "coverage_samples=6", "device=cpu"]


@pytest.fixture(scope="module")
def written(command, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    done = command("evaluate", f"run={tiny_run}", *SMALL, "output=out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "out/evaluation.md"
    return folder / "out"


def test_it_writes_numbers_a_report_and_its_pictures(written: Path) -> None:
    found = json.loads((written / "evaluation.json").read_text())
    assert list(found["splits"]) == ["test", "novel_count"]
    split = found["splits"]["test"]
    assert split["real"]["atoms"]["count"]["of"] == split["samples"]["atoms"]["all"]["of"] == 10
    tight = split["bounds"]["importance_weighted"]
    assert (tight["images"], tight["samples"]) == (5, 3)
    assert tight["bound"] >= tight["elbo"]
    assert split["bounds"]["elbo"] == pytest.approx(-split["bounds"]["distortion"] - split["bounds"]["rate"], rel=1e-4)
    assert sum(split["latent"]["rate_by_dimension"]) == pytest.approx(split["bounds"]["rate"], rel=1e-4)
    assert found["settings"]["world"]["train_size"] == 180
    novelty = split["novelty"]["meaning"]
    assert sum(kind["of"] for kind in novelty.values()) == 10
    assert list(found["splits"]["novel_count"]["novelty"]["content"]) == ["new"]
    assert found["fixed_caption"]["units"] == split["latent"]["units"]
    text = (written / "evaluation.md").read_text()
    shown = {line.split("(")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")}
    assert shown == {path.name for path in written.glob("*.png")}
    assert "What it gets wrong most" in text
    environment = json.loads((written / "environment.json").read_text())
    assert "minutes" in environment
    assert "minutes" not in found


@pytest.mark.parametrize("how", [[], ["num_workers=2"]], ids=["again", "two workers"])
def test_the_same_model_and_seed_give_the_same_bytes(command, written: Path, tiny_run: Path, tmp_path, how) -> None:
    done = command("evaluate", f"run={tiny_run}", *SMALL, *how, "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("evaluation.json", "evaluation.md"):
        assert (tmp_path / "out" / name).read_bytes() == (written / name).read_bytes()


def test_another_seed_or_split_gives_others_from_the_checkpoint_alone(command, written, tiny_run, tmp_path) -> None:
    bare = tmp_path / "copied.ckpt"
    bare.write_bytes((tiny_run / "checkpoints" / "best.ckpt").read_bytes())
    small = [*SMALL[1:], "splits=[val]", "seed=1"]
    done = command("evaluate", f"run={bare}", *small, "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found, first = (json.loads((f / "evaluation.json").read_text()) for f in (tmp_path / "out", written))
    assert list(found["splits"]) == ["val"]
    assert found["checkpoint"]["sha256"] == first["checkpoint"]["sha256"]


def test_nothing_is_overwritten(command, written: Path, tiny_run: Path) -> None:
    before = (written / "evaluation.json").read_bytes()
    done = command("evaluate", f"run={tiny_run}", *SMALL, "output=out", cwd=written.parent)
    assert done.returncode == 2
    assert "exists and is not overwritten" in done.stderr
    assert (written / "evaluation.json").read_bytes() == before


@pytest.mark.parametrize("argument", ["run=nowhere", "splits=[tset]", "captions=0"])
def test_a_mistake_is_answered_before_torch_is_loaded(tiny_run: Path, tmp_path: Path, argument: str) -> None:
    code = (
        "import sys; from cvae_lightning.evaluate import main\n"
        "try: main()\n"
        "except SystemExit as stop: print(stop.code, 'torch' in sys.modules)"
    )
    words = [*([] if argument.startswith("run") else [f"run={tiny_run}"]), argument]
    python = [sys.executable, "-c", code, *words]
    done = subprocess.run(python, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.stdout.strip() == "2 False", done.stderr


def test_the_world_is_the_runs(tiny_run: Path, tmp_path: Path) -> None:
    assert scene_source_of(tiny_run / "checkpoints" / "best.ckpt") == SceneSource(train_size=180)
    checkpoint = tmp_path / "checkpoints" / "best.ckpt"
    assert scene_source_of(checkpoint) == SceneSource()
    config = yaml.safe_load((tiny_run / "config.yaml").read_text())
    config["data"] |= {"seed": 7, "synonyms": False}
    config["world"]["mix"] = {"one": 1, "joined": 1, "relation": 0}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    world = world_of_config(config["world"])
    assert world.mix == Mix(1, 1, 0)
    assert scene_source_of(checkpoint) == SceneSource(7, synonyms=False, train_size=180, world=world)


def test_a_run_from_before_there_were_worlds_is_of_the_first(tiny_run: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((tiny_run / "config.yaml").read_text())
    del config["world"]
    config["data"]["mix"] = {"_target_": "cvae_lightning.world.Mix", "one": 1, "joined": 1, "relation": 0}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    source = scene_source_of(tmp_path / "checkpoints" / "best.ckpt")
    assert source == SceneSource(train_size=180, world=replace(V1, mix=Mix(1, 1, 0)))
