"""Images to a grid of scores: does this patch come from a real image?"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

GROUPS = 8


class PatchDiscriminator(nn.Module):
    """The fully convolutional PatchGAN discriminator (Isola et al. 2017, section 6.1.2).

    Each score sees a patch of 34 pixels at 2 stages and 70 at 3. Group norm takes the place of batch norm, so that
    an image's scores do not depend on its batch.

    Args:
        image_size: side S of the images.
        channels: of the first convolution, a multiple of 8; they double up to 8 times this.
        stages: stride-2 convolutions.

    Raises:
        ValueError: the channels cannot be grouped, or the image is too small for the stages.
    """

    def __init__(self, image_size: int = 64, channels: int = 32, stages: int = 2) -> None:
        super().__init__()
        if channels < GROUPS or channels % GROUPS:
            raise ValueError(f"discriminator channels is {channels}: expected a multiple of {GROUPS}")
        if stages < 1 or image_size // 2**stages < 3:
            raise ValueError(
                f"discriminator stages is {stages}: expected 1 or more that leave at least 3 of {image_size} pixels"
            )
        widths = [channels * min(2**stage, 8) for stage in range(stages + 1)]
        self.scores = nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2))
        for stage, (before, after) in enumerate(pairwise(widths), start=1):
            self.scores.append(nn.Conv2d(before, after, 4, stride=2 if stage < stages else 1, padding=1, bias=False))
            self.scores.extend([nn.GroupNorm(GROUPS, after), nn.LeakyReLU(0.2)])
        self.scores.append(nn.Conv2d(widths[-1], 1, 4, stride=1, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        """Scores (B, 1, P, P) of images (B, 3, S, S) in [0, 1]; high where a patch looks real."""
        return self.scores(images * 2 - 1)
