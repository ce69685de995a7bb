"""What decoders of layers share: the slots that paint, and where on a canvas their layers go."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import Masked
from cvae_lightning.models.latent_layout import SlotNumbers
from cvae_lightning.models.nn.ragged import RaggedIndex


class LayerCanvas(nn.Module):
    """Adds up what slots paint in the cells around them.

    Args:
        image_size: side S of the images.
        patch: side of a cell in pixels.
        reach: how far from its position a slot paints at least, as a share of S.

    Raises:
        ValueError: the image does not divide into cells, or a reach out of range.

    Example:
        >>> canvas = LayerCanvas(image_size=8, patch=4, reach=0.5)
        >>> cells = canvas.cells(torch.tensor([[0.3, 0.6]]))
        >>> tuple(cells.shape), cells[0, 4].tolist()
        ((1, 9, 2), [0, 1])
    """

    window: Tensor

    def __init__(self, image_size: int, patch: int, reach: float) -> None:
        super().__init__()
        if patch < 1 or image_size < 1 or image_size % patch:
            raise ValueError(f"image_size {image_size} does not divide into patches of {patch} pixels")
        if not 0 < reach <= 1:
            raise ValueError(f"decoder.reach is {reach}: expected a share of the image's side above 0, up to 1")
        self.patch, self.side, self.margin = patch, image_size // patch, math.ceil(reach * image_size / patch)
        steps = torch.arange(-self.margin, self.margin + 1)
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        self.register_buffer("window", torch.stack([x, y], dim=-1).reshape(-1, 2), persistent=False)

    def cells(self, positions: Tensor) -> Tensor:
        """Column and row (M, N, 2) of the cells around positions (M, 2); they may be outside of the canvas."""
        return (positions.detach() * self.side).floor().long().clamp(0, self.side - 1).unsqueeze(1) + self.window

    def centres(self, cells: Tensor) -> Tensor:
        """Positions (M, N, 2) of the cells' centres (M, N, 2)."""
        return (cells + 0.5) / self.side

    def empty(self, batch: int, like: Tensor) -> Tensor:
        """A canvas with nothing on it, for :meth:`add`."""
        return like.new_zeros(batch * (self.side + 2 * self.margin) ** 2, 3 * self.patch**2)

    def add(self, canvas: Tensor, layers: Tensor, cells: Tensor, index: RaggedIndex, some: slice) -> None:
        """Add layers (M', N, 3 * patch ** 2) in cells (M', N, 2) of the slots ``some`` of the index, in place."""
        whole = self.side + 2 * self.margin
        at = (index.row[some, None] * whole + cells[..., 1] + self.margin) * whole + cells[..., 0] + self.margin
        canvas.index_add_(0, at.flatten(), index.zero_padding(layers).flatten(0, 1))

    def images(self, canvas: Tensor) -> Tensor:
        """(B, 3, S, S) of a canvas."""
        whole, inner = self.side + 2 * self.margin, slice(self.margin, self.margin + self.side)
        cells = canvas.reshape(-1, whole, whole, canvas.shape[-1])[:, inner, inner]
        return functional.pixel_shuffle(cells.permute(0, 3, 1, 2), self.patch)


def slot_tokens(queries: Masked, numbers: SlotNumbers, latent: nn.Module | None) -> tuple[RaggedIndex, Tensor]:
    """Where the M slots that paint are, and what each is asked to paint, (M, W).

    Args:
        queries: (B, K, W), with the mask of slots in use.
        numbers: of the latent; slots that it says are empty paint nothing.
        latent: a slot's other numbers to what they add to its query; None where it has none.
    """
    index = RaggedIndex.from_mask(queries.mask if numbers.present is None else queries.mask & numbers.present)
    tokens = index.pack(queries.values)
    return index, tokens if latent is None else tokens + latent(index.pack(numbers.rest))
