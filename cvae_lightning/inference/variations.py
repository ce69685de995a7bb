"""From one sample to another: noise on a sphere, and captions by their encodings."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cvae_lightning.models import CaptionEncoding, ConditionalVAE, Masked


def interpolated(model: ConditionalVAE, tokens: Tensor, noise: Tensor, steps: int) -> Tensor:
    """Images (steps, 3, S, S) on the way from one sample to another, both included.

    Args:
        model: paints them.
        tokens: (2, T) of the caption at the start and at the end.
        noise: (2, Z) of the sample at the start and at the end.
        steps: images, at least 2.
    """
    start, end = (model.text_encoder(row[None]) for row in tokens)
    images = []
    for share in torch.linspace(0, 1, steps).tolist():
        caption = between(start, end, share)
        z = model.prior.sample(caption, slerp(noise[:1], noise[1:], share))  # (1, Z)
        images.append(model.decoder(z, caption))
    return torch.cat(images)


def slerp(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Noise on the way from ``first`` (share 0) to ``second`` (share 1), both (B, Z), at an even angular pace.

    The straight line would pass through noise that is far too short for N(0, I) (Shoemake 1985; White 2016).

    Example:
        >>> round(slerp(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.5).norm().item(), 3)
        1.0
    """
    cosine = functional.cosine_similarity(first, second, dim=1).clamp(-1, 1).unsqueeze(1)  # (B, 1)
    angle = cosine.acos()  # (B, 1)
    whole = angle.sin()
    bent = (((1 - share) * angle).sin() * first + (share * angle).sin() * second) / whole.clamp(min=1e-6)
    return torch.where(whole < 1e-3, torch.lerp(first, second, share), bent)


def between(first: CaptionEncoding, second: CaptionEncoding, share: float) -> CaptionEncoding:
    """The encoding on the straight way from ``first`` (share 0) to ``second`` (share 1).

    A token or object that only one of them has keeps its embedding, and is there in that one's half of the way.

    Args:
        first, second: encodings of equally many captions by the same encoder, with equally many tokens T.
        share: 0 to 1.
    """
    if first.objects is None or second.objects is None:
        objects = None
    else:
        objects = _between(first.objects, second.objects, share)
    pooled = torch.lerp(first.pooled, second.pooled, share)
    return CaptionEncoding(pooled, _between(first.tokens, second.tokens, share), objects)


def _between(first: Masked, second: Masked, share: float) -> Masked:
    in_first, in_second = first.mask.unsqueeze(-1), second.mask.unsqueeze(-1)  # (B, N, 1)
    one_only = torch.where(in_first, first.values, second.values)
    values = torch.where(in_first & in_second, torch.lerp(first.values, second.values, share), one_only)
    mask = first.mask if share < 0.5 else second.mask
    return Masked(values * mask.unsqueeze(-1), mask)
