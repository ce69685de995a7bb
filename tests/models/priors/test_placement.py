"""Objects are placed as often as their probability says, and a term of a pair depends on the offset alone."""

from itertools import pairwise

import torch

from cvae_lightning.models.priors.placement import PairwisePlacement

BINS = 3


def placement() -> PairwisePlacement:
    torch.manual_seed(0)
    part = PairwisePlacement(width=8, bins=BINS, hidden=8)
    torch.nn.init.normal_(part.out.weight)
    return part


@torch.no_grad()
def test_two_objects_are_placed_as_often_as_their_probability() -> None:
    part, count = placement(), 20000
    states = torch.randn(1, 2, 8)
    cells = torch.cartesian_prod(*[torch.arange(BINS)] * 4).reshape(-1, 2, 2)  # (81, 2, 2)
    mask = torch.ones(len(cells), 2, dtype=torch.bool)
    probability = part.log_prob(states.expand(len(cells), -1, -1), cells, mask).exp()
    torch.testing.assert_close(probability.sum(), torch.tensor(1.0))
    bins, uniform = torch.zeros(count, 2, 2, dtype=torch.long), torch.rand(count, 2, 2)
    rows, mask = states.expand(count, -1, -1), torch.ones(count, 2, dtype=torch.bool)
    for k in range(2):
        bins[:, k], inside = part.place(k, rows, bins, mask, uniform[:, k])
        assert ((inside >= 0) & (inside <= 1)).all()
    keys = (bins.flatten(1) * BINS ** torch.arange(3, -1, -1)).sum(dim=1)
    frequency = torch.bincount(keys, minlength=len(cells)) / count
    assert float((frequency - probability).abs().max()) < 4 * float((probability.max() / count).sqrt())


@torch.no_grad()
def test_a_pair_that_is_moved_together_has_the_same_term() -> None:
    part = placement()
    states, pair = torch.randn(2, 8), (torch.tensor([1]), torch.tensor([0]))
    terms = [
        part._pairs(states, states, torch.tensor([[x, 1], [0, 0]]), *pair).reshape(BINS, BINS) for x in range(BINS)
    ]
    for left, right in pairwise(terms):
        torch.testing.assert_close(left[:, :-1], right[:, 1:])


@torch.no_grad()
def test_an_object_that_is_not_there_moves_no_other() -> None:
    part = placement()
    states, uniform = torch.randn(1, 2, 8), torch.rand(1, 2)
    absent = torch.tensor([[False, True]])
    cells = [part.place(1, states, torch.tensor([[[x, 0], [0, 0]]]), absent, uniform)[0].tolist() for x in range(BINS)]
    assert cells[0] == cells[1] == cells[2]
