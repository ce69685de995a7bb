"""What rounding to fewer bits costs, what it leaves alone, and that it happens once."""

import pytest
import torch

from cvae_lightning.errors import UserError
from cvae_lightning.inference import PRECISIONS
from cvae_lightning.inference.quantization import LARGE, dequantize, quantize


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    large = torch.randn(LARGE // 500, 500, generator=generator)
    large[0], large[1] = 0, large[1] * 1e-12
    return {
        "large": large * torch.logspace(-3, 3, len(large))[:, None],
        "kernel": torch.randn(6, 5, 3, 3, generator=generator).to(memory_format=torch.channels_last),
        "bias": torch.randn(7, generator=generator),
        "error": torch.tensor(1.234567e-7),
        "unknown": torch.tensor(torch.nan),
        "count": torch.tensor([[3, 4]]),
    }


BOUNDS = {"mixed": 2**-11, "float16": 2**-11, "bfloat16": 2**-8, "float32": 0.0}
"""Largest relative error of a matrix's normal numbers: half a unit of the last bit."""


@pytest.mark.parametrize("precision", PRECISIONS)
def test_matrices_are_rounded_to_the_last_bit_and_the_rest_is_kept(weights, precision: str) -> None:
    back = dequantize(quantize(weights, precision))
    assert list(back) == list(weights)
    for name in ("bias", "error", "unknown", "count"):
        assert torch.equal(back[name].nan_to_num(9), weights[name].nan_to_num(9))
    names = ("kernel",) if precision == "mixed" else ("kernel", "large")
    for name in names:
        assert back[name].dtype == torch.float32
        error = (back[name] - weights[name]).abs()
        assert bool(
            (error <= BOUNDS[precision] * weights[name].abs() + (2**-25 if precision == "float16" else 0)).all()
        )
    assert torch.equal(back["kernel"], weights["kernel"]) is (precision == "float32")


def test_eight_bits_are_half_a_step_of_each_rows_own_scale(weights) -> None:
    stored = quantize(weights, "mixed")
    assert (stored["large"].dtype, stored["kernel"].dtype) == (torch.int8, torch.float16)
    error = (dequantize(stored)["large"] - weights["large"]).abs().amax(dim=1)
    step = weights["large"].abs().amax(dim=1) / 127
    assert bool((error <= 0.501 * step).all())
    assert bool((error[2:] > 0.4 * step[2:]).all())
    assert error[0] == 0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_was_restored_is_stored_as_before(weights, precision: str) -> None:
    once = quantize(weights, precision)
    twice = quantize(dequantize(once), precision)
    assert once.keys() == twice.keys()
    for name in once:
        assert once[name].dtype == twice[name].dtype
        assert torch.equal(once[name].nan_to_num(9), twice[name].nan_to_num(9)), name


def test_a_weight_beyond_float16_is_named() -> None:
    huge = {"decoder.out.weight": torch.full((2, 2), 1e6)}
    for precision in ("float16", "mixed"):
        with pytest.raises(UserError, match=r"decoder\.out\.weight has a weight of 1e\+06; take bfloat16"):
            quantize(huge, precision)
    assert torch.isfinite(dequantize(quantize(huge, "bfloat16"))["decoder.out.weight"]).all()


def test_weights_that_are_not_numbers_are_refused() -> None:
    for precision in PRECISIONS:
        with pytest.raises(UserError, match="broken has a weight that is not finite"):
            quantize({"broken": torch.full((2, LARGE), torch.nan)}, precision)


def test_scales_must_fit() -> None:
    with pytest.raises(ValueError, match=r"w has shape \(2, 3\), but its scales have \(3,\)"):
        dequantize({"w": torch.zeros(2, 3, dtype=torch.int8), "w.scale": torch.ones(3)})
    kept = dequantize({"w.scale": torch.ones(3), "n": torch.zeros(2, dtype=torch.int8)})
    assert set(kept) == {"w.scale", "n"}
    assert kept["n"].dtype == torch.int8
