"""Another world, from training to painting, evaluation and data sets: its files say which it is."""

import json
from pathlib import Path

import pytest
from support import Command

from cvae_lightning import load
from cvae_lightning.inference.declared_world import declared_world
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.world import captioned_scene, world_named

pytestmark = pytest.mark.slow

GERMAN = world_named("german")
CAPTION = "ein großes blaues Quadrat über 3 kleinen roten Kreisen"
TINY = ["scenes.size=40", "data.batch_size=8", "data.test_size=4", "trainer.max_epochs=1", "model.image_size=32"]
TINY += ["trainer.accelerator=cpu", "callbacks.judge_samples.count=4", "data.fit_captions=400", "data.num_workers=0"]


@pytest.fixture(scope="module")
def german(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny run with the flagship's parts, of which only the world is another."""
    folder = tmp_path_factory.mktemp("german")
    words = ["+experiment=quickstart", "world=german", *TINY, "trainer.limit_train_batches=2", "hydra.run.dir=run"]
    done = command("train", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_a_run_paints_captions_of_its_own_world(command: Command, german: Path, tmp_path: Path) -> None:
    assert load(german).world == declared_world(find_checkpoint(german)) == GERMAN
    done = command("generate", f"run={german}", f'captions=["{CAPTION}"]', "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    refused = command("generate", f"run={german}", "captions=[a red circle]", "output=no", cwd=tmp_path)
    assert refused.returncode == 2
    assert "word 1 is 'a'" in refused.stderr


def test_an_export_carries_the_world(command: Command, german: Path, tmp_path: Path) -> None:
    done = command("export", f"run={german}", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "out" / "model.safetensors"
    assert load(file).world == declared_world(file) == GERMAN
    assert "ein großes blaues Quadrat" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_an_evaluation_is_of_all_that_the_world_withholds(command: Command, german: Path, tmp_path: Path) -> None:
    small = ["captions=4", "bound_images=1", "bound_samples=1", "coverage_captions=1", "coverage_samples=6"]
    done = command("evaluate", f"run={german}", *small, "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert list(found["splits"]) == ["test", "novel_pair", "novel_count", "novel_relation", "heldout"]
    assert found["settings"]["world"]["world"] == "german"
    assert found["splits"]["heldout"]["real"]["atoms"]["all"]["share"] == 1


def test_a_data_set_is_of_the_world(command: Command, tmp_path: Path) -> None:
    done = command("dataset", "world=three_groups", "split=heldout", "size=6", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "heldout" / "metadata.jsonl").read_text().splitlines()]
    world = world_named("three_groups")
    assert [row["text"] for row in rows] == [captioned_scene(0, "heldout", k, world=world).caption for k in range(6)]
    assert {row["world"] for row in rows} == {"three_groups"}
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["world"]["max_groups"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["world=germn"], "german"),
        (["world.colours.red=[300,0,0]"], "world: colours.red"),
        (["world.max_groups=9"], "world: max_groups"),
    ],
)
def test_a_wrong_world_is_named(command: Command, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = command("train", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_judge_takes_the_world_of_a_data_set_or_the_one_that_is_chosen(command: Command, tmp_path: Path) -> None:
    done = command("dataset", "world=german", "split=[test]", "size=4", "output=data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for images, chosen in (("data", []), ("data/test", []), ("data/test", ["world=german"])):
        done = command("judge", f"images={images}", *chosen, f"output=out{len(images)}{len(chosen)}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in (tmp_path / "out90" / "results.jsonl").read_text().splitlines()]
    assert all(result["correct"] for result in results)
    refused = command("judge", "images=data/test", "world=default", "output=no", cwd=tmp_path)
    assert refused.returncode == 2
    assert "outside the world's language" in refused.stderr
