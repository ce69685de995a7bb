"""Caption consistency as a torchmetrics metric: sums over batches and processes of what ``consistency`` judges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from cvae_lightning.data.images import to_uint8
from cvae_lightning.evaluation.consistency import judged_things
from cvae_lightning.world import ATOMS, DEFAULT, Detection, Meaning, World, detect, parse


class CaptionConsistency(Metric):
    """Shares of verdicts that are right, by atom, as a torchmetrics metric: its sums are over all processes.

    ``relation`` is a share of the captions that state one, and missing where none does.

    Args:
        world: of the captions and images.

    >>> from cvae_lightning.data import ShapeSceneDataset
    >>> example = ShapeSceneDataset(size=1, canvas_size=64)[0]
    >>> metric = CaptionConsistency()
    >>> metric.update(example.image[None], [example.caption])
    >>> float(metric.compute()["all"])
    1.0
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    right: Tensor
    asked: Tensor

    def __init__(self, world: World = DEFAULT) -> None:
        super().__init__()
        self.world = world
        for name in ("right", "asked"):
            self.add_state(name, torch.zeros(len(ATOMS), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, images: Tensor | Sequence[Sequence[Detection]], meanings: Sequence[Meaning | str]) -> None:
        """Judge images.

        Args:
            images: (B, 3, S, S), floats in [0, 1] or bytes, S from 32 to 512; or what the detector found in each
                of them, for a caller that has run it already.
            meanings: what each should show, as meanings or captions.

        Raises:
            ValueError: the images and meanings are not as many, or the side is out of range.
            CaptionError: a caption has no meaning.
        """
        parsed = [parse(meaning, world=self.world) if isinstance(meaning, str) else meaning for meaning in meanings]
        if len(images) != len(parsed):
            raise ValueError(f"there are {len(images)} images and {len(parsed)} meanings: expected as many")
        detected = detect(to_uint8(images), world=self.world) if isinstance(images, Tensor) else images
        for image in judged_things(detected, parsed, self.world):
            answers = list(image.verdict.atoms().values())
            self.right += torch.tensor([answer is True for answer in answers], device=self.right.device)
            self.asked += torch.tensor([answer is not None for answer in answers], device=self.asked.device)

    def compute(self) -> dict[str, Tensor]:
        """Atom to share, a scalar in [0, 1]."""
        counts = zip(ATOMS, self.right, self.asked, strict=True)
        return {atom: right / asked for atom, right, asked in counts if asked > 0}
