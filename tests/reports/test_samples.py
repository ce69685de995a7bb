"""Painted pictures are written as they come, however many there are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvae_lightning.errors import UserError
from cvae_lightning.inference.candidates import PaintedImage
from cvae_lightning.pictures.grids import MOST_PICTURES
from cvae_lightning.reports.samples import SampleFiles, write_samples
from cvae_lightning.world import judge, parse

CAPTION = "a large red star"
TOTAL = MOST_PICTURES + 6


@pytest.fixture
def files(tmp_path: Path) -> SampleFiles:
    return SampleFiles(tmp_path / "out", [CAPTION], TOTAL)


def blank(index: int) -> PaintedImage:
    image = np.full((1, 32, 32, 3), 250, np.uint8)
    return PaintedImage(
        image=Image.fromarray(image[0]),
        caption=CAPTION,
        model_caption=CAPTION,
        index=index,
        seed=0,
        candidate=0,
        drawn=1,
        verdict=judge(image, [parse(CAPTION)])[0],
    )


def test_each_picture_is_written_before_the_next_is_painted(files: SampleFiles) -> None:
    names = list(files.pictures())

    def painted() -> Iterator[PaintedImage]:
        for index in range(TOTAL):
            assert [path.exists() for path in names] == [True] * index + [False] * (TOTAL - index)
            yield blank(index)

    assert write_samples(painted(), files, best_of=1) == 0
    assert all(path.exists() and path.with_suffix(".json").exists() for path in names)
    assert sorted(names) == names
    assert not list(files.output.glob("*.part"))


def test_the_grid_has_the_first_and_the_folder_stands_for_the_rest(files: SampleFiles) -> None:
    write_samples((blank(index) for index in range(TOTAL)), files, best_of=1)
    assert files.shown() == [files.output, files.grid]
    assert Image.open(files.grid).width < 16 * 200


def test_what_was_painted_before_is_not_overwritten(files: SampleFiles) -> None:
    files.refuse_existing()
    write_samples((blank(index) for index in range(TOTAL)), files, best_of=1)
    with pytest.raises(UserError, match="exists and is not overwritten"):
        files.refuse_existing()
    for path in [*files.pictures(), files.grid]:
        path.unlink()
    with pytest.raises(UserError, match="exists and is not overwritten"):  # the verdicts are there
        files.refuse_existing()
