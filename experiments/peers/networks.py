"""The peers' networks: a transformer that reads words, and two UNets that read its output by cross-attention."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Reader(nn.Module):
    """Word numbers (B, T) to one vector per word (B, T, C), learned with the UNet."""

    def __init__(self, words: int, length: int, width: int = 128, layers: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width, padding_idx=0)
        self.position = nn.Parameter(0.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, words: Tensor) -> Tensor:
        return self.layers(self.embed(words) + self.position, src_key_padding_mask=words == 0)


def diffusers_unet(width: int) -> nn.Module:
    """The smallest setting of diffusers' conditional UNet that has cross-attention at two resolutions."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=64,
        in_channels=3,
        out_channels=3,
        layers_per_block=1,
        block_out_channels=(32, 64, 96, 96),
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=8,
        norm_num_groups=16,
    )


class PlainUNet(nn.Module):
    """A small UNet: squares of 2 pixels enter, three resolutions, attention to the words at the two lower ones."""

    def __init__(self, width: int, channels: tuple[int, ...] = (48, 96, 128)) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.enter = nn.Conv2d(12, channels[0], 3, padding=1)
        self.down = nn.ModuleList(_Block(c, width, words=k > 0) for k, c in enumerate(channels))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in itertools.pairwise(channels))
        self.up = nn.ModuleList(_Block(c, width, words=k > 0) for k, c in enumerate(channels))
        self.enlarge = nn.ModuleList(nn.Conv2d(b, 4 * a, 3, padding=1) for a, b in itertools.pairwise(channels))
        self.leave = nn.Conv2d(channels[0], 12, 3, padding=1)
        nn.init.zeros_(self.leave.weight)

    def forward(self, images: Tensor, time: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """Images (B, 3, S, S), times (B,) in [0, 1], words (B, T, C) and their mask (B, T), to (B, 3, S, S)."""
        frequencies = torch.exp(torch.linspace(0, math.log(200.0), 32))
        angles = time[:, None] * frequencies
        condition = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        h = self.enter(functional.pixel_unshuffle(images, 2))
        kept = []
        for k, block in enumerate(self.down):
            h = block(h, condition, words, mask)
            kept.append(h)
            if k < len(self.shrink):
                h = self.shrink[k](h)
        for k in reversed(range(len(self.up))):
            h = self.up[k](h + kept[k], condition, words, mask)
            if k:
                h = functional.pixel_shuffle(self.enlarge[k - 1](h), 2)
        return functional.pixel_shuffle(self.leave(functional.silu(h)), 2)


class _Block(nn.Module):
    """Two convolutions with the time between them, then attention to the words and among positions."""

    def __init__(self, channels: int, width: int, words: bool) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.scale = nn.Linear(width, 2 * channels)
        self.attend = nn.MultiheadAttention(channels, 4, kdim=width, vdim=width, batch_first=True) if words else None
        self.relate = nn.MultiheadAttention(channels, 4, batch_first=True) if words else None
        self.query = nn.LayerNorm(channels)

    def forward(self, h: Tensor, condition: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        scale, shift = self.scale(condition)[:, :, None, None].chunk(2, dim=1)
        inner = self.first(functional.silu(self.norm(h))) * (1 + scale) + shift
        h = h + self.second(functional.silu(inner))
        if self.attend is None or self.relate is None:
            return h
        cells = h.flatten(2).transpose(1, 2)  # (B, cells, channels)
        cells = cells + self.attend(self.query(cells), words, words, key_padding_mask=~mask, need_weights=False)[0]
        normed = self.query(cells)
        cells = cells + self.relate(normed, normed, normed, need_weights=False)[0]
        return cells.transpose(1, 2).unflatten(2, h.shape[2:])
