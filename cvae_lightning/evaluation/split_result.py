"""One split evaluated: samples of its captions, reconstructions of its images, and the judge's verdicts on both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader

from cvae_lightning.data import Example, ShapeSceneDataset
from cvae_lightning.evaluation.bounds import bits_per_dim, importance_bound
from cvae_lightning.evaluation.confusion import confusion
from cvae_lightning.evaluation.consistency import JudgedImage, atom_shares, by_slice, failures, judged, shuffled
from cvae_lightning.evaluation.latent import active_units
from cvae_lightning.evaluation.model_adapter import ERRORS, Floats, Images, ModelAdapter, ReconstructionStats
from cvae_lightning.evaluation.settings import POSTERIOR, SAMPLE, EvaluationSettings, SceneSource
from cvae_lightning.inference.pictures import png
from cvae_lightning.world import DEFAULT, World, parse

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SHOWN = 16
"""Images of a split that figures show."""


Result = TypeVar("Result", bound="DataclassInstance")


class Reconstructed(Protocol):
    """What bounds are computed from: see :class:`SplitResult`."""

    @property
    def stats(self) -> ReconstructionStats: ...
    @property
    def log_weights(self) -> Floats: ...
    @property
    def originals(self) -> Images: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitResult:
    """What was found on one split.

    Attributes:
        captions: N captions.
        real: the split's own images, judged: what a perfect painter would get.
        samples: the images painted of the captions, judged.
        reconstructed: the reconstructions of the split's images, judged.
        stats: of the reconstructions; its images are the first ``SHOWN`` only.
        log_weights: (n, K) log importance weights of the first n images.
        originals, painted: (SHOWN, S, S, 3) the first images of the split and the first samples.
        pngs: every sample as a PNG, a fiftieth of its pixels' bytes; empty where samples are not kept.
        world: of the captions.
    """

    captions: list[str]
    real: list[JudgedImage]
    samples: list[JudgedImage]
    reconstructed: list[JudgedImage]
    stats: ReconstructionStats
    log_weights: Floats
    originals: Images
    painted: Images
    pngs: list[bytes] = field(default_factory=list)
    world: World = DEFAULT


def evaluate_split(
    adapter: ModelAdapter,
    settings: EvaluationSettings,
    source: SceneSource,
    split: str,
    advance: Callable[[int], None] = lambda count: None,
) -> SplitResult:
    """Evaluate a model on the first scenes of a split, a batch at a time; says how many captions each batch had."""
    size = adapter.model.image_size
    dataset = ShapeSceneDataset(settings.captions, size, source.seed, split, source.synonyms, source.world)
    batches: DataLoader[Example] = DataLoader(
        dataset, settings.batch_size, num_workers=settings.num_workers, collate_fn=list
    )
    parts = []
    for batch in batches:
        parts.append(_evaluate_batch(adapter, settings, split, batch))
        advance(len(batch))
    return joined(parts)


def _evaluate_batch(
    adapter: ModelAdapter, settings: EvaluationSettings, split: str, batch: Sequence[Example]
) -> SplitResult:
    images = np.stack([example.image.permute(1, 2, 0).numpy() for example in batch])
    captions, indices = [example.caption for example in batch], [example.index for example in batch]
    meanings = [parse(caption, world=adapter.world) for caption in captions]
    painted = adapter.paint(captions, [settings.key(SAMPLE, split, index) for index in indices])
    keys = [settings.key(POSTERIOR, split, index) for index in indices]
    stats = adapter.reconstruct(images, captions, keys)
    bounded = sum(index < settings.bound_images for index in indices)
    weights = np.empty((0, settings.bound_samples))
    if bounded:
        weights = adapter.importance_weights(
            images[:bounded], captions[:bounded], keys[:bounded], settings.bound_samples
        )
    shown = slice(0, sum(index < SHOWN for index in indices))
    return SplitResult(
        captions=captions,
        real=judged(images, meanings, adapter.world),
        samples=judged(painted, meanings, adapter.world),
        reconstructed=judged(stats.reconstructions, meanings, adapter.world),
        # Copies: a view, even of no image, would keep the pictures of every batch in memory.
        stats=stats._replace(reconstructions=stats.reconstructions[shown].copy()),
        log_weights=weights,
        originals=images[shown].copy(),
        painted=painted[shown].copy(),
        pngs=[png(Image.fromarray(image)) for image in painted],
        world=adapter.world,
    )


def joined(parts: Sequence[Result]) -> Result:
    """The results of successive batches as one."""
    return replace(parts[0], **{f.name: _join([getattr(part, f.name) for part in parts]) for f in fields(parts[0])})


def _join(values: Sequence[Any]) -> Any:
    """Lists, arrays or tuples of arrays of successive batches as one."""
    if isinstance(values[0], World):
        return values[0]
    if isinstance(values[0], list):
        return [item for value in values for item in value]
    if isinstance(values[0], ReconstructionStats):
        return ReconstructionStats(*(np.concatenate(arrays) for arrays in zip(*values, strict=True)))
    return np.concatenate(values)


def findings(result: SplitResult) -> dict[str, Any]:
    """All numbers of a split, as plain data."""
    return {
        "real": {"atoms": atom_shares(result.real)},
        "samples": _consistency(result.samples, result.world) | {"confusion": confusion(result.samples, result.world)},
        "shuffled": {"atoms": atom_shares(shuffled(result.samples, result.world))},
        "reconstructions": _consistency(result.reconstructed, result.world),
        "errors": dict(zip(ERRORS, result.stats.errors.mean(axis=0).tolist(), strict=True)),
        "bounds": bounds(result),
        "latent": latent(result.stats),
    }


def _consistency(images: Sequence[JudgedImage], world: World) -> dict[str, Any]:
    return {"atoms": atom_shares(images), "by": by_slice(images, world), "failures": failures(images)}


def bounds(result: Reconstructed) -> dict[str, Any]:
    """Reconstruction loss, rate and the bounds on log p(image | caption), means over images, in nats."""
    distortion, rate = result.stats.distortion.mean(), result.stats.rate.sum(axis=1).mean()
    values = result.originals[0].size
    tight = importance_bound(result.log_weights).mean()
    return {
        "distortion": float(distortion),
        "rate": float(rate),
        "elbo": float(-distortion - rate),
        "bits_per_dim": bits_per_dim(float(-distortion - rate), values),
        "importance_weighted": {
            "images": len(result.log_weights),
            "samples": result.log_weights.shape[1],
            "elbo": float(result.log_weights.mean()),
            "bound": float(tight),
            "bits_per_dim": bits_per_dim(float(tight), values),
        },
    }


def latent(stats: ReconstructionStats) -> dict[str, Any]:
    """Units in use over images of all captions, and the mean rate of each in nats."""
    return {
        "units": stats.mean.shape[1],
        "active_units": active_units(stats.mean.var(axis=0)),
        "rate_by_dimension": stats.rate.mean(axis=0).tolist(),
    }
