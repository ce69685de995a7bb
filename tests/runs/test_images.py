"""Images are found by file, folder and pattern; what is not one is named."""

from pathlib import Path

import pytest
from PIL import Image

from cvae_lightning.errors import UserError
from cvae_lightning.runs.images import find_images, read_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("000_a.png", "001_b.png", "grid.png", "reconstruction.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "000_a.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("pattern", ["", "*.png"])
def test_grids_beside_the_pictures_are_passed_over(folder: Path, pattern: str) -> None:
    assert [path.name for path in find_images(str(folder / pattern))] == ["000_a.png", "001_b.png"]
    assert find_images(str(folder / "grid.png")) == [folder / "grid.png"]


def test_a_picture_too_large_for_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)
    with pytest.raises(UserError, match=r"000_a\.png cannot be read as an image"):
        read_image(folder / "000_a.png")
