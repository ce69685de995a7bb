"""Every metric that a run logs: the contract of names, units and meanings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricName:
    """What a metric is.

    Attributes:
        stages: ``train``, ``val`` or ``test``: what comes before the slash.
        unit: of its values; empty for a plain number.
        meaning: in one sentence.
    """

    stages: tuple[str, ...]
    unit: str
    meaning: str


ALL, TRAIN, VAL, EVALUATED = ("train", "val", "test"), ("train",), ("val",), ("val", "test")
NATS = "nats per image"
ATOMS = {
    "all": "everything is as the caption says",
    "count": "the number of objects is right",
    "colour": "the colours are right",
    "shape": "the shapes are right",
    "size": "the sizes are right",
    "relation": "of captions with a relation: the relation holds",
}

METRICS: dict[str, MetricName] = {
    "loss": MetricName(
        ALL, NATS, "what is minimised: distortion + kl_weight x rate + prior, auxiliary and penalty terms"
    ),
    "loss_at_beta": MetricName(ALL, NATS, "distortion + beta x rate alone, at the final weight"),
    "distortion": MetricName(ALL, NATS, "-log p(image | z, caption)"),
    "rate": MetricName(ALL, NATS, "KL(q || p(z)); for a flow p(z) is its base, N(0, I)"),
    "prior_loss": MetricName(ALL, NATS, "what the prior minimises for itself, a flow's matching loss; 0 for others"),
    "auxiliary_loss": MetricName(ALL, NATS, "the auxiliary losses of text encoder and encoder; 0 without slots"),
    "sampled_flow_loss": MetricName(
        TRAIN, "", "of distribution matching: the matching loss of the flow that learns the sampler's samples"
    ),
    "velocity_difference": MetricName(
        TRAIN,
        "",
        "of distribution matching: norm of the difference between that flow's velocity and the trained flow's",
    ),
    "kl_weight": MetricName(ALL, "", "weight of the rate at this step"),
    "beta_effective": MetricName(ALL, "", "the weight of the rate where the distortion is counted in nats"),
    "perceptual": MetricName(ALL, "", "distance of VGG16 features, before its weight"),
    "adversarial": MetricName(ALL, "", "minus the discriminator's mean score of reconstructions, before its weight"),
    "adversarial_weight": MetricName(ALL, "", "weight of the adversarial term in the loss"),
    "discriminator": MetricName(ALL, "", "the discriminator's hinge loss"),
    "learning_rate": MetricName(TRAIN, "", "of the update that follows"),
    "gradient_norm": MetricName(TRAIN, "", "norm of all gradients before clipping"),
    "mse": MetricName(EVALUATED, "squared, of [0, 1]", "error of reconstructions through the posterior's mean"),
    "mae": MetricName(EVALUATED, "of [0, 1]", "absolute error of reconstructions through the posterior's mean"),
    "psnr": MetricName(EVALUATED, "dB", "peak signal-to-noise ratio of reconstructions, mean over images"),
    **{f"consistency/{atom}": MetricName(VAL, "share", f"of samples: {text}") for atom, text in ATOMS.items()},
    **{
        f"consistency_reconstructed/{atom}": MetricName(VAL, "share", f"of reconstructions: {text}")
        for atom, text in ATOMS.items()
    },
    "retrieval": MetricName(VAL, "share", "of own pictures: whose caption explains them best, of the captions of all"),
    "retrieval_chance": MetricName(VAL, "share", "what retrieval would be if captions were ignored"),
    "active_units": MetricName(
        VAL, "latents", "whose posterior mean has a variance above 0.01 over scenes of one caption"
    ),
    "probed_rate": MetricName(VAL, NATS, "the rate of the judged scenes alone"),
    "sharpness": MetricName(VAL, "ratio", "gradient energy of reconstructions over that of their images"),
    "caption_effect": MetricName(
        VAL, "ratio", "distance of samples that share their noise but not their caption, over that of their scenes"
    ),
    "caption_gain": MetricName(VAL, "share of atoms", "right by the sample's own caption minus right by another's"),
    "caption_gain_error": MetricName(VAL, "share of atoms", "standard error of caption_gain"),
}
"""By the name without its stage, in the order of the page of metrics."""


def describe_metric(name: str) -> str | None:
    """Meaning and unit of a logged name; None for a name that is not in the contract.

    Example:
        >>> describe_metric("val/psnr")
        'peak signal-to-noise ratio of reconstructions, mean over images (dB)'
        >>> describe_metric("train/psnr") is None
        True
    """
    stage, _, metric = name.partition("/")
    known = METRICS.get(metric)
    if known is None or stage not in known.stages:
        return None
    return f"{known.meaning} ({known.unit})" if known.unit else known.meaning
