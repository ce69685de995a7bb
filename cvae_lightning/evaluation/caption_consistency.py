"""Caption consistency as a metric: the shares of images that say what their captions say, by the exact judge."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from cvae_lightning.data.images import to_uint8
from cvae_lightning.world import Detection, Meaning, judge, parse, verdict

ATOMS = ("count", "colour", "shape", "size", "relation", "all")


class CaptionConsistency(Metric):
    """Shares of verdicts that are right, by atom; sums over processes, so the share is of all images.

    ``relation`` is a share of the captions that state one, and missing where none does.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    right: Tensor
    asked: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("right", "asked"):
            self.add_state(name, torch.zeros(len(ATOMS), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, images: Tensor | Sequence[Sequence[Detection]], meanings: Sequence[Meaning | str]) -> None:
        """Judge images.

        Args:
            images: (B, 3, S, S), floats in [0, 1] or bytes, S from 32 to 512; or the things seen in each of
                them, for a caller that has looked already.
            meanings: what each should show, as meanings or captions.

        Raises:
            ValueError: the images and meanings are not as many, or the side is out of range.
            CaptionError: a caption has no meaning.
        """
        meant = [parse(one) if isinstance(one, str) else one for one in meanings]
        if isinstance(images, Tensor):
            verdicts = judge(to_uint8(images), meant)
        else:
            verdicts = [verdict(things, meaning) for things, meaning in zip(images, meant, strict=True)]
        for one in verdicts:
            answers = [getattr(one, atom) for atom in ATOMS]
            self.right += torch.tensor([answer is True for answer in answers], device=self.right.device)
            self.asked += torch.tensor([answer is not None for answer in answers], device=self.asked.device)

    def compute(self) -> dict[str, Tensor]:
        """Atom to share, a scalar in [0, 1]."""
        counts = zip(ATOMS, self.right, self.asked, strict=True)
        return {atom: right / asked for atom, right, asked in counts if asked > 0}
