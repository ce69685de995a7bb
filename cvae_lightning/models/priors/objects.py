"""Sets of objects in one fixed order: what a slot is, as codes, and where it is, as a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.models.gaussian import HALF_LOG_2PI
from cvae_lightning.models.latent_layout import LatentLayout

PRESENCE_SIGMA = math.exp(-3)
"""Standard deviation of a presence around its value, in the latent's units: a new posterior's."""


class Objects(NamedTuple):
    """The objects of a batch of latents.

    Attributes:
        codes: (B, K, P) of each object's parts; at an empty slot each part's number of entries.
        bins: (B, K, 2) cells of x and y.
        mask: (B, K) slots with an object.
    """

    codes: Tensor
    bins: Tensor
    mask: Tensor


def in_order(objects: Objects, entries: Sequence[int], position_bins: int) -> Objects:
    """The objects by their codes, then along the diagonal from the top left; empty slots last, without numbers.

    The order of objects that are alike teaches a prior both axes: in order from top to bottom it learned early what
    "above" and "below" mean, and "left" and "right" three times later; in order from left to right, the reverse.

    Example:
        >>> codes, bins = torch.tensor([[[1], [0], [1]]]), torch.tensor([[[5, 5], [2, 2], [0, 3]]])
        >>> found = in_order(Objects(codes, bins, torch.tensor([[True, False, True]])), entries=[4], position_bins=8)
        >>> found.codes.flatten().tolist(), found.bins[0].tolist()
        ([1, 1, 4], [[0, 3], [5, 5], [0, 0]])
    """
    key = torch.zeros_like(objects.bins[..., 0])  # (B, K)
    diagonal, down = objects.bins.sum(dim=-1), objects.bins[..., 1]
    columns = (*objects.codes.unbind(-1), diagonal, down)
    for column, size in zip(columns, (*entries, 2 * position_bins, position_bins), strict=True):
        key = key * size + column
    order = key.masked_fill(~objects.mask, torch.iinfo(key.dtype).max).argsort(dim=1, stable=True)
    codes, bins, mask = (_take(rows, order) for rows in (objects.codes, objects.bins, objects.mask.unsqueeze(-1)))
    return Objects(torch.where(mask, codes, codes.new_tensor(entries)), bins * mask, mask.squeeze(-1))


def no_objects(slots: Tensor, entries: Sequence[int]) -> Objects:
    """A batch of as many empty slots as slots (B, K, D)."""
    codes = torch.tensor(entries, device=slots.device).expand(*slots.shape[:2], -1).clone()
    return Objects(codes, torch.zeros_like(codes[..., :1]).repeat(1, 1, 2), torch.zeros_like(codes[..., 0]).bool())


def part_columns(layout: LatentLayout) -> Tensor:
    """Which numbers of a slot are its parts': those besides the named ones, then the radius where there is one."""
    rest = torch.arange(layout.slot_dim - layout.rest_dim, layout.slot_dim)
    return rest if layout.radius_scale is None else torch.cat([rest, rest.new_tensor([layout.radius_column])])


def empty_log_density(layout: LatentLayout, z: Tensor, mask: Tensor) -> Tensor:
    """Log density (B,) of those numbers in latents (B, Z) that objects where mask (B, K) do not determine.

    They are N(0, I) in empty slots, as the posterior's are, and each slot's presence is near its value.
    """
    at = layout.presence_column
    slots = layout.slots(z.float())
    others = torch.cat([slots[..., :at], slots[..., at + 1 :]], dim=-1)  # (B, K, D - 1)
    empty = -(0.5 * others.square() + HALF_LOG_2PI).sum(dim=-1) * ~mask
    error = (slots[..., at] - layout.presence_of(mask)) / PRESENCE_SIGMA
    presence = -(0.5 * error.square() + math.log(PRESENCE_SIGMA) + HALF_LOG_2PI)
    return (empty + presence).sum(dim=1)


def _take(rows: Tensor, order: Tensor) -> Tensor:
    """Rows (B, K, N) in this order (B, K)."""
    return rows.gather(1, order.unsqueeze(-1).expand_as(rows))
