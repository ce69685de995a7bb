"""Captions' embeddings and slots' arguments for tests of a part alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.models import CaptionEncoding, LatentLayout, LearnedQueries, Masked, ObjectQueries

QUERIES = {"learned": LearnedQueries, "objects": ObjectQueries}


def encoding(pooled: Tensor, values: Tensor, mask: Tensor | None = None) -> CaptionEncoding:
    """One embedding (B, C) per caption, and the same embeddings (B, K, C) as its tokens and its objects."""
    mask = values.new_ones(values.shape[:2], dtype=torch.bool) if mask is None else mask
    return CaptionEncoding(pooled, Masked(values, mask), Masked(values, mask))


def random_encoding(rows: int, slots: int, width: int, mask: Tensor | None = None) -> CaptionEncoding:
    """Random embeddings, zero where the mask is False."""
    values = torch.randn(rows, slots, width)
    return encoding(torch.randn(rows, width), values if mask is None else values * mask.unsqueeze(-1), mask)


def with_values(caption: CaptionEncoding, values: Tensor) -> CaptionEncoding:
    """Other embeddings of tokens and objects, the rest as before."""
    return encoding(caption.pooled, values, caption.tokens.mask)


def with_pooled(caption: CaptionEncoding, pooled: Tensor) -> CaptionEncoding:
    return replace(caption, pooled=pooled)


def with_mask(caption: CaptionEncoding, mask: Tensor) -> CaptionEncoding:
    return encoding(caption.pooled, caption.tokens.values, mask)


def rows(caption: CaptionEncoding, index: Any) -> CaptionEncoding:
    """Some rows of a batch of captions."""
    return encoding(caption.pooled[index], caption.tokens.values[index], caption.tokens.mask[index])


def slot_arguments(latent_dim: int, slots: int, caption_dim: int, kind: str, width: int = 16) -> dict[str, Any]:
    """Layout and queries of an encoder or decoder whose slots have a position."""
    queries = QUERIES[kind](slots, width, caption_dim)
    return {"layout": LatentLayout(latent_dim, slots, 4.0), "queries": queries, "caption_dim": caption_dim}
