"""One split put to a model: pictures of its captions, its images seen by the model, and what the judge says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from torch.utils.data import DataLoader

from cvae_lightning.data import Example, ShapeSceneDataset
from cvae_lightning.evaluation.bounds import active_units, bits_per_dim, importance_bound
from cvae_lightning.evaluation.confusion import confusion
from cvae_lightning.evaluation.model_adapter import ERRORS, Floats, Images, Look, ModelAdapter
from cvae_lightning.evaluation.settings import POSTERIOR, SAMPLE, Plan, World
from cvae_lightning.evaluation.slices import Case, atoms, by_slice, failures, judged, shuffled
from cvae_lightning.world import parse

SHOWN = 16


class SplitResult(NamedTuple):
    """What one split showed.

    Attributes:
        captions: N captions.
        real: the split's own images, judged: what a perfect painter would get.
        samples: the pictures painted of them, judged.
        reconstructions: the split's images seen through the model, judged.
        look: of the same images; its ``seen`` holds the first ``SHOWN`` only.
        weights: (n, K) log importance weights of the first n images.
        originals, painted: the first ``SHOWN`` images of the split and samples.
    """

    captions: list[str]
    real: list[Case]
    samples: list[Case]
    reconstructions: list[Case]
    look: Look
    weights: Floats
    originals: Images
    painted: Images


def survey(subject: ModelAdapter, plan: Plan, world: World, split: str) -> SplitResult:
    """Put the first scenes of a split to the model, a batch at a time."""
    dataset = ShapeSceneDataset(plan.captions, subject.model.image_size, world.seed, split, world.mix, world.synonyms)
    batches: DataLoader[Example] = DataLoader(dataset, plan.batch_size, num_workers=plan.num_workers, collate_fn=list)
    return _joined([_surveyed(subject, plan, split, batch) for batch in batches])


def _surveyed(subject: ModelAdapter, plan: Plan, split: str, batch: Sequence[Example]) -> SplitResult:
    images = np.stack([example.image.permute(1, 2, 0).numpy() for example in batch])
    captions, places = [example.caption for example in batch], [example.index for example in batch]
    meanings = [parse(caption) for caption in captions]
    painted = subject.paint(captions, [plan.key(SAMPLE, split, place) for place in places])
    keys = [plan.key(POSTERIOR, split, place) for place in places]
    look = subject.look(images, captions, keys)
    bounded = sum(place < plan.bound_images for place in places)
    weights = np.empty((0, plan.bound_samples))
    if bounded:
        weights = subject.weigh(images[:bounded], captions[:bounded], keys[:bounded], plan.bound_samples)
    shown = slice(0, sum(place < SHOWN for place in places))
    return SplitResult(
        captions,
        judged(images, meanings),
        judged(painted, meanings),
        judged(look.seen, meanings),
        look._replace(seen=look.seen[shown]),
        weights,
        images[shown],
        painted[shown],
    )


def _joined(parts: Sequence[SplitResult]) -> SplitResult:
    lists: list[Any] = [[x for part in parts for x in part[k]] for k in range(4)]
    look = Look(*(np.concatenate(arrays) for arrays in zip(*(part.look for part in parts), strict=True)))
    arrays = (np.concatenate([part[k] for part in parts]) for k in range(5, 8))
    return SplitResult._make([*lists, look, *arrays])


def findings(seen: SplitResult) -> dict[str, Any]:
    """All numbers of a survey, as plain data."""
    return {
        "real": {"atoms": atoms(seen.real)},
        "samples": _consistency(seen.samples) | {"confusion": confusion(seen.samples)},
        "shuffled": {"atoms": atoms(shuffled(seen.samples))},
        "reconstructions": _consistency(seen.reconstructions),
        "errors": dict(zip(ERRORS, seen.look.errors.mean(axis=0).tolist(), strict=True)),
        "bounds": bounds(seen),
        "latent": latent(seen.look),
    }


def _consistency(cases: Sequence[Case]) -> dict[str, Any]:
    return {"atoms": atoms(cases), "by": by_slice(cases), "failures": failures(cases)}


def bounds(seen: SplitResult) -> dict[str, Any]:
    """Reconstruction loss, rate and the bounds on log p(image | caption), means over images, in nats."""
    distortion, rate = seen.look.distortion.mean(), seen.look.rate.sum(axis=1).mean()
    values = seen.originals[0].size
    tight = importance_bound(seen.weights).mean()
    return {
        "distortion": float(distortion),
        "rate": float(rate),
        "elbo": float(-distortion - rate),
        "bits_per_dim": bits_per_dim(float(-distortion - rate), values),
        "importance_weighted": {
            "images": len(seen.weights),
            "samples": seen.weights.shape[1],
            "elbo": float(seen.weights.mean()),
            "bound": float(tight),
            "bits_per_dim": bits_per_dim(float(tight), values),
        },
    }


def latent(look: Look) -> dict[str, Any]:
    """Units in use, and the mean rate of each in nats."""
    return {
        "units": look.mean.shape[1],
        "active_units": active_units(look.mean),
        "rate_by_dimension": look.rate.mean(axis=0).tolist(),
    }
