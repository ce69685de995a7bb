"""Images to q(z | image, caption): the guide's stack of stride-2 convolutions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption

GROUPS = 8


def stage_channels(base_channels: int, stages: int, widest: int = 8) -> list[int]:
    """Channels after each stride-2 stage: doubling from ``base_channels`` up to ``widest`` times it."""
    return [base_channels * min(2**stage, widest) for stage in range(stages)]


def bottom_side(image_size: int, stages: int) -> int:
    """Side of the feature map after all stages.

    Raises:
        ValueError: the image side is no multiple of 2 ** stages (both numbers are named).
    """
    if stages < 1:
        raise ValueError(f"stages is {stages}: expected at least 1")
    side, rest = divmod(image_size, 2**stages)
    if rest or side < 1:
        nearest = max(1, round(image_size / 2**stages)) * 2**stages
        raise ValueError(
            f"image_size {image_size} does not halve {stages} times: expected a multiple of "
            f"{2**stages}, such as {nearest}, or fewer stages"
        )
    return int(side)


def normalisation(kind: str, channels: int) -> nn.Module:
    """``group``, ``batch`` or ``none``; with groups an image's result never depends on its batch.

    Raises:
        ValueError: another kind, or channels that do not divide into 8 groups.
    """
    if kind not in ("group", "batch", "none"):
        raise ValueError(f"norm is {kind!r}: expected group, batch or none")
    if kind == "none":
        return nn.Identity()
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if channels % GROUPS:
        raise ValueError(f"{channels} channels do not divide into {GROUPS} groups: use a multiple of {GROUPS}")
    return nn.GroupNorm(GROUPS, channels)


class Encoding(NamedTuple):
    """What an encoder makes of images.

    Attributes:
        posterior: q(z | image, caption) over z (B, Z).
        loss: (B,) what the encoder minimises for itself besides the model's objective, nats; zero for most.
    """

    posterior: Gaussian
    loss: Tensor


class Encoder(nn.Module, ABC):
    """What a model needs of an encoder."""

    @abstractmethod
    def forward(self, images: Tensor, caption: Caption) -> Encoding:
        """Encode images (B, 3, S, S) in [0, 1]."""


@part
class ConvEncoder(Encoder):
    """Stride-2 convolutions to the mean and log sigma of a diagonal Gaussian.

    Args:
        image_size: side S of the images, a multiple of 2 ** stages.
        latent_dim: Z.
        base_channels: channels after the first stage; they double up to 8 times this.
        stages: number of stride-2 convolutions.
        caption_dim: C to condition the posterior on the caption, q(z | image, caption)
            (Sohn et al. 2015), by joining its embedding to the features; 0 for the guide's q(z | image).
        norm: ``group``, ``batch`` or ``none`` after every convolution.
    """

    def __init__(
        self,
        image_size: int = 256,
        latent_dim: int = 128,
        base_channels: int = 64,
        stages: int = 5,
        caption_dim: int = 0,
        norm: str = "group",
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        side = bottom_side(image_size, stages)
        widths = stage_channels(base_channels, stages)
        self.stages = nn.Sequential()
        for before, after in zip([3, *widths], widths, strict=False):
            self.stages.extend(
                [
                    nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1),
                    normalisation(norm, after),
                    nn.SiLU(),
                ]
            )
        self.head = nn.Linear(widths[-1] * side**2 + caption_dim, 2 * latent_dim)

    def forward(self, images: Tensor, caption: Caption) -> Encoding:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        expected = (3, self.image_size, self.image_size)
        if images.ndim != 4 or tuple(images.shape[1:]) != expected:
            raise ValueError(f"images have shape {tuple(images.shape)}: expected (batch, *{expected})")
        features = self.stages(2 * images - 1).flatten(1)
        if self.caption_dim:
            features = torch.cat([features, caption.pooled.to(features.dtype)], dim=1)
        posterior = Gaussian.from_raw(*self.head(features).chunk(2, dim=1))
        return Encoding(posterior, images.new_zeros(len(images)))
