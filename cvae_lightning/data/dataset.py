"""Scenes as a map-style dataset: item i is a pure function of (world, seed, split, i)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from cvae_lightning.world import (
    DEFAULT,
    CaptionedScene,
    SceneBatch,
    World,
    captioned_scene,
    captioned_scenes,
    check_split,
    render,
)

FEW = 64
"""Scenes that are sampled faster one at a time."""
LOT = 8192
"""Scenes whose captions are drawn at once."""


class Example(NamedTuple):
    """One scene.

    Attributes:
        image: (3, S, S) uint8; divide by 255 for [0, 1].
        caption: a caption of the scene.
        index: its index in the split.

    >>> Example(torch.zeros(3, 64, 64, dtype=torch.uint8), "a red circle", index=7).index
    7
    """

    image: Tensor
    caption: str
    index: int  # type: ignore[assignment]  # in place of tuple.index, which an example has no use for


class Examples(Dataset[Example]):
    """A dataset whose item i is a pure function of i."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitems__(self, indices: Sequence[int]) -> list[Example]:
        """Several items at once; a DataLoader calls this for each batch."""
        return [self[index] for index in indices]

    def expect(self, indices: Sequence[int]) -> None:
        """Prepare for items that are about to be asked for, where that is cheaper for many at once."""


class ShapeSceneDataset(Examples):
    """Procedural scenes of the shape world with their captions; nothing is stored.

    Item i is the same in any order, in any worker and on any rank. A negative index counts from the end.

    Args:
        size: number of scenes.
        canvas_size: side S of the images in pixels, 32 to 512.
        seed: of the scenes.
        split: one of the world's splits, such as ``train``, ``val``, ``test``, ``heldout`` and ``novel_pair``.
        synonyms: whether captions use all words of the language or only the canonical ones.
        world: what there is, and how it is said.

    Raises:
        ValueError: an argument is out of range; the message says what was expected.

    >>> dataset = ShapeSceneDataset(size=100, canvas_size=64)
    >>> image, caption, index = dataset[3]
    >>> tuple(image.shape), caption, index
    ((3, 64, 64), 'two medium yellow circles', 3)
    """

    def __init__(
        self,
        size: int = 10_000,
        canvas_size: int = 256,
        seed: int = 0,
        split: str = "train",
        synonyms: bool = True,
        world: World = DEFAULT,
    ) -> None:
        if size < 1:
            raise ValueError(f"dataset size is {size}: expected at least 1 scene")
        if not 32 <= canvas_size <= 512:
            raise ValueError(f"canvas_size is {canvas_size}: expected 32 to 512 pixels")
        if seed < 0:
            raise ValueError(f"data seed is {seed}: expected 0 or more")
        check_split(split, world=world)
        self.size, self.canvas_size, self.seed, self.split = size, canvas_size, seed, split
        self.synonyms, self.world = synonyms, world
        self._expected: tuple[dict[int, int], SceneBatch | None] = {}, None

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Example:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Example]:
        """Several items at once, rendered together; a DataLoader calls this for each batch."""
        pixels, captions = self._drawn([self._index(index) for index in indices])
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # (B, 3, S, S)
        return [Example(*example) for example in zip(images, captions, indices, strict=True)]

    def expect(self, indices: Sequence[int]) -> None:
        """Sample the scenes of items that are about to be asked for, which is cheaper than a batch at a time.

        Args:
            indices: 0 or more each; those of an earlier call are forgotten.
        """
        scenes = captioned_scenes(self.seed, self.split, indices, synonyms=self.synonyms, world=self.world)
        self._expected = {index: row for row, index in enumerate(indices)}, scenes

    def _drawn(self, indices: Sequence[int]) -> tuple[NDArray[np.uint8], Sequence[str]]:
        """(B, S, S, 3) pixels, and captions."""
        rows, scenes = self._expected
        if scenes is not None and all(index in rows for index in indices):
            chosen = scenes.take([rows[index] for index in indices])
        elif len(indices) < FEW:
            examples = [self.scene(index) for index in indices]
            pixels = render([example.scene for example in examples], self.canvas_size, world=self.world)
            return pixels, [example.caption for example in examples]
        else:
            chosen = captioned_scenes(self.seed, self.split, indices, synonyms=self.synonyms, world=self.world)
        return chosen.draw(self.canvas_size), chosen.captions

    def scene(self, index: int) -> CaptionedScene:
        """What item ``index`` is made from: its meaning, its scene and its caption.

        Raises:
            IndexError: the index is outside the dataset.
        """
        number = self._index(index)
        return captioned_scene(self.seed, self.split, number, synonyms=self.synonyms, world=self.world)

    def _index(self, index: int) -> int:
        if not -self.size <= index < self.size:
            raise IndexError(f"scene {index} of a dataset of {self.size}")
        return index % self.size

    def captions(self, limit: int | None = None) -> Iterator[str]:
        """The captions of the first ``limit`` items (all of them if None), without rendering images."""
        count = min(self.size, limit or self.size)
        for start in range(0, count, LOT):
            lot = range(start, min(start + LOT, count))
            yield from captioned_scenes(self.seed, self.split, lot, synonyms=self.synonyms, world=self.world).captions
