"""The export command: three files, their card, and the trained model that is found without a path."""

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image
from support import ROOT

from cvae_lightning import load
from cvae_lightning.evaluation.settings import SceneSource, scene_source_of
from cvae_lightning.reports.card import command_of
from cvae_lightning.runs import find_checkpoint, layout, run_dir_of

pytestmark = pytest.mark.slow

CAPTION = "a large blue square above 3 small red circles"
FEW = ["captions=6", "bound_images=2", "coverage_captions=1", "coverage_samples=6", "splits=[test,novel_pair]"]


@pytest.fixture(scope="module")
def exported(command, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny run, exported, with its evaluation."""
    folder = tmp_path_factory.mktemp("exported")
    done = command("evaluate", f"run={tiny_run}", *FEW, "device=cpu", "output=judged", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = command("export", f"run={tiny_run}", "evaluation=judged", "output=model", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"model/{name}" for name in ("model.safetensors", "README.md", "config.yaml")]
    return folder / "model"


@pytest.fixture
def shipped(exported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exported tiny model as the package's own."""
    file = exported / "model.safetensors"
    monkeypatch.setattr(layout, "SHIPPED", [file.parent / "nowhere", file, exported / "README.md"])
    return file


def test_it_paints_what_the_run_paints(command, exported: Path, tiny_run: Path, tmp_path: Path) -> None:
    for name, run in (("a", tiny_run), ("b", exported), ("c", exported / "model.safetensors")):
        done = command("generate", f"run={run}", f'captions=["{CAPTION}"]', f"output={name}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    pictures = [Image.open(next((tmp_path / name).glob("000*.png"))) for name in "abc"]
    assert pictures[1].tobytes() == pictures[2].tobytes()
    difference = [abs(a - b) for a, b in zip(pictures[0].tobytes(), pictures[1].tobytes(), strict=True)]
    assert max(difference) <= 2


def test_nothing_is_overwritten_and_the_same_command_gives_the_same_bytes(command, exported, tiny_run) -> None:
    before = {path.name: path.read_bytes() for path in exported.iterdir()}
    arguments = [f"run={tiny_run}", "evaluation=judged"]
    done = command("export", *arguments, "output=model", cwd=exported.parent)
    assert done.returncode == 2
    assert "exists and is not overwritten" in done.stderr
    assert command("export", *arguments, "output=again", cwd=exported.parent).returncode == 0
    for folder in ("model", "again"):
        assert {path.name: path.read_bytes() for path in (exported.parent / folder).iterdir()} == before


def test_the_card_tells_what_is_recorded(exported: Path, tiny_run: Path) -> None:
    card = (exported / "README.md").read_text()
    config, environment, metrics = (
        yaml.safe_load((tiny_run / name).read_text()) for name in ("config.yaml", "environment.json", "metrics.json")
    )
    assert card.split("---\n", 2)[2].startswith(f"\n# {config['name']}\n")
    assert command_of(environment["command"]) in card
    assert "hydra.run.dir" not in card
    for words in (
        f"| seed | {config['seed']} |",
        f"| steps | {metrics['steps']:,} ({metrics['epochs']} epochs) |",
        f"{metrics['training_minutes']} minutes, {metrics['images_per_second']} images/s",
        f"| parameters | {metrics['parameters'] / 1e6:.2f} million |",
        "32 px",
        f"200 scenes of 32 pixels, data seed 0, of which {100 * config['data']['val_fraction']:g} % are validation",
        "`LSTMTextEncoder`",
        f"| `val/mse` | {metrics['metrics']['val/mse']:.6g} |",
        "Measured on the checkpoint before rounding",
    ):
        assert words in card, words
    for split in ("test", "novel_pair"):
        found = json.loads((exported.parent / "judged" / "evaluation.json").read_text())["splits"][split]
        share = 100 * found["samples"]["atoms"]["all"]["share"]
        assert re.search(rf"\| `{split}` \| {share:.1f} % \(.*\) \|", card)


def test_the_cards_own_commands_run(command, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes((exported / "model.safetensors").read_bytes())
    card = (exported / "README.md").read_text()
    (python,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    (words,) = re.findall(r"python -m cvae_lightning\.generate run=(\S+) '(.*)'", card)
    with contextlib.chdir(tmp_path):
        exec(python, {})
    assert Image.open(tmp_path / "picture.png").size == (32, 32)
    assert command("generate", f"run={words[0]}", words[1], cwd=tmp_path).returncode == 0


def test_a_bare_checkpoint_has_a_card_that_admits_what_is_unknown(command, tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "bare.ckpt").write_bytes((tiny_run / "checkpoints" / "last.ckpt").read_bytes())
    done = command("export", "run=bare.ckpt", "dtype=float32", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["README.md", "model.safetensors"]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "## Training\n\nNot recorded.\n" in card
    assert "## How good it is\n\nNot measured.\n" in card
    ours, theirs = load(tmp_path / "bare.ckpt"), load(tmp_path / "out")
    assert theirs(CAPTION)[0].tobytes() == ours(CAPTION)[0].tobytes()


def test_an_evaluation_must_be_of_this_model(command, exported: Path, tiny_run: Path, tmp_path: Path) -> None:
    again = [f"run={exported}", *FEW, "device=cpu", "output=judged"]
    assert command("evaluate", *again, cwd=tmp_path).returncode == 0
    done = command("export", f"run={tiny_run}", "evaluation=judged", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Measured on these weights" in (tmp_path / "out" / "README.md").read_text()
    other = command("export", f"run={tiny_run}", "evaluation=judged", "dtype=bfloat16", "output=other", cwd=tmp_path)
    assert other.returncode == 2
    assert "the evaluation is of another model, model.safetensors with sha256" in other.stderr
    assert not (tmp_path / "other").exists()


def test_an_evaluation_of_exported_weights_is_about_their_runs_world(exported: Path, tmp_path: Path) -> None:
    assert run_dir_of(exported / "model.safetensors") == exported
    config = yaml.safe_load((exported / "config.yaml").read_text())
    config["data"]["seed"] = 7
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    assert scene_source_of(tmp_path / "model.safetensors") == SceneSource(seed=7, train_size=180)
    assert scene_source_of(tmp_path / "copied.ckpt") == SceneSource()


def test_without_a_path_the_packages_own_model_is_used(command, shipped: Path, tmp_path: Path) -> None:
    assert find_checkpoint(None) == shipped
    assert load()(CAPTION)[0].tobytes() == load(shipped)(CAPTION)[0].tobytes()
    painted = command("generate", f'captions=["{CAPTION}"]', "output=painted", cwd=tmp_path)
    assert painted.returncode == 0, painted.stderr
    assert f"painted by {shipped}" in painted.stderr
    (tmp_path / "painted" / "grid.png").unlink()
    rebuilt = command("reconstruct", "images=painted", "output=rebuilt", cwd=tmp_path)
    assert rebuilt.returncode == 0, rebuilt.stderr
    judged = command("evaluate", *FEW, "device=cpu", "output=judged", cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr
    found = json.loads((tmp_path / "judged" / "evaluation.json").read_text())
    assert found["checkpoint"]["name"] == "model.safetensors"


WITHOUT = {
    "generate": [f'captions=["{CAPTION}"]'],
    "reconstruct": ["images=one.png", "captions=[a red star]"],
    "evaluate": [],
}


@pytest.mark.parametrize("name", WITHOUT)
def test_without_a_trained_model_commands_say_what_to_do(command, monkeypatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setattr(layout, "SHIPPED", [tmp_path / "nowhere"])
    Image.new("RGB", (32, 32)).save(tmp_path / "one.png")
    done = command(name, *WITHOUT[name], "output=out", cwd=tmp_path)
    assert done.returncode == 2
    assert re.search("^error: .*make quickstart.*run=.*model.safetensors$", done.stderr.strip()), done.stderr
    assert not (tmp_path / "out").exists()


def test_mistakes_are_answered_before_torch_is_loaded(tiny_run: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom cvae_lightning import export, generate\n"
        "from cvae_lightning.runs import layout\nlayout.SHIPPED = []\n"
        "def answer(main, *words):\n"
        "    sys.argv[1:] = words\n"
        "    try: main()\n"
        "    except SystemExit as stop: print(stop.code, 'torch' in sys.modules)\n"
        f"answer(export.main, 'run={tiny_run}', 'dtype=half')\n"
        f"answer(export.main, 'run={tiny_run}', 'evaluation=nowhere')\n"
        "answer(generate.main, 'captions=[an orange star]')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["2 False"] * 3, done.stderr


@pytest.mark.skipif(not any(file.is_file() for file in layout.SHIPPED), reason="this copy has no trained model yet")
def test_the_packages_own_weights_are_small_and_paint(tmp_path: Path) -> None:
    file = find_checkpoint(None)
    assert file.stat().st_size <= 16e6
    painter = load()
    captions = ["2 small cyan stars", "a large green circle", CAPTION, "a medium black cross and 2 small red squares"]
    rows = painter.paint_and_judge(captions, num_samples=4)
    assert sum(one.verdict.all for row in rows for one in row) >= 12
