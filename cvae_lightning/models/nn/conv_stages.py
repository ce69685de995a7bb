"""Sizes and norms of convolutional stages."""

from __future__ import annotations

from torch import nn

NORM_GROUPS = 8
"""Channel groups of a group norm."""


def stage_channels(base_channels: int, stages: int, widest: int = 8) -> list[int]:
    """Channels after each stride-2 stage: doubling from ``base_channels`` up to ``widest`` times it."""
    return [base_channels * min(2**stage, widest) for stage in range(stages)]


def bottom_side(image_size: int, stages: int) -> int:
    """Side of the feature map after all stages.

    Raises:
        ValueError: the image side is not a multiple of 2 ** stages (both numbers are named).
    """
    if not 1 <= stages <= 16:
        raise ValueError(f"stages is {stages}: expected 1 to 16")
    side, rest = divmod(image_size, 2**stages)
    if rest or side < 1:
        nearest = max(1, round(image_size / 2**stages)) * 2**stages
        raise ValueError(
            f"image_size {image_size} does not halve {stages} times: expected a multiple of "
            f"{2**stages}, such as {nearest}, or fewer stages"
        )
    return int(side)


def normalization(kind: str, channels: int) -> nn.Module:
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
    if channels < NORM_GROUPS or channels % NORM_GROUPS:
        raise ValueError(
            f"{channels} channels do not divide into {NORM_GROUPS} groups: use a multiple of {NORM_GROUPS}"
        )
    return nn.GroupNorm(NORM_GROUPS, channels)
