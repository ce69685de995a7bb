"""From a composed config to the LightningModule, with the model and everything that trains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict

from cvae_lightning.data import lexicon
from cvae_lightning.errors import UserError
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.training.initial_weights import load_weights
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.sampler_module import SamplerModule
from cvae_lightning.world import World

PARTS = ("text_encoder", "encoder", "decoder", "prior", "likelihood")
"""Config groups of the model's parts."""
PART_SIZES = ("num_slots", "slot_width", "patch")
"""Sizes in ``model`` that several parts share and the model itself does not take."""


def build_module(
    config: DictConfig, words: Sequence[str], channels_last: bool = False, initial_weights: str | None = None
) -> CVAEModule:
    """The module that a config describes, for a tokenizer of these words, with the weights of a trained model or none.

    Raises:
        UserError: parts that do not fit each other, or initial weights of another model.
    """
    sized = config.copy()
    with open_dict(sized):
        sized.model.vocab_size = len(words)
        if "lexicon" in sized.text_encoder:
            world: World = instantiate(config.world)
            sized.text_encoder.lexicon = lexicon(words, world)
            sized.text_encoder.num_groups = max(2, world.max_groups)
            sized.text_encoder.objects_per_group = world.max_count(None)
        if str(sized.trainer.precision) in ("fp16", "16-mixed") and "fused" in sized.optimizer:
            sized.optimizer.fused = False  # a fused update cannot clip the scaled gradients of fp16
    model = _model(sized)
    if initial_weights is not None:
        load_weights(model, words, initial_weights)
    settings = {
        "objective": instantiate(sized.objective),
        "optimizer": instantiate(sized.optimizer),
        "lr_schedule": instantiate(sized.lr_scheduler),
        "channels_last": channels_last,
        "compile": sized.compile,
        "penalties": instantiate(sized.penalties),
        "clip_by_part": sized.clip_by_part,
    }
    if sized.distribution_matching is not None:
        with blaming("distribution_matching"):
            return SamplerModule(model, instantiate(sized.distribution_matching)(model.prior), **settings)
    with blaming("autoencoder_epochs"):
        return CVAEModule(model, **settings, autoencoder_epochs=sized.autoencoder_epochs)


def _model(config: DictConfig) -> ConditionalVAE:
    """The model of its parts, each of which stands once in the config."""
    parts = {name: instantiate(config[name], _convert_="all") for name in PARTS}
    sizes = {key: value for key, value in config.model.items() if key not in PART_SIZES}
    construct = instantiate(sizes, _partial_=True)
    with blaming("model"):  # parts that do not fit each other
        return construct(**parts)


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Say of an error in a constructor that the config's part of this name is what it does not accept.

    Raises:
        UserError: in place of ValueError and TypeError.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{name}: {error}") from error
