"""What a painter does when one thing changes: a latent, the noise's scale, the caption, the flow's time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data.images import from_uint8, to_pictures
from cvae_lightning.inference.painted_positions import Position, painted_positions
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import CaptionEncoding, ConditionalVAE, FlowPrior
from cvae_lightning.world import captioned_scene, render

MOVES = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Added to one latent at a time, in the latent's own unit."""
SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Of the noise of a sample; the model was trained with 1."""
STEPS = 7
"""Images of an interpolation."""
SHARES = [f"{step}/{STEPS - 1}" for step in range(STEPS)]
GUIDANCE = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Scales of guidance; 0 ignores the caption, 1 follows it."""
ROWS = 3
"""Samples of each guidance."""
SCENES = 16
"""Scenes that the rate is averaged over."""


class Labelled(NamedTuple):
    """Images with a label each, shown in rows of so many columns."""

    images: list[Image.Image]
    labels: list[str]
    columns: int


class Explored(NamedTuple):
    """What is shown of a model.

    Attributes:
        grids: images by what changes from one to the next; ``guidance`` only where the model was trained for it.
        frames: decoded states of the flow from noise to sample; one where the prior is not a flow.
        rates: (Z,) nats of each latent, averaged over scenes of the caption.
        positions: the objects in many samples of each of the two captions.
    """

    grids: Mapping[str, Labelled]
    frames: list[Image.Image]
    rates: list[float]
    positions: Mapping[str, list[Position]]


@torch.inference_mode()
def explore(
    painter: Painter, caption: str, edited: str, seed: int = 0, latents: int = 6, num_samples: int = 64
) -> Explored:
    """Paint everything that :class:`Explored` has.

    Args:
        painter: whose model it is.
        caption: what is painted.
        edited: the caption that it is changed to.
        seed: of the noise.
        latents: how many latents are moved, those with the highest rate.
        num_samples: of each caption, for the positions.

    Raises:
        CaptionError, UserError: as for a painter's call.
    """
    pairs = {
        "edit": (painter.edit(caption, edited, seed), [caption, edited]),
        "interpolation": (
            painter.interpolate(caption, edited, STEPS, seed),
            SHARES,
        ),
    }
    model, tokens = painter.model, painter.tokenizer.encode_batch([painter.words(caption, seed)])
    device = next(model.parameters()).device
    encoded, noise = model.text_encoder(tokens.to(device)), painter.noise(1, seed).to(device)
    grids = {name: Labelled(list(shown), labels, len(labels)) for name, (shown, labels) in pairs.items()}
    grids["traversals"] = traversals(model, encoded, model.prior.sample(encoded, noise), latents)
    scaled = [model.decoder(model.prior.sample(encoded, scale * noise), encoded) for scale in SCALES]
    labels = [f"noise x {one:g}" for one in SCALES]
    grids["noise_scales"] = Labelled(to_pictures(torch.cat(scaled)), labels, len(labels))
    if isinstance(model.prior, FlowPrior) and model.prior.caption_dropout:
        grids["guidance"] = guided(painter, caption, seed)
    frames = to_pictures(torch.cat([model.decoder(z, encoded) for z in _states(model, encoded, noise)]))
    positions = {words: painted_positions(painter, words, num_samples, seed) for words in (caption, edited)}
    return Explored(grids, frames, _rates(painter, seed), positions)


def guided(painter: Painter, caption: str, seed: int) -> Labelled:
    """The same samples by each scale of guidance, in columns; the sampler is as before afterwards.

    Args:
        painter: its prior is a flow that was trained with ``caption_dropout``.
        caption: what is painted.
        seed: of the noise.
    """
    prior = painter.model.prior
    assert isinstance(prior, FlowPrior)
    trained = prior.sampler
    columns = []
    try:
        for scale in GUIDANCE:
            prior.set_sampler(replace(trained, guidance_scale=scale))
            columns.append(painter.paint([caption], ROWS, seed)[0])
    finally:
        prior.set_sampler(trained)
    images = [column[row] for row in range(ROWS) for column in columns]
    labels = [f"noise {row}, guidance {scale:g}" for row in range(ROWS) for scale in GUIDANCE]
    return Labelled(images, labels, len(GUIDANCE))


def traversals(model: ConditionalVAE, encoded: CaptionEncoding, z: Tensor, latents: int) -> Labelled:
    """Images where one latent at a time is moved by each of ``MOVES``, a row per latent, those with the highest rate.

    Args:
        model: in evaluation mode.
        encoded: of one caption.
        z: (1, Z) the latent that is moved.
        latents: how many.
    """
    posterior = model.encoder(model.decoder(z, encoded), encoded).posterior
    by_rate = model.prior.rate(posterior, encoded)[0].argsort(
        descending=True, stable=True
    )  # a slot not in use has none
    moves = [(index, move) for index in sorted(by_rate[:latents].tolist()) for move in MOVES]
    unit = torch.eye(model.latent_dim, device=z.device)
    images = [model.decoder(z + move * unit[index], encoded) for index, move in moves]
    return Labelled(to_pictures(torch.cat(images)), [f"latent {i}: {move:+g}" for i, move in moves], len(MOVES))


def _states(model: ConditionalVAE, encoded: CaptionEncoding, noise: Tensor) -> Iterator[Tensor]:
    """The latent (1, Z) at the flow's start, after each solver step and after each restart."""
    prior = model.prior
    if not isinstance(prior, FlowPrior):
        yield prior.sample(encoded, noise)
        return
    z = noise
    yield z
    for step in range(prior.sampler.steps):
        z = prior.solver_step(z, torch.tensor(step / prior.sampler.steps, device=z.device), encoded)
        yield z
    for rotation in prior.noise_rotations:
        z = prior.restart(z, rotation, noise, encoded)
        yield z


def _rates(painter: Painter, seed: int) -> list[float]:
    """Nats of each latent, averaged over test scenes."""
    model = painter.model
    world = painter.need_world("explore")
    scenes = [captioned_scene(seed, "test", k, synonyms=False, world=world) for k in range(SCENES)]
    images = from_uint8(render([one.scene for one in scenes], model.image_size, world=world))
    tokens = painter.tokenizer.encode_batch([painter.words(one.caption) for one in scenes])
    device = next(model.parameters()).device
    encoded = model.text_encoder(tokens.to(device))
    rate = model.prior.rate(model.encoder(images.to(device), encoded).posterior, encoded)  # (B, Z)
    return [float(one) for one in rate.mean(dim=0)]
