"""What a model makes of fixed validation scenes with fixed noise: what metrics and alarms are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.data import Batch
from cvae_lightning.data.images import from_uint8, to_uint8
from cvae_lightning.evaluation.real_scenes import real_images
from cvae_lightning.inference.noise import normal_rows
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.world import DEFAULT, Detection, Meaning, World, detect, parse


class Probe(NamedTuple):
    """Some scenes and what the model makes of them.

    Scenes come in pairs: those at indices 2k and 2k + 1 share the noise of their samples, so a pair's samples
    differ by their captions alone.

    Attributes:
        images: (B, 3, S, S) the scenes, in [0, 1].
        reconstructions: (B, 3, S, S) the same through the posterior's mean.
        samples: (B, 3, S, S) painted from the captions alone.
        means: (B, Z) the posteriors' means.
        other_means: (B, Z) the same of another image with the same caption: a scene of the caption's meaning, or,
            where there is no world, the image of the pair's other half.
        rate: (B,) KL(q || prior), nats.
        meanings: what the captions mean; none where there is no world.
        things: what the detector finds in each sample; none where there is no world.
        world: of the captions, where there is one.
    """

    images: Tensor
    reconstructions: Tensor
    samples: Tensor
    means: Tensor
    other_means: Tensor
    rate: Tensor
    meanings: list[Meaning]
    things: list[tuple[Detection, ...]]
    world: World = DEFAULT


@torch.no_grad()
def probe(model: ConditionalVAE, scenes: Batch, noise: Tensor, world: World = DEFAULT) -> Probe:
    """Pass scenes through a model, and paint their captions with noise (B, Z); all on the model's device.

    The other scene of a caption is a pure function of the scene's index and meaning.
    """
    meanings = [parse(text, world=world) for text in scenes.captions]
    drawn = real_images(meanings, [(index,) for index in scenes.indices.tolist()], scenes.images.shape[-1], world)
    found = _probe(model, scenes, noise, from_uint8(drawn).to(noise.device))
    return found._replace(meanings=meanings, things=detect(to_uint8(found.samples), world=world), world=world)


@torch.no_grad()
def probe_pictures(model: ConditionalVAE, pictures: Batch, noise: Tensor) -> Probe:
    """As :func:`probe`, of pictures that are of no world: without meanings and without what a detector finds."""
    partners = [min(index ^ 1, len(noise) - 1) for index in range(len(noise))]
    return _probe(model, pictures, noise, pictures.images[partners])


def _probe(model: ConditionalVAE, scenes: Batch, noise: Tensor, others: Tensor) -> Probe:
    # The parts and not the model's forward pass, which draws noise of its own.
    caption = model.text_encoder(scenes.tokens)
    posterior = model.encoder(scenes.images, caption).posterior
    return Probe(
        images=scenes.images,
        reconstructions=model.decoder(posterior.mean, caption),
        samples=model.generate(scenes.tokens, noise=noise),
        means=posterior.mean,
        other_means=model.encoder(others, caption).posterior.mean,
        rate=model.prior.rate(posterior, caption).sum(dim=1),
        meanings=[],
        things=[],
    )


def paired_noise(seed: int, indices: Sequence[int], latent_dim: int) -> Tensor:
    """(B, Z) standard normal noise for these scenes; scenes 2k and 2k + 1 have the row of (seed, k)."""
    return normal_rows([(seed, index // 2) for index in indices], latent_dim)


def share(size: int, rank: int, world_size: int) -> list[int]:
    """The indices below ``size`` that this process probes: every ``world_size``-th pair."""
    return [index for index in range(size) if index // 2 % world_size == rank]
