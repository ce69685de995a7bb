"""A small trained model as the content of an export and of a checkpoint, and both with another content."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

import safetensors.torch
import torch

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.inference.archive import with_digest
from cvae_lightning.inference.file_format import FORMAT_VERSION, KEY, Saved, to_file
from cvae_lightning.models import (
    ConditionalVAE,
    FlowPrior,
    LatentLayout,
    LearnedQueries,
    ResidualDecoder,
    SamplerConfig,
    TransformerTextEncoder,
    blueprint,
)
from cvae_lightning.world import DEFAULT, to_plain
from cvae_lightning.world.words import word_tables

TOKENIZER = CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary))
SIZES = {"image_size": 32, "latent_dim": 8, "caption_dim": 16}


@cache
def model() -> ConditionalVAE:
    torch.manual_seed(0)
    queries = LearnedQueries(num_slots=2, width=8, caption_dim=16)
    sampler = SamplerConfig(steps=1)
    prior = FlowPrior(LatentLayout(8, num_slots=2), queries, caption_dim=16, layers=1, sampler=sampler)
    return ConditionalVAE(
        len(TOKENIZER),
        **SIZES,
        base_channels=8,
        stages=3,
        text_encoder=TransformerTextEncoder(len(TOKENIZER), caption_dim=16, layers=1),
        decoder=ResidualDecoder(**SIZES, widths=(8, 16), blocks=(1, 1), conditioning="film"),
        prior=prior,
    ).eval()


def export() -> bytes:
    return to_file(
        Saved(blueprint(model()), TOKENIZER.state_dict(), model().state_dict(), to_plain(DEFAULT)), "float32"
    )


def content() -> dict[str, Any]:
    """What an export's header and a checkpoint's entry say, without a digest."""
    plain = {
        "format_version": FORMAT_VERSION,
        "blueprint": blueprint(model()),
        "tokenizer": TOKENIZER.state_dict(),
        "world": to_plain(DEFAULT),
    }
    return json.loads(json.dumps(plain))


def export_of(plain: Any) -> bytes:
    return safetensors.torch.save(dict(model().state_dict()), {KEY: json.dumps(plain)})


def checkpoint_content() -> dict[str, Any]:
    weights = {f"model.{name}": value for name, value in model().state_dict().items()}
    return {"global_step": 3, "epoch": 1, "state_dict": weights, "loops": {}, "callbacks": {}, KEY: content()}


def checkpoint() -> bytes:
    return written(with_digest(checkpoint_content()))


def checkpoint_of(plain: Any) -> bytes:
    """A checkpoint with another content; tensors of plain data stand for themselves."""
    return written(plain)


def written(plain: Any) -> bytes:
    file = io.BytesIO()
    torch.save(plain, file)
    return file.getvalue()
