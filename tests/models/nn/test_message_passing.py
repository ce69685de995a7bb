"""Messages are what a loop over pairs would send, and only tokens of one row receive each other's."""

import torch

from cvae_lightning.models.nn.message_passing import MessagePassing
from cvae_lightning.models.nn.ragged import RaggedIndex

MASK = torch.tensor([[True, False, True, True], [False, True, False, False], [True, True, False, False]])


def test_pairs_are_all_of_a_row_and_none_of_two_rows() -> None:
    index = RaggedIndex.from_mask(MASK)
    first, second = index.pairs()
    rows = index.row.tolist()
    expected = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j and rows[i] == rows[j]]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected


def test_messages_equal_a_loop() -> None:
    torch.manual_seed(0)
    layer, index = MessagePassing(8, 2, 6), RaggedIndex.from_mask(MASK)
    tokens, states = torch.randn(6, 8), torch.randn(6, 2)
    receiver, sender = index.pairs()
    received = layer(tokens, states[sender] - states[receiver], receiver, sender)
    normed = layer.norm(tokens)
    silu = torch.nn.functional.silu
    for i in range(6):
        total = torch.zeros(6)
        for j in range(6):
            if i != j and index.row[i] == index.row[j]:
                edge = layer.edge(states[j] - states[i])
                message = silu(layer.receiver(normed[i]) + layer.sender(normed[j]) + edge)
                total = total + silu(layer.inner(message))
        torch.testing.assert_close(received[i], layer.out(total))
    assert torch.equal(received[3], layer.out(torch.zeros(6))), "alone in its row"
