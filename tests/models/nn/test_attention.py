"""Attention equals the library's; what is masked does not matter; a modulation that says nothing changes nothing."""

import pytest
import torch
from torch import nn

from cvae_lightning.models.nn.attention import Attention, Block, Places

MASK = torch.tensor([[True, True, False, True, False], [False, True, True, True, True]])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def tokens_and_others() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(2, 3, 16), torch.randn(2, 5, 16)


@pytest.mark.parametrize("mask", [None, MASK])
def test_attention_equals_the_library(mask: torch.Tensor | None) -> None:
    ours, library = Attention(16, heads=4), nn.MultiheadAttention(16, 4, batch_first=True)
    library.in_proj_weight.data = torch.cat([ours.query.weight, ours.key_value.weight])
    library.in_proj_bias.data = torch.cat([ours.query.bias, ours.key_value.bias])
    library.out_proj.load_state_dict(ours.out.state_dict())
    tokens, others = tokens_and_others()
    expected, _ = library(tokens, others, others, key_padding_mask=None if mask is None else ~mask)
    torch.testing.assert_close(ours(tokens, others, mask), expected)


def test_a_block_of_self_attention_equals_the_librarys_encoder_layer() -> None:
    ours = Block(16, cross=False, heads=4)
    library = nn.TransformerEncoderLayer(16, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True)
    library.self_attn.in_proj_weight.data = torch.cat([ours.own.query.weight, ours.own.key_value.weight])
    library.self_attn.in_proj_bias.data = torch.cat([ours.own.query.bias, ours.own.key_value.bias])
    library.self_attn.out_proj.load_state_dict(ours.own.out.state_dict())
    library.linear1.load_state_dict(ours.network[0].state_dict())
    library.linear2.load_state_dict(ours.network[2].state_dict())
    tokens = torch.randn(2, 5, 16)
    expected = library(tokens, src_key_padding_mask=~MASK)
    torch.testing.assert_close(ours(tokens, own_mask=MASK)[MASK], expected[MASK])


def test_packed_tokens_equal_padded_ones() -> None:
    block, tokens, condition, places = (
        Block(16, cross=False, condition_dim=6),
        torch.randn(2, 5, 16),
        torch.randn(2, 6),
        Places.of(MASK),
    )
    nn.init.normal_(block.modulate.weight)
    padded = block(tokens, own_mask=MASK, condition=condition)
    packed = block.packed(places.pack(tokens), places, condition)
    torch.testing.assert_close(packed, padded[MASK])
    assert torch.equal(places.pack(places.pad(packed)), packed)
    assert not places.pad(packed)[~MASK].any()


def test_masked_tokens_never_matter() -> None:
    block = Block(16)
    tokens, others = torch.randn(2, 5, 16), torch.randn(2, 5, 16)
    noise = 100 * torch.randn(2, 5, 16) * ~MASK.unsqueeze(-1)
    plain = block(tokens, others, MASK, MASK)
    assert torch.equal(block(tokens, others + noise, MASK, MASK), plain)
    assert torch.equal(block(tokens + noise, others, MASK, MASK)[MASK], plain[MASK])
    assert not torch.allclose(block(tokens, others + noise, None, MASK), plain)
    assert not torch.allclose(block(tokens + noise, others, MASK)[MASK], plain[MASK])


def test_tokens_and_others_are_sets() -> None:
    block = Block(16)
    tokens, others = tokens_and_others()
    plain = block(tokens, others, MASK)
    order, others_order = torch.randperm(3), torch.randperm(5)
    torch.testing.assert_close(block(tokens, others[:, others_order], MASK[:, others_order]), plain)
    torch.testing.assert_close(block(tokens[:, order], others, MASK), plain[:, order])


def test_a_condition_without_modulation_changes_nothing() -> None:
    plain, told = Block(16), Block(16, condition_dim=6)
    told.load_state_dict(plain.state_dict(), strict=False)
    tokens, others = tokens_and_others()
    expected = plain(tokens, others, MASK)
    assert torch.equal(told(tokens, others, MASK), expected)
    assert torch.equal(told(tokens, others, MASK, condition=torch.randn(2, 6)), expected)


def test_modulation_scales_and_shifts_every_norm() -> None:
    """A condition that never changes could as well be written into the norms' own weights."""
    told, plain = Block(16, condition_dim=6), Block(16)
    nn.init.normal_(told.modulate.bias)
    plain.load_state_dict({k: v for k, v in told.state_dict().items() if "modulate" not in k})
    for place, norm in enumerate(plain.norms):
        scale, shift = told.modulate.bias.detach().view(3, 2, 16)[place]
        norm.weight.data, norm.bias.data = 1 + scale, shift
    tokens, others = tokens_and_others()
    expected = plain(tokens, others, MASK)
    torch.testing.assert_close(told(tokens, others, MASK, condition=torch.randn(2, 6)), expected)


def test_a_block_whose_branches_say_nothing_is_the_identity() -> None:
    block = Block(16)
    tokens, others = tokens_and_others()
    for last in (block.cross.out, block.own.out, block.network[2]):
        assert not torch.allclose(block(tokens, others), tokens)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    assert torch.equal(block(tokens, others), tokens)


def test_absent_attention_looks_at_nothing() -> None:
    tokens, others = tokens_and_others()
    alone = Block(16, own=False)
    torch.testing.assert_close(alone(tokens, others)[:, :1], alone(tokens[:, :1], others))
    deaf = Block(16, cross=False)
    assert torch.equal(deaf(tokens, others), deaf(tokens))


def test_a_width_that_does_not_divide_is_named() -> None:
    with pytest.raises(ValueError, match="width 10 does not divide into 4 heads"):
        Attention(10, heads=4)
