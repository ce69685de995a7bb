"""Laws that every part of a model obeys, as functions for tests of your own parts.

Each takes a part and raises an ``AssertionError`` that says what is wrong. :func:`check_part` runs all that apply.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models import (
    CaptionEncoding,
    Decoder,
    Encoder,
    Gaussian,
    Masked,
    ModelPart,
    Prior,
    SlotQueries,
    TextEncoder,
    blueprint,
    build,
)

ROWS, TOKENS = 4, 6
RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""Tolerances: sums over other batch sizes run in another order."""


@dataclass(frozen=True)
class Inputs:
    """A batch for a part, made by :func:`example_inputs`.

    Attributes:
        data: tokens (B, T) of a text encoder, images (B, 3, S, S) of an encoder, latents (B, Z) of a decoder or prior.
        caption: of all parts that read one.
    """

    data: Tensor
    caption: CaptionEncoding

    def rows(self, index: Tensor) -> Inputs:
        """Some rows, in this order."""
        objects = self.caption.objects
        tokens = _rows(self.caption.tokens, index)
        caption = CaptionEncoding(self.caption.pooled[index], tokens, objects and _rows(objects, index))
        return Inputs(self.data[index], caption)


def _rows(masked: Masked, index: Tensor) -> Masked:
    return Masked(masked.values[index], masked.mask[index])


def example_inputs(part: ModelPart, vocab_size: int = 16, seed: int = 0) -> Inputs:
    """A batch of the sizes that a part declares; token ids count from 1, and rows are padded with 0."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor([TOKENS, 2, TOKENS - 1, 3])
    mask = torch.arange(TOKENS) < lengths[:, None]  # (B, T)
    width, slots = part.caption_dim or 8, part.num_objects or 5
    in_use = torch.arange(slots) % 5 < torch.tensor([2, 1, 5, 3])[:, None]  # (B, K)
    tokens = Masked(torch.randn(ROWS, TOKENS, width, generator=generator) * mask[..., None], mask)
    objects = Masked(torch.randn(ROWS, slots, width, generator=generator) * in_use[..., None], in_use)
    caption = CaptionEncoding(torch.randn(ROWS, width, generator=generator), tokens, objects)
    if isinstance(part, TextEncoder):
        ids = torch.randint(1, vocab_size, (ROWS, TOKENS), generator=generator)
        return Inputs(ids * mask, caption)
    if isinstance(part, Encoder):
        side = part.image_size or 32
        return Inputs(torch.rand(ROWS, 3, side, side, generator=generator), caption)
    return Inputs(torch.randn(ROWS, part.latent_dim or 8, generator=generator), caption)


def outputs(part: ModelPart, inputs: Inputs) -> dict[str, Tensor]:
    """What a part gives, by name; each tensor has one row per row of the batch.

    Raises:
        TypeError: the part is of none of the interfaces.
    """
    if isinstance(part, TextEncoder):
        caption = part(inputs.data)
        found = {"pooled": caption.pooled, "tokens": caption.tokens.values, "tokens.mask": caption.tokens.mask}
        if caption.objects is None:
            return found
        return found | {"objects": caption.objects.values, "objects.mask": caption.objects.mask}
    if isinstance(part, Encoder):
        return part(inputs.data, inputs.caption).posterior._asdict()
    if isinstance(part, Decoder):
        return {"images": part(inputs.data, inputs.caption)}
    if isinstance(part, Prior):
        posterior = Gaussian(inputs.data, 0.1 * inputs.data - 1)
        sample, rate = part.sample(inputs.caption, inputs.data), part.rate(posterior, inputs.caption)
        return {"sample": sample, "rate": rate, "log_prob": part.log_prob(inputs.data, inputs.caption)}
    if isinstance(part, SlotQueries):
        queries = part(inputs.caption)
        return {"queries": queries.values, "queries.mask": queries.mask}
    raise TypeError(f"{type(part).__name__} is of none of the interfaces of cvae_lightning.models")


def check_part(make: Callable[[], ModelPart], vocab_size: int = 16, exempt: Collection[str] = ()) -> None:
    """All laws that apply to the part that ``make`` builds.

    Args:
        make: builds the part.
        vocab_size: of a text encoder.
        exempt: names of weights that need not have a gradient.

    Raises:
        AssertionError: a law is broken; the message names part and law.

    Example:
        >>> from cvae_lightning.models import ConditionalPrior
        >>> check_part(lambda: ConditionalPrior(latent_dim=8, caption_dim=4, hidden=8))
    """
    torch.manual_seed(0)
    part = _perturbed(make())
    inputs = example_inputs(part, vocab_size)
    check_determinism(part, inputs)
    check_rebuild(part, inputs)
    check_sizes(part, inputs)
    check_batch_independence(part, inputs)
    check_permutation(part, inputs)
    if list(part.parameters()):
        check_gradients(part, inputs, exempt)
    if isinstance(part, TextEncoder):
        check_padding(part, inputs)
    if isinstance(part, Prior):
        check_log_prob(part, inputs)


def _perturbed(part: ModelPart) -> ModelPart:
    """The part after some training, as it were: layers that start at zero would hide what is behind them."""
    with torch.no_grad():
        for weight in part.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return part.eval()


def _assert_equal(
    part: nn.Module, law: str, found: dict[str, Tensor], expected: dict[str, Tensor], exact: bool = True
) -> None:
    assert found.keys() == expected.keys(), f"{type(part).__name__}: {law}: {set(found)} instead of {set(expected)}"
    for name, tensor in found.items():
        same = torch.equal(tensor, expected[name]) or (
            not exact and torch.allclose(tensor, expected[name], rtol=RELATIVE, atol=ABSOLUTE)
        )
        assert same, f"{type(part).__name__}: {law}: {name} differs"


def check_rebuild(part: ModelPart, inputs: Inputs) -> None:
    """A part built from its blueprint, written as JSON, gives the same outputs with the same weights."""
    plan = json.loads(json.dumps(blueprint(part)))
    twin = build(plan)
    assert blueprint(twin) == plan, f"{type(part).__name__}: the blueprint of the rebuilt part differs"
    twin.load_state_dict(part.state_dict())
    _assert_equal(part, "rebuilt from its blueprint", outputs(twin.eval(), inputs), outputs(part, inputs))


def check_sizes(part: ModelPart, inputs: Inputs) -> None:
    """Outputs have the sizes that the part declares, are finite, and are images in [0, 1] where they are images."""
    found, name = outputs(part, inputs), type(part).__name__
    shapes = {key: tuple(tensor.shape) for key, tensor in found.items()}
    rows, width, side, slots = len(inputs.data), part.caption_dim, part.image_size, part.num_objects
    latents = (rows, part.latent_dim)
    expected: dict[str, tuple[Any, ...]] = {}
    if isinstance(part, TextEncoder):
        columns = found["tokens"].shape[1]
        expected = {"pooled": (rows, width), "tokens": (rows, columns, width), "tokens.mask": (rows, columns)}
        expected |= {"objects": (rows, slots, width), "objects.mask": (rows, slots)} if slots else {}
    elif isinstance(part, Encoder):
        expected = {"mean": latents, "log_sigma": latents}
    elif isinstance(part, Decoder):
        expected = {"images": (rows, 3, side, side)}
        in_range = bool(((found["images"] >= 0) & (found["images"] <= 1)).all())
        assert in_range, f"{name}: images are not in [0, 1] in evaluation mode"
    elif isinstance(part, Prior):
        expected = {"sample": latents, "rate": latents, "log_prob": (rows,)}
    elif isinstance(part, SlotQueries):
        expected = {"queries": (rows, part.num_slots, part.width), "queries.mask": (rows, part.num_slots)}
    assert shapes == expected, f"{name}: outputs have shapes {shapes}, but it declares {expected}"
    for key, tensor in found.items():
        assert bool(tensor.isfinite().all()), f"{name}: {key} is not finite"


def check_determinism(part: ModelPart, inputs: Inputs) -> None:
    """In evaluation mode equal inputs give equal outputs: samples are a function of their noise."""
    first = outputs(part, inputs)
    torch.manual_seed(1)
    _assert_equal(part, "called again", outputs(part, inputs), first)


def check_batch_independence(part: ModelPart, inputs: Inputs) -> None:
    """A row alone gives what it gives in its batch."""
    whole = outputs(part, inputs)
    for row in range(len(inputs.data)):
        index = torch.tensor([row])
        expected = {name: tensor[index] for name, tensor in whole.items()}
        _assert_equal(part, f"row {row} alone", outputs(part, inputs.rows(index)), expected, exact=False)


def check_permutation(part: ModelPart, inputs: Inputs) -> None:
    """Rows in another order give the same outputs in that order."""
    order = torch.arange(len(inputs.data)).roll(1)
    expected = {name: tensor[order] for name, tensor in outputs(part, inputs).items()}
    _assert_equal(part, "rows in another order", outputs(part, inputs.rows(order)), expected, exact=False)


def check_padding(part: TextEncoder, inputs: Inputs) -> None:
    """More padding changes no embedding, and what is at padding is masked."""
    plain = outputs(part, inputs)
    wide = outputs(part, Inputs(functional.pad(inputs.data, (0, 5)), inputs.caption))
    columns = {name: tensor.shape[1] for name, tensor in plain.items()}
    added = {name: tensor[:, columns[name] :] for name, tensor in wide.items()}
    kept = {name: tensor[:, : columns[name]] for name, tensor in wide.items()}
    _assert_equal(part, "with more padding", kept, plain, exact=False)
    for name, tensor in added.items():
        assert not bool(tensor.any()), f"{type(part).__name__}: {name} at padding is not zero"


def check_gradients(part: ModelPart, inputs: Inputs, exempt: Collection[str] = ()) -> None:
    """A step of training gives every weight a gradient that is finite and not zero, but for those that are exempt."""
    trained = copy.deepcopy(part).train()
    torch.manual_seed(0)
    torch.autograd.backward(training_loss(trained, inputs))
    for name, weight in trained.named_parameters():
        has_gradient = weight.grad is not None and bool(weight.grad.any() and weight.grad.isfinite().all())
        assert has_gradient or name in exempt, f"{type(part).__name__}: no gradient reaches {name}"
        assert not (has_gradient and name in exempt), f"{type(part).__name__}: {name} is exempt, but has a gradient"


def training_loss(part: ModelPart, inputs: Inputs) -> Tensor:
    """A random sum of a part's outputs, and its auxiliary loss."""
    if isinstance(part, Prior):
        posterior = Gaussian(inputs.data, 0.1 * inputs.data - 1)
        return (part.rate(posterior, inputs.caption).sum(dim=1) + part.auxiliary_loss(posterior, inputs.caption)).sum()
    floats = [tensor for tensor in outputs(part, inputs).values() if tensor.is_floating_point()]
    loss = torch.stack([(tensor * torch.randn_like(tensor)).sum() for tensor in floats]).sum()
    if isinstance(part, Encoder):
        loss = loss + part.auxiliary_loss(inputs.data, part(inputs.data, inputs.caption)).sum()
    if isinstance(part, TextEncoder):
        loss = loss + part.auxiliary_loss(inputs.data, part(inputs.data)).sum()
    return loss


def check_log_prob(part: Prior, inputs: Inputs) -> None:
    """log p(z | caption) is one number per row, the same in inference mode, and leaves no gradients behind."""
    expected = part.log_prob(inputs.data, inputs.caption)
    with torch.inference_mode():
        found = part.log_prob(inputs.data, inputs.caption)
    _assert_equal(part, "in inference mode", {"log_prob": found}, {"log_prob": expected})
    assert found.shape == (len(inputs.data),), f"{type(part).__name__}: log_prob has shape {tuple(found.shape)}"
    assert all(weight.grad is None for weight in part.parameters()), f"{type(part).__name__}: log_prob leaves gradients"
