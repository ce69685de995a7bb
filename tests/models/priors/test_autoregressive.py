"""The autoregressive prior is a distribution over sets of objects, and samples what it says."""

import math
from itertools import product

import pytest
import torch
from support.encodings import random_encoding

from cvae_lightning.models import AutoregressivePrior, Gaussian, LatentLayout
from cvae_lightning.models.latent_layout import SlotNumbers
from cvae_lightning.models.priors.categorical import choose
from cvae_lightning.models.priors.codebook import Codebook
from cvae_lightning.models.priors.objects import Objects, in_order

LAYOUT = LatentLayout(12, 2, 4.0, radius_scale=3.0, presence_scale=2.0)
CAPTION = random_encoding(1, 3, 8)


def prior(**changed: object) -> AutoregressivePrior:
    torch.manual_seed(0)
    arguments = {"sizes": [1, 1], "entries": [2, 2, 1], "caption_dim": 8, "width": 8, "layers": 1, "position_bins": 2}
    part = AutoregressivePrior(LAYOUT, **(arguments | changed)).eval()  # type: ignore[arg-type]
    torch.nn.init.normal_(part.where.out.weight)  # a new one has no terms of pairs
    for book in part.appearance.codebooks:
        book.means.copy_(torch.linspace(-1, 1, len(book.means)).unsqueeze(1))  # type: ignore[operator, union-attr]
        book.squares.copy_(book.means.square() + 0.01)  # type: ignore[operator, union-attr]
        book.shares.fill_(1.0)  # type: ignore[operator, union-attr]
    return part


def sequences(part: AutoregressivePrior) -> Objects:
    """All sequences of up to two objects; the first one is empty."""
    one = list(product(range(2), range(2), range(1), range(2), range(2)))  # two codes, the radius, x and y
    rows = [(), *((a,) for a in one), *((a, b) for a in one for b in one)]
    codes = torch.tensor([[part.entries] * 2] * len(rows))
    bins, mask = torch.zeros(len(rows), 2, 2, dtype=torch.long), torch.zeros(len(rows), 2, dtype=torch.bool)
    for row, things in enumerate(rows):
        for index, thing in enumerate(things):
            codes[row, index], bins[row, index], mask[row, index] = (
                torch.tensor(thing[:3]),
                torch.tensor(thing[3:]),
                True,
            )
    return Objects(codes, bins, mask)


@torch.no_grad()
def test_sequences_have_a_probability_of_one_in_all() -> None:
    part = prior()
    all_of_them = sequences(part)
    total = part._log_prob(all_of_them, CAPTION.repeat(len(all_of_them.mask))).exp().sum()
    assert float(total) == pytest.approx(1.0, abs=1e-5)


@torch.no_grad()
def test_samples_are_as_frequent_as_their_probability() -> None:
    part, count = prior(), 4000
    z = part.sample(CAPTION.repeat(count), torch.randn(count, 12, generator=torch.Generator().manual_seed(1)))
    numbers = LAYOUT.split(z)
    assert numbers.present is not None
    assert not (numbers.present[:, 1] & ~numbers.present[:, 0]).any(), "empty slots come last"
    all_of_them = sequences(part)
    probability = part._log_prob(all_of_them, CAPTION.repeat(len(all_of_them.mask))).exp()
    for length in range(3):
        expected = float(probability[all_of_them.mask.sum(dim=1) == length].sum())
        share = float((numbers.present.sum(dim=1) == length).float().mean())
        assert share == pytest.approx(expected, abs=4 * (expected / count) ** 0.5)


@torch.no_grad()
def test_a_set_has_one_density_in_any_order_of_its_slots() -> None:
    part = prior()
    z = part.sample(CAPTION.repeat(64), torch.randn(64, 12))
    swapped = LAYOUT.slots(z).flip(1).flatten(1)
    caption = CAPTION.repeat(64)
    torch.testing.assert_close(part.log_prob(z, caption), part.log_prob(swapped, caption))


@torch.no_grad()
def test_empty_slots_are_noise() -> None:
    part = prior()
    z = LAYOUT.slots(torch.randn(4, 12))
    z[..., 3] = -2.0
    nothing = sequences(part)
    expected = part._log_prob(Objects(*(rows[:1] for rows in nothing)), CAPTION)
    noise = torch.distributions.Normal(0.0, 1.0).log_prob(z[..., [0, 1, 2, 4, 5]]).sum(dim=(1, 2))
    presence = torch.distributions.Normal(-2.0, math.exp(-3)).log_prob(z[..., 3]).sum(dim=1)
    torch.testing.assert_close(part.log_prob(z.flatten(1), CAPTION.repeat(4)), expected + noise + presence)


@torch.no_grad()
def test_what_is_sampled_is_read_back() -> None:
    part = prior(position_bins=8)
    z = part.sample(CAPTION.repeat(32), torch.randn(32, 12))
    again = LAYOUT.split(z)
    objects = part.objects(z)
    assert again.present is not None
    assert torch.equal(objects.mask.sum(dim=1), again.present.sum(dim=1))
    assert (objects.codes[objects.mask] < torch.tensor(part.entries)).all()
    assert (objects.codes[~objects.mask] == torch.tensor(part.entries)).all()


@torch.no_grad()
def test_a_sample_depends_on_its_own_row_of_noise() -> None:
    part, noise = prior(), torch.randn(6, 12)
    together = part.sample(CAPTION.repeat(6), noise)
    alone = torch.cat([part.sample(CAPTION, row[None]) for row in noise])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_it_learns_where_objects_are() -> None:
    part = prior(position_bins=8, width=32).train()
    z = LAYOUT.join(
        SlotNumbers(
            torch.tensor([[[0.2, 0.8], [0.7, 0.3]]]),
            torch.ones(1, 2),
            torch.tensor([[True, False]]),
            torch.tensor([[[1.0, -1.0], [0.0, 0.0]]]),
        )
    )
    posterior = Gaussian(z.expand(8, -1), torch.full((8, 12), -3.0))
    optimizer = torch.optim.Adam(part.parameters(), lr=1e-2)
    for _ in range(40):
        loss = part.auxiliary_loss(posterior, CAPTION.repeat(8)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    numbers = LAYOUT.split(part.eval().sample(CAPTION.repeat(32), torch.randn(32, 12)))
    assert numbers.present is not None
    assert numbers.present.float().mean(dim=0).tolist() == pytest.approx([1.0, 0.0], abs=0.1)
    assert (numbers.positions[:, 0] - torch.tensor([0.2, 0.8])).abs().median() < 0.1


def test_choices_are_inverse_transform_samples() -> None:
    logits = torch.tensor([[0.0, 1.0, -1.0]]).expand(3000, 3)
    uniform = (torch.arange(3000) + 0.5) / 3000
    chosen, rest = choose(logits, uniform)
    shares = torch.bincount(chosen, minlength=3) / 3000
    torch.testing.assert_close(shares, logits[0].softmax(0), atol=1e-3, rtol=0)
    for code in range(3):
        inside = rest[chosen == code]
        torch.testing.assert_close(inside, (torch.arange(len(inside)) + 0.5) / len(inside), atol=0.02, rtol=0)


def test_codebooks_find_the_clusters_of_what_they_see() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    book = Codebook(entries=4, size=2, momentum=0.9, restart_below=0.2)
    for _ in range(200):
        vectors = centres[torch.randint(4, (32,))] + 0.1 * torch.randn(32, 2)
        book.update(vectors, torch.full_like(vectors, 0.05))
    assert float(torch.cdist(centres, book.means).amin(dim=1).max()) < 0.15
    assert float((book.sigma() - (0.1**2 + 0.05**2) ** 0.5).abs().max()) < 0.06


def four_clusters(join_within: float) -> tuple[Codebook, torch.Tensor, torch.Tensor]:
    """A codebook of 16 entries that has seen four clusters, and vectors of it with the number of their cluster."""
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    book = Codebook(entries=16, size=2, momentum=0.9, join_within=join_within)
    for _ in range(300):
        cluster = torch.randint(4, (64,))
        vectors = centres[cluster] + 0.1 * torch.randn(64, 2)
        book.update(vectors, torch.full_like(vectors, 0.02))
    return book, vectors, cluster


def test_entries_that_touch_share_a_code() -> None:
    book, vectors, cluster = four_clusters(join_within=5.0)
    pairs = torch.stack([book.codes(vectors), cluster], dim=1).unique(dim=0)
    assert len(pairs) == len(pairs[:, 0].unique()) == 4, "a code is a cluster"
    apart, vectors, _ = four_clusters(join_within=0.0)
    assert len(apart.codes(vectors).unique()) > 8, "and each entry its own otherwise"


def test_a_code_s_density_is_a_mixture_of_its_own_entries() -> None:
    book, vectors, _ = four_clusters(join_within=5.0)
    codes = book.codes(vectors)
    weights = book.within(codes, torch.randn(len(codes), 16))
    torch.testing.assert_close(weights.exp().sum(dim=-1), torch.ones(len(codes)))
    assert ((weights > -torch.inf) == (book.clusters() == codes.unsqueeze(1))).all()
    drawn, _ = book.vectors(weights, torch.randn(64, 2), torch.rand(64))
    assert torch.equal(book.codes(drawn), codes), "a draw has the code that it was drawn for"
    components = torch.distributions.Independent(torch.distributions.Normal(book.means, book.sigma()), 1)
    expected = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=weights), components)
    torch.testing.assert_close(book.log_prob(vectors, weights), expected.log_prob(vectors))


def test_objects_that_are_alike_are_in_order_along_the_diagonal() -> None:
    bins = torch.randint(8, (1, 5, 2), generator=torch.Generator().manual_seed(0))
    alike = Objects(torch.zeros(1, 5, 1, dtype=torch.long), bins, torch.ones(1, 5, dtype=torch.bool))
    along = in_order(alike, [1], 8).bins.sum(dim=-1)[0]
    assert along.tolist() == sorted(along.tolist())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"join_within": -1.0}, "prior.join_within is -1.0"),
        ({"sizes": [1]}, r"prior.sizes is \[1\]: expected parts of 2 numbers in all"),
        ({"entries": [2, 2]}, r"prior.entries is \[2, 2\]: expected 3 numbers of at least 1"),
        ({"entries": [2, 0, 2]}, "prior.entries"),
        ({"layers": 0}, "prior.layers is 0"),
    ],
)
def test_sizes_that_do_not_fit_are_named(changed: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        prior(**changed)
