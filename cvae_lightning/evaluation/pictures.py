"""The evaluation of a model of own pictures: what can be measured where no judge knows what a picture should show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cvae_lightning.data import CaptionedFolder
from cvae_lightning.data.images import from_uint8
from cvae_lightning.evaluation.bounds import prior_of_bounds
from cvae_lightning.evaluation.evaluate import round_floats
from cvae_lightning.evaluation.features import FeatureNetwork, distances
from cvae_lightning.evaluation.model_adapter import ERRORS, Floats, Images, ModelAdapter, ReconstructionStats
from cvae_lightning.evaluation.pictures_settings import PicturesPlan, PicturesSettings
from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.evaluation.retrieval import caption_bounds, ranks, retrieval
from cvae_lightning.evaluation.settings import POSTERIOR, SAMPLE
from cvae_lightning.evaluation.split_result import bounds, joined, latent
from cvae_lightning.inference.noise import normal_rows
from cvae_lightning.inference.painter import Painter
from cvae_lightning.runs.counted import counted

log = logging.getLogger(__name__)
Features = Callable[[Images, Sequence[str]], Tensor]
"""(N, D) features of images (N, S, S, 3) with their captions."""


class RetrievedCaption(NamedTuple):
    """Whether a picture's own caption was found among those of M pictures.

    Attributes:
        is_found: whether it explains the picture better than every other caption.
        rank: of the own caption, 1 for the best; captions that explain the picture as well count as better.
        best: the caption that explains it best.
    """

    is_found: bool
    rank: int
    best: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesResult:
    """What was found on one split.

    Attributes:
        captions: N captions.
        stats: of the reconstructions.
        log_weights: (n, K) log importance weights of the first n pictures.
        originals, painted: (N, S, S, 3) the pictures and a sample of each caption.
        retrieval: whether each of the first M captions was found; empty where there was nothing to choose from.
    """

    captions: list[str]
    stats: ReconstructionStats
    log_weights: Floats
    originals: Images
    painted: Images
    retrieval: list[RetrievedCaption] = field(default_factory=list)


class PicturesEvaluation(NamedTuple):
    """Every number as plain data, and the arrays of each split for figures."""

    results: dict[str, Any]
    splits: dict[str, PicturesResult]


def evaluate_folder(
    painter: Painter, plan: PicturesPlan, advance: Callable[[int], None] = lambda count: None
) -> PicturesEvaluation:
    """As :func:`evaluate_pictures`, of a plan; the plan's ``steps`` are those that ``advance`` counts.

    Raises:
        UserError: a picture cannot be read, or the feature network's weights cannot.
    """
    settings, size = plan.settings, painter.model.image_size
    network = None
    if settings.features is not None:
        network = FeatureNetwork(settings.feature_network, Path(settings.features))
        settings = replace(settings, features=Path(settings.features).name)
    datasets = {split: CaptionedFolder(plan.images[split], size) for split in settings.splits}
    return evaluate_pictures(painter, settings, datasets, network, advance)


def evaluate_pictures(
    painter: Painter,
    settings: PicturesSettings,
    datasets: Mapping[str, CaptionedFolder],
    network: Callable[[Tensor], Tensor] | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> PicturesEvaluation:
    """Measure a model on the first pictures of each split; the same arguments give the same results.

    Args:
        painter: the trained model.
        settings: how much.
        datasets: the pictures by split, at the model's size.
        network: features (B, D) of images (B, 3, S, S) in [0, 1], for the distances; None for the model's own encoder.
        advance: is called with how many more pictures are measured, or compared with the captions of all.
    """
    adapter = ModelAdapter(painter, settings.batch_size)
    features = adapter_features(adapter) if network is None else network_features(network, settings.batch_size)
    splits, found = {}, {}
    for split in settings.splits:
        log.info("%s: %s", split, counted(min(settings.captions, len(datasets[split])), "picture"))
        measured = _measured(adapter, settings, datasets[split], split, advance)
        numbers, retrieved = _retrieval(adapter, settings, measured, split, advance)
        splits[split] = replace(measured, retrieval=retrieved)
        found[split] = _findings(adapter, settings, measured, features, numbers)
    results = {
        "settings": asdict(settings),
        "image_size": painter.model.image_size,
        "bounds_prior": prior_of_bounds(painter.model.prior),
        "features": "the model's own encoder" if network is None else type(network).__name__,
        "splits": found,
    }
    return PicturesEvaluation(round_floats(results), splits)


def _measured(
    adapter: ModelAdapter,
    settings: PicturesSettings,
    dataset: CaptionedFolder,
    split: str,
    advance: Callable[[int], None],
) -> PicturesResult:
    count, parts = min(settings.captions, len(dataset)), []
    for start in range(0, count, settings.batch_size):
        indices = range(start, min(start + settings.batch_size, count))
        parts.append(_measured_batch(adapter, settings, dataset, split, indices))
        advance(len(indices))
    return joined(parts)


def _measured_batch(
    adapter: ModelAdapter, settings: PicturesSettings, dataset: CaptionedFolder, split: str, indices: range
) -> PicturesResult:
    examples = dataset.__getitems__(indices)
    images = np.stack([example.image.permute(1, 2, 0).numpy() for example in examples])
    captions = [example.caption for example in examples]
    keys = [settings.key(POSTERIOR, split, index) for index in indices]
    few = sum(index < settings.bound_images for index in indices)
    weights = np.empty((0, settings.bound_samples))
    if few:
        weights = adapter.importance_weights(images[:few], captions[:few], keys[:few], settings.bound_samples)
    return PicturesResult(
        captions=captions,
        stats=adapter.reconstruct(images, captions, keys),
        log_weights=weights,
        originals=images,
        painted=adapter.paint(captions, [settings.key(SAMPLE, split, index) for index in indices]),
    )


def _findings(
    adapter: ModelAdapter,
    settings: PicturesSettings,
    result: PicturesResult,
    features: Features,
    retrieved: dict[str, Any] | None,
) -> dict[str, Any]:
    """All numbers of a split, as plain data."""
    unknown = [adapter.tokenizer.unknown(caption) for caption in result.captions]
    return {
        "pictures": len(result.captions),
        "with_unknown_words": sum(map(bool, unknown)),
        "errors": dict(zip(ERRORS, result.stats.errors.mean(axis=0).tolist(), strict=True)),
        "bounds": bounds(result),
        "latent": latent(result.stats),
        "retrieval": retrieved,
        "distances": _distances(features, result, settings.seed),
    }


@torch.inference_mode()
def _retrieval(
    adapter: ModelAdapter,
    settings: PicturesSettings,
    result: PicturesResult,
    split: str,
    advance: Callable[[int], None],
) -> tuple[dict[str, Any] | None, list[RetrievedCaption]]:
    """The numbers and each caption's; None and an empty list where there is nothing to choose from."""
    count = min(settings.retrieval_captions, len(result.captions))
    if count < 2:
        return None, []
    keys = [settings.key(POSTERIOR, split, index) for index in range(count)]
    noise = normal_rows(keys, adapter.model.latent_dim).to(adapter.device)
    images = from_uint8(result.originals[:count]).to(adapter.device)
    tokens = adapter.tokenizer.encode_batch(result.captions[:count]).to(adapter.device)
    explained = caption_bounds(adapter.model, images, tokens, noise, advance)
    found, each = retrieval(explained, tokens), ranks(explained, tokens)
    low, high = wilson(round(found.accuracy * count), count)
    numbers = zip(each.is_found.tolist(), (1 + each.higher + each.rivals).tolist(), each.best.tolist(), strict=True)
    retrieved = [RetrievedCaption(is_found, rank, result.captions[best]) for is_found, rank, best in numbers]
    return found._asdict() | {"low": low, "high": high}, retrieved


def _distances(features: Features, result: PicturesResult, seed: int) -> dict[str, float] | None:
    """None where there are too few pictures for a covariance."""
    if len(result.captions) < 2:
        return None
    real, sampled = (features(images, result.captions) for images in (result.originals, result.painted))
    return distances(real, sampled, seed)


def adapter_features(adapter: ModelAdapter) -> Features:
    """The posteriors' means of a model as features."""
    return lambda images, captions: torch.from_numpy(adapter.posterior_means(images, captions))


def network_features(network: Callable[[Tensor], Tensor], batch_size: int) -> Features:
    """The features of a network that looks at images alone."""

    @torch.inference_mode()
    def features(images: Images, captions: Sequence[str]) -> Tensor:
        return torch.cat([network(from_uint8(images[i : i + batch_size])) for i in range(0, len(images), batch_size)])

    return features
