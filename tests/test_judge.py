"""The command that judges everybody's pictures: right ones pass in every layout and format, wrong ones do not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT, Command
from support.pages import pictures

from cvae_lightning import judge_images
from cvae_lightning.captioned_images.export import DatasetSettings, begin, prompts, write_split
from cvae_lightning.world import V1, captioned_scene, render

SIZE = 60
FIELDS = ["filename", "tag", "prompt", "correct", "reason", "metadata", "details"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    settings = DatasetSettings(splits=("test",), size=SIZE)
    begin(folder, settings)
    write_split(folder, "test", settings)
    return folder


def judged(command: Command, cwd: Path, *arguments: str) -> tuple[list[dict], dict]:
    done = command("judge", *arguments, "output=judged", cwd=cwd)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in (cwd / "judged" / "results.jsonl").read_text().splitlines()]
    return results, json.loads((cwd / "judged" / "accuracy.json").read_text())


def share(accuracy: dict, of: str = "pictures") -> float:
    return accuracy[of]["all"]["all"]["share"]


def test_an_exported_data_set_is_right(command: Command, exported: Path, tmp_path: Path) -> None:
    results, accuracy = judged(command, tmp_path, f"images={exported}")
    assert len(results) == SIZE
    assert all(list(result) == FIELDS for result in results)
    assert share(accuracy) == share(accuracy, "prompts") == 1
    assert results[0]["filename"] == "test/000000.png"
    objects = json.loads(results[0]["metadata"])["objects"]
    assert len(json.loads(results[0]["details"])["objects"]) == len(objects)


def test_other_captions_are_wrong(command: Command, exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shuffled"
    folder.mkdir()
    for index in range(SIZE):
        (folder / f"{index}.png").write_bytes((exported / "test" / f"{index:06d}.png").read_bytes())
        (folder / f"{index}.txt").write_text(captioned_scene(0, "test", (index + 1) % SIZE).caption)
    results, accuracy = judged(command, tmp_path, "images=shuffled")
    assert share(accuracy) < 0.05
    assert all(result["correct"] or "expected" in result["reason"] for result in results)


def test_two_runs_write_the_same_bytes(command: Command, exported: Path, tmp_path: Path) -> None:
    for run in ("a", "b"):
        assert command("judge", f"images={exported}", f"output={run}", "html=true", cwd=tmp_path).returncode == 0
    for name in ("results.jsonl", "accuracy.json", "wrong.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def geneval_tree(root: Path, samples: int) -> None:
    """Prompts as exported, each painted right once and otherwise as the next prompt says."""
    for number, line in enumerate(prompts(DatasetSettings(splits=("val",), size=20))):
        folder = root / f"{number:05d}"
        (folder / "samples").mkdir(parents=True)
        (folder / "metadata.jsonl").write_text(json.dumps(line))
        for sample in range(samples):
            scene = captioned_scene(0, "val", number + sample).scene
            Image.fromarray(render([scene], 64)[0]).save(folder / "samples" / f"{sample:05d}.png")


def test_a_prompt_is_right_if_one_of_its_pictures_is(command: Command, tmp_path: Path) -> None:
    geneval_tree(tmp_path / "painted", samples=2)
    results, accuracy = judged(command, tmp_path, "images=painted")
    assert accuracy["pictures"]["all"]["all"] | {"low": 0, "high": 0} == {
        "passed": 20,
        "of": 40,
        "share": 0.5,
        "low": 0,
        "high": 0,
    }
    assert accuracy["prompts"]["all"]["all"]["passed"] == accuracy["prompts"]["all"]["all"]["of"] == 20
    assert {result["tag"] for result in results} == {"one", "joined", "relation"}
    assert json.loads(results[0]["metadata"])["include"]


def test_the_page_shows_the_wrong_pictures_and_their_reasons(command: Command, tmp_path: Path) -> None:
    geneval_tree(tmp_path / "painted", samples=2)
    done = command("judge", "images=painted", "output=out", "html=true", cwd=tmp_path)
    assert "20 of 40 pictures show exactly" in done.stderr
    html = (tmp_path / "out" / "wrong.html").read_text()
    assert [picture.size for picture in pictures(html)] == [(64, 64)] * 20
    assert "20 of 40 pictures do not show exactly what their captions say." in html
    assert "00000/samples/00001.png" in html


def on_white(image: Image.Image, path: Path) -> None:
    """A picture on a transparent canvas, which is laid over white and not over the world's own background."""
    pixels = np.asarray(image)
    alpha = np.where((pixels == 250).all(axis=-1), 0, 255).astype(np.uint8)
    Image.fromarray(np.dstack([pixels, alpha])).save(path)


FORMATS: dict[str, tuple[str, Callable[[Image.Image, Path], None]]] = {
    "alpha": ("png", on_white),
    "palette": ("png", lambda image, path: image.quantize(64).save(path)),
    "jpeg": ("jpg", lambda image, path: image.save(path, quality=90)),
    "webp": ("webp", lambda image, path: image.save(path, quality=90)),
    "cmyk": ("jpg", lambda image, path: image.convert("CMYK").save(path, quality=95, subsampling=0)),
    "large": ("png", lambda image, path: image.resize((1500, 1500), Image.Resampling.BICUBIC).save(path)),
    "halved": ("png", lambda image, path: image.resize((64, 64), Image.Resampling.BOX).save(path)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_right_pictures_pass_in_every_format(command: Command, tmp_path: Path, name: str) -> None:
    suffix, save = FORMATS[name]
    (tmp_path / "pictures").mkdir()
    for index in range(40):
        example = captioned_scene(1, "test", index)
        save(Image.fromarray(render([example.scene], 128)[0]), tmp_path / "pictures" / f"{index}.{suffix}")
        (tmp_path / "pictures" / f"{index}.txt").write_text(example.caption)
    assert share(judged(command, tmp_path, "images=pictures")[1]) >= 0.97


@pytest.mark.slow
def test_without_the_comparison_pictures_reduced_to_48_px_pass(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for index in range(40):
        example = captioned_scene(1, "test", index, world=V1)
        image = Image.fromarray(render([example.scene], 128, world=V1)[0])
        image.resize((48, 48), Image.Resampling.BOX).save(tmp_path / "pictures" / f"{index}.png")
        (tmp_path / "pictures" / f"{index}.txt").write_text(example.caption)
    assert share(judged(command, tmp_path, "images=pictures", "world=v1")[1]) >= 0.97


def test_a_turned_photograph_is_judged_upright(command: Command, tmp_path: Path) -> None:
    example = next(e for i in range(99) if (e := captioned_scene(0, "test", i)).meaning.links == ("above",))
    exif = Image.Exif()
    exif[0x0112] = 3  # half a turn
    turned = Image.fromarray(render([example.scene], 128)[0]).transpose(Image.Transpose.ROTATE_180)
    (tmp_path / "pictures").mkdir()
    turned.save(tmp_path / "pictures" / "a.png", exif=exif)
    turned.save(tmp_path / "pictures" / "b.png")
    for name in "ab":
        (tmp_path / "pictures" / f"{name}.txt").write_text(example.caption)
    results, _ = judged(command, tmp_path, "images=pictures")
    assert [result["correct"] for result in results] == [True, False]


def mistake(side: tuple[int, int], caption: str, content: bytes | None = None) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        Image.new("RGB", side).save(root / "a.png")
        if content is not None:
            (root / "a.png").write_bytes(content)
        (root / "a.txt").write_text(caption)

    return make


MISTAKES = {
    "not square": (mistake((64, 48), "a red star"), "a.png is 64 x 48 px: the judge takes square pictures"),
    "too small": (mistake((16, 16), "a red star"), "a.png is 16 x 16 px: the judge needs at least 32 px"),
    "other language": (mistake((64, 64), "a red dog"), "1 of 1 captions are outside the world's language: a.png"),
    "empty": (mistake((64, 64), "a red star", b""), "the file is empty"),
    "damaged": (mistake((64, 64), "a red star", b"GIF89a?"), "cannot be read as an image"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_paragraph_before_any_work(command: Command, tmp_path: Path, name: str) -> None:
    make, words = MISTAKES[name]
    (tmp_path / "pictures").mkdir()
    make(tmp_path / "pictures")
    done = command("judge", "images=pictures", "output=out", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_results_are_not_overwritten(command: Command, exported: Path, tmp_path: Path) -> None:
    judged(command, tmp_path, f"images={exported}")
    done = command("judge", f"images={exported}", "output=judged", cwd=tmp_path)
    assert done.returncode == 2
    assert "results.jsonl exists" in done.stderr


def test_arrays_and_pillow_images_of_several_sizes() -> None:
    examples = [captioned_scene(0, "test", index) for index in range(3)]
    images = [
        render([examples[0].scene], 64)[0],
        Image.fromarray(render([examples[1].scene], 512)[0]).convert("RGBA").resize((700, 700)),
        render([examples[2].scene], 64)[0],
    ]
    captions = [example.caption for example in examples]
    assert [verdict.all for verdict in judge_images(images, captions)] == [True] * 3
    assert not any(verdict.all for verdict in judge_images(images, captions[1:] + captions[:1]))
    assert [v.all for v in judge_images(render([e.scene for e in examples], 96), captions)] == [True] * 3


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((1, 64, 48, 3), np.uint8), "48 x 64 px"),
        (np.zeros((1, 64, 64, 3), np.float32), "float32"),
        (np.zeros((1, 3, 64, 64), np.uint8), "expected uint8"),
        (np.zeros((2, 64, 64, 3), np.uint8), "2 images and 1 captions"),
    ],
)
def test_arrays_of_another_kind_are_refused(images: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        judge_images(images, ["a red star"])


def test_judging_needs_no_torch() -> None:
    code = (
        "import sys, numpy as np; from cvae_lightning import judge_images; import cvae_lightning.judge, "
        "cvae_lightning.dataset; judge_images(np.full((1, 64, 64, 3), 250, np.uint8), ['a red star']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
