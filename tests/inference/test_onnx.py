"""The ONNX file paints what PyTorch paints, of any batch size, and says what is needed to use it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from support import ROOT

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE, LSTMTextEncoder
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.world import V1, word_tables

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("onnxscript", reason="the extra onnx is not installed")

from cvae_lightning.inference.onnx_export import onnx_bytes, padded, parity, run_onnx  # noqa: E402

CAPTIONS = ["a large blue square above 3 small red circles", "a small red star", "2 large green crosses"]
FLAGSHIP = ROOT / "experiments" / "flagship"


def test_all_elements_give_real_ones_the_results_of_packed_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    mask = torch.tensor([[True, False, True], [True, True, True], [False, True, False]])
    values = torch.randn(3, 3, 4, generator=generator) * mask.unsqueeze(-1)
    results = []
    for index in (RaggedIndex.from_mask(mask), RaggedIndex.all_of(mask)):
        packed = index.pack(values)
        first, second = index.pairs()
        summed = torch.zeros_like(packed).index_add(0, first, (packed[first] - packed[second]).square())
        assert torch.equal(index.pad(packed), values)
        results.append(index.pad(index.zero_padding(summed)))
    assert torch.allclose(*results)


def test_an_exported_velocity_and_decoder_equal_the_ordinary_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    from cvae_lightning import load

    painter = load(FLAGSHIP, sampler={"steps": 2, "restarts": 2})
    tokens, noise = torch.from_numpy(padded(painter, CAPTIONS)), torch.randn(3, painter.model.latent_dim)
    with torch.inference_mode():
        plain = painter.model.generate(tokens, noise=noise)
        monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
        assert torch.allclose(painter.model.generate(tokens, noise=noise), plain, atol=1e-4)


def test_an_unrolled_lstm_equals_packed_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    encoder = LSTMTextEncoder(vocab_size=10, caption_dim=8, embedding_dim=6, layers=2).eval()
    tokens = torch.tensor([[1, 2, 3, 4], [4, 5, 0, 0], [7, 0, 0, 0]])
    plain = encoder(tokens)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    unrolled = encoder(tokens)
    assert torch.allclose(plain.pooled, unrolled.pooled, atol=1e-6)
    assert torch.allclose(plain.tokens.values, unrolled.tokens.values, atol=1e-6)


@pytest.mark.slow
def test_the_shipped_model_paints_the_same_in_onnx_runtime(command, tmp_path: Path) -> None:
    done = command("export", f"run={FLAGSHIP}", "format=onnx", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "16 of 16 verdicts are equal" in done.stderr + done.stdout
    content = (tmp_path / "out" / "model.onnx").read_bytes()
    from cvae_lightning import load

    painter = load(FLAGSHIP)
    assert parity(content, painter, count=8).largest < 1e-3
    metadata = {item.key: json.loads(item.value) for item in onnx.load_from_string(content).metadata_props}
    assert metadata["vocabulary"] == list(painter.tokenizer.vocabulary)
    tokens, noise = padded(painter, CAPTIONS), np.random.default_rng(0).standard_normal((3, 20)).astype(np.float32)
    together = run_onnx(content, tokens, noise)
    alone = [run_onnx(content, tokens[k : k + 1], noise[k : k + 1]) for k in range(3)]
    assert np.abs(together - np.concatenate(alone)).max() < 1e-4


@pytest.mark.slow
def test_the_guides_model_exports_too() -> None:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer(words=sorted(word_tables(V1).vocabulary), max_length=16)
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    painter = Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)
    assert parity(onnx_bytes(painter), painter, count=3).largest < 1e-4
