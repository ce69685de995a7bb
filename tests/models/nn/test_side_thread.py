"""What a second thread computes is what one thread computes, forwards and backwards."""

import copy
import threading
from typing import Any

import pytest
import torch
from torch import Tensor

from cvae_lightning.models import (
    AttributesTextEncoder,
    CompositingDecoder,
    ConditionalVAE,
    FlowPrior,
    LatentLayout,
    ObjectQueries,
    SamplerConfig,
    SideThread,
    SlotEncoder,
)

LEXICON = [[0, 0], [1, 2], [3, 1], [4, 5]]
"""Of a padding, *two*, *red* and *circles*."""


@pytest.fixture(scope="module")
def model() -> ConditionalVAE:
    torch.manual_seed(0)
    layout = LatentLayout(latent_dim=20, num_slots=10, position_scale=4.0)

    def queries() -> ObjectQueries:
        return ObjectQueries(num_slots=10, width=8, caption_dim=8)

    sampler = SamplerConfig(steps=2, restarts=2)
    return ConditionalVAE(
        4,
        image_size=16,
        latent_dim=20,
        caption_dim=8,
        text_encoder=AttributesTextEncoder(4, caption_dim=8, lexicon=LEXICON),
        encoder=SlotEncoder(layout, queries(), image_size=16, caption_dim=8, widths=[8], blocks=[1], key_dim=8),
        decoder=CompositingDecoder(layout, queries(), image_size=16, caption_dim=8, hidden=8),
        prior=FlowPrior(layout, queries(), caption_dim=8, layers=1, message_width=4, sampler=sampler),
    ).train()


def step(model: ConditionalVAE, side: SideThread | None, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """Loss and gradients of a training pass."""
    torch.manual_seed(1)
    images, tokens = torch.rand(3, 3, 16, 16), torch.tensor([[1, 2, 3]]).repeat(3, 1)
    model.zero_grad()
    model.use_side_thread(side)
    with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
        found = model(images, tokens)
        loss = (found.distortion + found.rate.sum(dim=1) + found.prior_loss + found.auxiliary_loss).mean()
    loss.backward()
    model.use_side_thread(None)
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    return {"loss": loss.detach(), "next draw": torch.rand(1)} | gradients


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_two_threads_compute_what_one_computes(model: ConditionalVAE, dtype: torch.dtype | None) -> None:
    alone, beside = step(model, SideThread(0), dtype), step(model, SideThread(1), dtype)
    assert alone.keys() == beside.keys()
    for name, value in alone.items():
        assert torch.equal(value, beside[name]), name


def test_branches_compute_what_the_model_computes_without_them(model: ConditionalVAE) -> None:
    plain, beside = step(model, None), step(model, SideThread(1))
    for name, value in plain.items():
        torch.testing.assert_close(value, beside[name], rtol=1e-4, atol=1e-4, msg=name)


def test_a_branch_is_computed_in_another_thread_under_the_callers_autocast() -> None:
    x = torch.ones(2, 2, requires_grad=True)
    noted: list[Any] = []

    def square(inner: Tensor) -> Tensor:
        product = inner @ inner
        noted.extend([threading.current_thread() is threading.main_thread(), product.dtype])
        return product

    side = SideThread(1)
    for expected in (torch.bfloat16, torch.float32):
        branch = side.branch(x)
        with torch.autocast("cpu", torch.bfloat16, enabled=expected is torch.bfloat16):
            branch.start(square)
        branch.result().sum().backward()  # type: ignore[no-untyped-call]
        assert noted[-2:] == [False, expected]
    assert x.grad is not None
    assert x.grad.tolist() == [[8.0, 8.0], [8.0, 8.0]]  # two times the sum of a row and a column


@pytest.mark.parametrize("threads", [0, 1])
def test_errors_reach_the_caller(threads: int) -> None:
    def fail(inner: Tensor) -> Tensor:
        raise ArithmeticError("from the branch")

    def compute() -> None:
        branch = SideThread(threads).branch(torch.ones(1))
        branch.start(fail)
        branch.result()

    with pytest.raises(ArithmeticError, match="from the branch"):
        compute()


def test_a_model_with_a_side_thread_can_be_copied_and_evaluated(model: ConditionalVAE) -> None:
    step(model, None)
    model.use_side_thread(SideThread(1))
    copied = copy.deepcopy(model).eval()
    assert copied.side_thread is not None
    assert copied.side_thread.threads == 1
    with torch.inference_mode():
        copied.reconstruct(torch.rand(1, 3, 16, 16), torch.tensor([[1, 2, 3]]))
    model.use_side_thread(None)
