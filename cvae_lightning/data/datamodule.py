"""The LightningDataModule of shape scenes."""

from __future__ import annotations

from collections.abc import Iterable

from cvae_lightning.data.captioned import CaptionedDataModule
from cvae_lightning.data.dataset import ShapeSceneDataset
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.world import DEFAULT, World, word_tables

AMPLE = 32
"""Tokens that the captions of no world need."""
CHECKED = 300
"""Captions whose lengths are checked."""


class ShapeSceneDataModule(CaptionedDataModule):
    """Shape scenes for training, validation and test, and the tokenizer fitted on training captions.

    Args:
        size: scenes of training and validation together.
        val_fraction: share of ``size`` for validation, in (0, 1).
        test_size: scenes of the test split.
        canvas_size: side S of the images.
        batch_size: scenes per batch on each device.
        num_workers: loading processes; None takes one where a core is free for it.
        seed: of the scenes.
        shuffle_seed: seed of the order in which training visits its scenes.
        synonyms: whether captions use all words of the language.
        max_length: the largest number of tokens of a caption.
        fit_captions: how many training captions the tokenizer is fitted on; more would not add a word.
        all_words: whether the tokenizer also has those words of the world that training captions do not have, for a
            recipe that is given what words mean.
        world: what there is, and how it is said.

    Raises:
        ValueError: an argument is out of range; the message says what was expected.

    >>> data = ShapeSceneDataModule(size=20, canvas_size=32, fit_captions=10)
    >>> {split: len(dataset) for split, dataset in data.datasets.items()}
    {'val': 2, 'test': 1000, 'train': 18}
    """

    def __init__(
        self,
        size: int = 10_000,
        val_fraction: float = 0.1,
        test_size: int = 1_000,
        canvas_size: int = 256,
        batch_size: int = 32,
        num_workers: int | None = None,
        seed: int = 0,
        shuffle_seed: int = 0,
        synonyms: bool = True,
        max_length: int = 32,
        fit_captions: int = 10_000,
        all_words: bool = False,
        world: World = DEFAULT,
    ) -> None:
        if not 0 < val_fraction < 1:
            raise ValueError(f"data.val_fraction is {val_fraction}: expected a number between 0 and 1")
        if fit_captions < 1:
            raise ValueError(f"data.fit_captions is {fit_captions}: expected at least 1")
        sizes = {"val": max(1, round(size * val_fraction)), "test": test_size}
        sizes["train"] = size - sizes["val"]
        if size < 2:
            raise ValueError(f"data.size is {size}: expected at least 2, one to train and one to validate")
        if sizes["train"] < 1:
            raise ValueError(
                f"data.val_fraction is {val_fraction}: of data.size={size} scenes it leaves none to train on; "
                f"expected at most {(size - 1) / size:.3g}"
            )
        datasets = {
            split: ShapeSceneDataset(count, canvas_size, seed, split, synonyms, world) for split, count in sizes.items()
        }
        tokenizer = CaptionTokenizer(max_length)
        if max_length < AMPLE:
            check_length(tokenizer, datasets["train"].captions(CHECKED))
        super().__init__(datasets, tokenizer, batch_size, num_workers, shuffle_seed)
        self.fit_captions, self._training = fit_captions, datasets["train"]
        self.all_words, self.world = all_words, world

    def setup(self, stage: str | None = None) -> None:
        """Fit the tokenizer, once; every rank finds the same words."""
        if not self.tokenizer.words:
            further = word_tables(self.world).vocabulary if self.all_words else ()
            self.tokenizer.fit([*self._training.captions(self.fit_captions), *further])


def check_length(tokenizer: CaptionTokenizer, captions: Iterable[str]) -> None:
    """Raise where a caption is longer than the tokenizer's ``max_length``.

    Raises:
        ValueError: the message has the longest.
    """
    longest = max(captions, key=lambda caption: len(tokenizer.split(caption)))
    needed = len(tokenizer.split(longest)) + 2
    if needed > tokenizer.max_length:
        raise ValueError(f"data.max_length is {tokenizer.max_length}: expected at least {needed}, as for {longest!r}")
