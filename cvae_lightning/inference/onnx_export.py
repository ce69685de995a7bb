"""A trained model as the bytes of an ONNX file, and how closely ONNX Runtime agrees with PyTorch."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from cvae_lightning.data.images import to_uint8
from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.inference.noise import normal_rows, sample_key
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import AutoregressivePrior
from cvae_lightning.world import captioned_scene, judge, parse, to_plain

log = logging.getLogger(__name__)
SCENES = 16
"""Captions of the test split that both engines paint."""


class Parity(NamedTuple):
    """How two engines' images of the same tokens and noise differ.

    Attributes:
        captions: how many were painted.
        largest: the largest difference of a channel of a pixel, of values from 0 to 1.
        equal_verdicts: captions on which the judge says the same of both images.
    """

    captions: int
    largest: float
    equal_verdicts: int

    def __str__(self) -> str:
        return (
            f"ONNX Runtime and PyTorch differ by at most {self.largest:.1e} in a pixel; "
            f"{self.equal_verdicts} of {self.captions} verdicts are equal"
        )


def onnx_file(checkpoint: Path, sampler: Mapping[str, Any] | None = None) -> tuple[bytes, Parity]:
    """Read a checkpoint or exported weights, and give them as an ONNX file with its parity.

    Raises:
        UserError: the file is damaged, or the model cannot sample so.
    """
    painter = load(checkpoint, sampler=sampler)
    if isinstance(painter.model.prior, AutoregressivePrior):
        raise UserError(
            "export format=onnx: this model's prior is autoregressive, and its choices, each of which waits for the one"
            " before, are not written as an ONNX graph; export without format=onnx"
        )
    log.info("writing the graph")
    content = onnx_bytes(painter)
    log.info("painting %d captions with ONNX Runtime and with PyTorch", SCENES)
    return content, parity(content, painter)


def onnx_bytes(painter: Painter) -> bytes:
    """A painter's model as an ONNX file: ``tokens`` (B, T) and ``noise`` (B, Z) to ``images`` (B, 3, S, S).

    The metadata has, as JSON, ``vocabulary`` (each word at its id), ``max_length`` T, ``latent_dim`` Z, ``image_size``
    S ``special`` (ids of padding, start and end) and ``world``.
    """
    import onnx

    from cvae_lightning.inference.onnx_graph import model_graph

    graph = model_graph(painter.model.cpu(), painter.tokenizer.max_length)
    onnx.helper.set_model_props(graph, {key: json.dumps(value) for key, value in metadata(painter).items()})
    return graph.SerializeToString(deterministic=True)


def metadata(painter: Painter) -> dict[str, Any]:
    """What a program needs to know of the file: see :func:`onnx_bytes`."""
    model, tokenizer = painter.model, painter.tokenizer
    return {
        "vocabulary": list(tokenizer.vocabulary),
        "max_length": tokenizer.max_length,
        "latent_dim": model.latent_dim,
        "image_size": model.image_size,
        "world": None if painter.world is None else to_plain(painter.world),
        "special": {"padding": tokenizer.pad_id, "start": tokenizer.sos_id, "end": tokenizer.eos_id},
    }


def parity(content: bytes, painter: Painter, count: int = SCENES) -> Parity:
    """Paint the first captions of the test split by both, sample 0 of seed 0 each.

    Args:
        content: of the ONNX file.
        painter: whose model it is.
        count: captions.
    """
    world = painter.need_world("format=onnx")
    captions = [captioned_scene(0, "test", k, world=world, synonyms=False).caption for k in range(count)]
    words = [painter.words(caption) for caption in captions]
    tokens = padded(painter, words)
    noise = normal_rows([sample_key(0, 0)], painter.model.latent_dim).expand(count, -1).contiguous()
    found = run_onnx(content, tokens, noise.numpy())
    with torch.inference_mode():
        expected = painter.model.generate(torch.from_numpy(tokens), noise=noise)
    meanings = [parse(caption, world=world) for caption in captions]
    both = [judge(to_uint8(images), meanings, world=world) for images in (torch.from_numpy(found), expected)]
    largest = float(np.abs(found - expected.numpy()).max())
    return Parity(count, largest, sum(one.atoms() == other.atoms() for one, other in zip(*both, strict=True)))


def padded(painter: Painter, captions: list[str]) -> NDArray[np.int64]:
    """Token ids (B, T) of captions, padded to the tokenizer's ``max_length`` T."""
    tokenizer = painter.tokenizer
    tokens = np.full((len(captions), tokenizer.max_length), tokenizer.pad_id, dtype=np.int64)
    for row, caption in zip(tokens, captions, strict=True):
        ids = tokenizer.encode(caption)
        row[: len(ids)] = ids
    return tokens


def run_onnx(content: bytes, tokens: NDArray[np.int64], noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (B, 3, S, S) by ONNX Runtime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (images,) = session.run(["images"], {"tokens": tokens, "noise": noise})
    return np.asarray(images)
