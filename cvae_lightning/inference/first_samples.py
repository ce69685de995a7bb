"""Sample 0 of captions that are known as tokens."""

from __future__ import annotations

from torch import Tensor

from cvae_lightning.inference.noise import normal_rows, sample_key
from cvae_lightning.models import ConditionalVAE


def first_samples(model: ConditionalVAE, tokens: Tensor, seed: int = 0) -> Tensor:
    """(B, 3, S, S) sample 0 of each caption (B, T).

    They are the very pixels that a :class:`~cvae_lightning.inference.painter.Painter` gives for this seed. For callers
    that have tokens and not captions: a run on a handful of scenes does not know every word of its validation captions,
    which a painter refuses.
    """
    noise = normal_rows([sample_key(seed, index=0)], model.latent_dim).to(tokens.device)
    return model.generate(tokens, noise=noise.expand(len(tokens), -1))
