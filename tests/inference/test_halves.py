"""A batch that two threads paint is the batch that one paints."""

import threading
from collections.abc import Iterator

import pytest
import torch
from support import ROOT
from torch import Tensor

from cvae_lightning import load
from cvae_lightning.inference.halves import FEWEST, generate
from cvae_lightning.models import ConditionalVAE


@pytest.fixture
def threads() -> Iterator[list[str]]:
    """The names of the threads that a model generated in, while PyTorch has two."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield []
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [1, FEWEST, FEWEST + 3])
def test_two_threads_paint_what_one_paints(count: int, threads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    painter = load(ROOT / "tests/golden/format_2/compositing_objects.safetensors")
    tokens = painter.tokenizer.encode_batch(["2 small red circles", "a large blue square"] * count)[:count]
    noise = torch.randn(count, painter.model.latent_dim, generator=torch.Generator().manual_seed(0))
    original = ConditionalVAE.generate

    def noting(model: ConditionalVAE, tokens: Tensor, num_samples: int = 1, noise: Tensor | None = None) -> Tensor:
        threads.append(threading.current_thread().name)
        return original(model, tokens, num_samples, noise)

    monkeypatch.setattr(ConditionalVAE, "generate", noting)
    found = generate(painter.model, tokens, noise)
    assert len(set(threads)) == (2 if count >= FEWEST else 1)
    assert torch.get_num_threads() == 2
    with torch.inference_mode():
        torch.testing.assert_close(found, original(painter.model, tokens, noise=noise), rtol=0, atol=1e-4)
