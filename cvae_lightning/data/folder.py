"""Captioned pictures of a folder as a map-style dataset, and the mirrored or shifted views that training sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from cvae_lightning.captioned_images.read import CaptionedImage
from cvae_lightning.data.dataset import Example, Examples
from cvae_lightning.errors import UserError
from cvae_lightning.runs.images import read_image

KEPT_BYTES = 2**30
"""A split whose pictures need more memory than this reads them again whenever they are asked for."""
LONGEST = 20
"""How many times longer than wide a picture may be."""
Pixels = NDArray[np.uint8]


class CaptionedFolder(Examples):
    """Pictures of any mode and size with their captions, as squares; item i is a pure function of its file.

    A picture is laid over white where it is transparent, turned as EXIF says, resized (antialiased) so that its
    shorter side has ``resolution`` pixels, and cut to the middle square. A negative index counts from the end.

    Args:
        images: pictures and captions, as :func:`cvae_lightning.captioned_images.splits.find_splits` finds them.
        resolution: side S of the squares in pixels.

    Raises:
        ValueError: there is no picture, or ``resolution`` is below 1.
        UserError: when an item is taken: its file cannot be read.

    >>> from cvae_lightning.captioned_images.read import find_captioned
    >>> Image.new("RGB", (40, 20), "red").save("red.png")
    >>> from pathlib import Path
    >>> _ = Path("red.txt").write_text("a red field")
    >>> image, caption, index = CaptionedFolder(find_captioned(["."]), resolution=16)[0]
    >>> tuple(image.shape), caption, index
    ((3, 16, 16), 'a red field', 0)
    """

    def __init__(self, images: Sequence[CaptionedImage], resolution: int = 64) -> None:
        if not images:
            raise ValueError("there are 0 pictures: expected at least 1")
        if resolution < 1:
            raise ValueError(f"data.resolution is {resolution}: expected at least 1 pixel")
        self.images, self.resolution = list(images), resolution
        self._kept: dict[int, Pixels] = {}
        self._keeps = 3 * resolution**2 * len(self.images) <= KEPT_BYTES

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Example:
        if not -len(self) <= index < len(self):
            raise IndexError(f"picture {index} of a dataset of {len(self)}")
        index %= len(self)
        return Example(as_tensor(square(self.resized(index), 0.5)), self.images[index].caption, index)

    def resized(self, index: int) -> Pixels:
        """(h, w, 3) picture ``index`` with ``resolution`` pixels along its shorter side; not to be changed.

        It is read from its file once, where all pictures together fit into ``KEPT_BYTES``.

        Raises:
            UserError: the file cannot be read.
        """
        if index in self._kept:
            return self._kept[index]
        pixels = read_resized(self.images[index], self.resolution)
        if self._keeps:
            self._kept[index] = pixels
        return pixels

    def without(self, indices: set[int]) -> CaptionedFolder:
        """The same pictures but some; what is in memory stays there."""
        if not indices:
            return self
        kept = [index for index in range(len(self)) if index not in indices]
        rest = CaptionedFolder([self.images[index] for index in kept], self.resolution)
        rest._kept = {new: self._kept[old] for new, old in enumerate(kept) if old in self._kept}
        return rest

    def captions(self) -> list[str]:
        """The caption of each picture."""
        return [image.caption for image in self.images]


class AugmentedPasses(Examples):
    """Pass after pass of a folder's pictures, which differ by a mirroring and a shift of the square.

    Item p x N + i is picture i in pass p, a pure function of (seed, p, i), so that a resumed run sees what the unbroken
    one would; it keeps the index i.

    Args:
        pictures: N of them.
        seed: of the draws.
        random_crop: whether the square lies anywhere on the picture; else in its middle.
        random_flip: whether every other picture is mirrored.

    >>> Image.new("L", (1, 1), "red").save("one.png")
    >>> from pathlib import Path
    >>> pictures = CaptionedFolder([CaptionedImage(Path("one.png"), "one.png", "red", "red", {})], resolution=8)
    >>> [AugmentedPasses(pictures, random_flip=True)[number].index for number in range(3)]
    [0, 0, 0]
    """

    def __init__(
        self, pictures: CaptionedFolder, seed: int = 0, random_crop: bool = False, random_flip: bool = False
    ) -> None:
        self.pictures, self.seed = pictures, seed
        self.random_crop, self.random_flip = random_crop, random_flip

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Example:
        number, index = divmod(index, len(self.pictures))
        rng = np.random.default_rng([self.seed, number, index])
        where, mirrored = rng.random(), rng.random() < 0.5
        pixels = square(self.pictures.resized(index), where if self.random_crop else 0.5)
        if self.random_flip and mirrored:
            pixels = pixels[:, ::-1]
        return Example(as_tensor(pixels), self.pictures.images[index].caption, index)


def read_resized(image: CaptionedImage, side: int) -> Pixels:
    """(h, w, 3) a picture with ``side`` pixels along its shorter side.

    Raises:
        UserError: the file cannot be read, or the picture is more than ``LONGEST`` times longer than wide.
    """
    picture = read_image(image.path)
    width, height = picture.size
    scale = side / min(width, height)
    if max(width, height) > LONGEST * min(width, height):
        raise UserError(f"{image.path} is {width} x {height} px: expected at most {LONGEST} times longer than wide")
    size = max(side, round(width * scale)), max(side, round(height * scale))
    return np.asarray(picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS))


def square(pixels: Pixels, where: float) -> Pixels:
    """The square of an image (h, w, 3) that lies at a share of the way from its beginning to its end.

    Example:
        >>> square(np.arange(4, dtype=np.uint8).reshape(1, 4, 1), 1.0).ravel()
        array([3], dtype=uint8)
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (int((length - side) * where + 0.5) for length in (height, width))
    return pixels[top : top + side, left : left + side]


def as_tensor(pixels: Pixels) -> torch.Tensor:
    """(3, S, S) uint8 of an image (S, S, 3)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
