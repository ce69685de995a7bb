"""Attention equals the library's; what is masked does not matter; a modulation of zeros changes nothing."""

import pytest
import torch
from torch import Tensor, nn

from cvae_lightning.models import Masked
from cvae_lightning.models.nn.attention import Attention, Block
from cvae_lightning.models.nn.ragged import RaggedIndex

MASK = torch.tensor([[True, True, False, True, False], [False, True, True, True, True]])
ONES = torch.ones_like(MASK)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def tokens_and_context() -> tuple[Tensor, Tensor]:
    return torch.randn(2, 3, 16), torch.randn(2, 5, 16)


@pytest.mark.parametrize("mask", [None, MASK])
def test_attention_equals_the_library(mask: Tensor | None) -> None:
    ours, library = Attention(16, heads=4), nn.MultiheadAttention(16, 4, batch_first=True)
    library.in_proj_weight.data = torch.cat([ours.query.weight, ours.key_value.weight])
    library.in_proj_bias.data = torch.cat([ours.query.bias, ours.key_value.bias])
    library.out_proj.load_state_dict(ours.out.state_dict())
    tokens, context = tokens_and_context()
    expected, _ = library(tokens, context, context, key_padding_mask=None if mask is None else ~mask)
    torch.testing.assert_close(ours(tokens, context, mask), expected)


def test_a_block_of_self_attention_equals_the_librarys_encoder_layer() -> None:
    ours = Block(16, cross_attention=False, heads=4)
    attention = ours.self_attention
    library = nn.TransformerEncoderLayer(16, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True)
    library.self_attn.in_proj_weight.data = torch.cat([attention.query.weight, attention.key_value.weight])
    library.self_attn.in_proj_bias.data = torch.cat([attention.query.bias, attention.key_value.bias])
    library.self_attn.out_proj.load_state_dict(attention.out.state_dict())
    library.linear1.load_state_dict(ours.network[0].state_dict())
    library.linear2.load_state_dict(ours.network[2].state_dict())
    tokens = torch.randn(2, 5, 16)
    expected = library(tokens, src_key_padding_mask=~MASK)
    torch.testing.assert_close(ours(tokens, mask=MASK)[MASK], expected[MASK])


def test_packed_tokens_equal_padded_ones() -> None:
    block, tokens, condition, index = (
        Block(16, cross_attention=False, condition_dim=6),
        torch.randn(2, 5, 16),
        torch.randn(2, 6),
        RaggedIndex.from_mask(MASK),
    )
    nn.init.normal_(block.modulation.weight)
    padded = block(tokens, mask=MASK, condition=condition)
    packed = block(index.pack(tokens), index=index, condition=condition)
    torch.testing.assert_close(packed, padded[MASK])
    assert torch.equal(index.pack(index.pad(packed)), packed)
    assert not index.pad(packed)[~MASK].any()


def test_masked_tokens_never_matter() -> None:
    block = Block(16)
    tokens, context = torch.randn(2, 5, 16), torch.randn(2, 5, 16)
    noise = 100 * torch.randn(2, 5, 16) * ~MASK.unsqueeze(-1)
    plain = block(tokens, Masked(context, MASK), MASK)
    assert torch.equal(block(tokens, Masked(context + noise, MASK), MASK), plain)
    assert torch.equal(block(tokens + noise, Masked(context, MASK), MASK)[MASK], plain[MASK])
    assert not torch.allclose(block(tokens, Masked(context + noise, ONES), MASK), plain)
    assert not torch.allclose(block(tokens + noise, Masked(context, MASK))[MASK], plain[MASK])


def test_tokens_and_context_are_sets() -> None:
    block = Block(16)
    tokens, context = tokens_and_context()
    plain = block(tokens, Masked(context, MASK))
    order, context_order = torch.randperm(3), torch.randperm(5)
    shuffled = Masked(context[:, context_order], MASK[:, context_order])
    torch.testing.assert_close(block(tokens, shuffled), plain)
    torch.testing.assert_close(block(tokens[:, order], Masked(context, MASK)), plain[:, order])


def test_a_condition_without_modulation_changes_nothing() -> None:
    plain, conditional = Block(16), Block(16, condition_dim=6)
    conditional.load_state_dict(plain.state_dict(), strict=False)
    tokens, context = tokens_and_context()
    masked = Masked(context, MASK)
    expected = plain(tokens, masked)
    assert torch.equal(conditional(tokens, masked), expected)
    assert torch.equal(conditional(tokens, masked, condition=torch.randn(2, 6)), expected)


def test_modulation_scales_and_shifts_every_norm() -> None:
    """A condition that never changes could as well be written into the norms' own weights."""
    conditional, plain = Block(16, condition_dim=6), Block(16)
    nn.init.normal_(conditional.modulation.bias)
    plain.load_state_dict({k: v for k, v in conditional.state_dict().items() if "modulation" not in k})
    for number, norm in enumerate(plain.norms):
        scale, shift = conditional.modulation.bias.detach().view(3, 2, 16)[number]
        norm.weight.data, norm.bias.data = 1 + scale, shift
    tokens, context = tokens_and_context()
    masked = Masked(context, MASK)
    torch.testing.assert_close(conditional(tokens, masked, condition=torch.randn(2, 6)), plain(tokens, masked))


def test_a_block_whose_branches_give_zero_is_the_identity() -> None:
    block = Block(16)
    tokens, context = tokens_and_context()
    masked = Masked(context, ONES)
    for last in (block.cross_attention.out, block.self_attention.out, block.network[2]):
        assert not torch.allclose(block(tokens, masked), tokens)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    assert torch.equal(block(tokens, masked), tokens)


def test_absent_attention_attends_to_nothing() -> None:
    tokens, context = tokens_and_context()
    masked = Masked(context, ONES)
    without_self = Block(16, self_attention=False)
    torch.testing.assert_close(without_self(tokens, masked)[:, :1], without_self(tokens[:, :1], masked))
    without_cross = Block(16, cross_attention=False)
    assert torch.equal(without_cross(tokens, masked), without_cross(tokens))


def test_a_width_that_does_not_divide_is_named() -> None:
    with pytest.raises(ValueError, match="width 10 does not divide into 4 heads"):
        Attention(10, heads=4)
