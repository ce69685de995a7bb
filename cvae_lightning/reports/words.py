"""What axes of figures are called: metrics in words, with their units."""

from __future__ import annotations

WORDS = {
    "consistency/all": "share of samples that are right",
    "consistency_reconstructed/all": "share of reconstructions that are right",
    "loss": "loss, nats per image",
    "loss_at_beta": "loss at the final KL weight, nats per image",
    "distortion": "distortion, nats per image",
    "rate": "rate, nats per image",
    "mse": "mean squared error",
    "active_units": "active latents",
    "retrieval": "share of captions that are found",
}
"""By the metric's name without its stage."""


def in_words(metric: str) -> str:
    """A metric as an axis is labelled with it; the name itself where there are no words for it.

    Example:
        >>> in_words("val/rate"), in_words("val/oddity")
        ('rate, nats per image', 'val/oddity')
    """
    return WORDS.get(metric.partition("/")[2], metric)
