"""Scenes as a map-style dataset: item i is a pure function of (world, seed, split, i)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from cvae_lightning.world import DEFAULT, CaptionedScene, World, captioned_scene, check_split, render


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

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Example:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Example]:
        """Several items at once, rendered together; a DataLoader calls this for each batch."""
        drawn = [self.scene(index) for index in indices]
        images = torch.from_numpy(
            render([scene for _, scene, _ in drawn], self.canvas_size, world=self.world)
        )  # (B, S, S, 3)
        return [
            Example(image, caption, index)
            for image, (_, _, caption), index in zip(images.permute(0, 3, 1, 2), drawn, indices, strict=True)
        ]

    def scene(self, index: int) -> CaptionedScene:
        """What item ``index`` is made from: its meaning, its scene and its caption.

        Raises:
            IndexError: the index is outside the dataset.
        """
        if not -self.size <= index < self.size:
            raise IndexError(f"scene {index} of a dataset of {self.size}")
        return captioned_scene(self.seed, self.split, index % self.size, synonyms=self.synonyms, world=self.world)

    def captions(self, limit: int | None = None) -> Iterator[str]:
        """The captions of the first ``limit`` items (all of them if None), without rendering images."""
        return (self.scene(index)[2] for index in range(min(self.size, limit or self.size)))
