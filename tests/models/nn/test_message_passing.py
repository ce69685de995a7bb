"""Messages are what a loop over pairs would send, and only tokens of one row hear each other."""

import torch

from cvae_lightning.models.nn.attention import Places
from cvae_lightning.models.nn.message_passing import Messages

EXIST = torch.tensor([[True, False, True, True], [False, True, False, False], [True, True, False, False]])


def test_pairs_are_all_of_a_row_and_none_of_two_rows() -> None:
    places = Places.of(EXIST)
    first, second = places.pairs()
    rows = places.row.tolist()
    several = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j and rows[i] == rows[j]]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == several


def test_messages_equal_a_loop() -> None:
    torch.manual_seed(0)
    part, places = Messages(8, 2, 6), Places.of(EXIST)
    tokens, states = torch.randn(6, 8), torch.randn(6, 2)
    first, second = places.pairs()
    heard = part(tokens, states[second] - states[first], first, second)
    normed = part.norm(tokens)
    for i in range(6):
        said = torch.zeros(6)
        for j in range(6):
            if i != j and places.row[i] == places.row[j]:
                silu = torch.nn.functional.silu
                told = silu(part.mine(normed[i]) + part.theirs(normed[j]) + part.apart(states[j] - states[i]))
                said = said + silu(part.inner(told))
        torch.testing.assert_close(heard[i], part.out(said))
    assert torch.equal(heard[3], part.out(torch.zeros(6))), "nobody to hear"
