"""An exported data set in memory, and its captions as word numbers: what every peer is trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

PAD, UNKNOWN = 0, 1


class Captioned(NamedTuple):
    """Pictures with captions.

    Attributes:
        images: (N, 3, S, S) uint8.
        captions: N texts.
    """

    images: Tensor
    captions: list[str]


def read(folder: Path) -> Captioned:
    """The pictures of one split's folder, in the order of its ``metadata.jsonl``."""
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    pixels = [np.asarray(Image.open(folder / row["file_name"]).convert("RGB")) for row in rows]
    return Captioned(torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(), [row["text"] for row in rows])


class Words:
    """Words by number, as they occur in the training captions."""

    def __init__(self, captions: list[str], length: int = 24) -> None:
        words = sorted({word for caption in captions for word in caption.split()})
        self.number = {word: number for number, word in enumerate(words, start=2)}
        self.length = length

    def __len__(self) -> int:
        return len(self.number) + 2

    def encode(self, captions: list[str]) -> Tensor:
        """(N, length) word numbers, padded on the right."""
        rows = [[self.number.get(word, UNKNOWN) for word in caption.split()][: self.length] for caption in captions]
        return torch.tensor([row + [PAD] * (self.length - len(row)) for row in rows])
