"""Vectors as codes: a codebook whose entries are means of what was seen near them, joined to clusters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import HALF_LOG_2PI
from cvae_lightning.models.priors.categorical import choose

MIN_SIGMA = 0.02
"""Of an entry's Gaussian, in the latent's units."""


class Codebook(nn.Module):
    """Online k-means with moving averages (van den Oord et al. 2017, appendix A.1), and a Gaussian per entry.

    Entries are buffers: they follow what :meth:`update` sees and have no gradient. An entry that is hardly ever the
    nearest one starts again at a vector that was seen. k-means uses up all of its entries, however few clusters there
    are; so entries whose Gaussians touch share a code (single linkage), and a code's density is their mixture.

    Args:
        entries: V, and the number of codes at most.
        size: N, numbers per vector.
        momentum: of the moving averages.
        restart_below: an entry whose share of the vectors falls below this share of 1 / V starts again.
        join_within: entries share a code if a chain of entries leads from one to the other whose means are each nearer
            than this to the next, in units of the two entries' standard deviations; 0 for a code per entry.

    Example:
        >>> book = Codebook(entries=2, size=1, momentum=0.5)
        >>> seen = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
        >>> for _ in range(9):
        ...     book.update(seen, torch.zeros_like(seen))
        >>> book.codes(torch.tensor([[0.2], [4.0]])).unique().numel()
        2
    """

    means: Tensor
    squares: Tensor
    shares: Tensor
    scale: Tensor

    def __init__(
        self, entries: int, size: int, momentum: float = 0.99, restart_below: float = 0.02, join_within: float = 0.0
    ) -> None:
        super().__init__()
        self.entries, self.momentum, self.restart_below = entries, momentum, restart_below
        self.join_within = join_within
        self.register_buffer("means", torch.zeros(entries, size))
        self.register_buffer("squares", torch.ones(entries, size))
        self.register_buffer("shares", torch.zeros(entries))
        self.register_buffer("scale", torch.ones(size))

    def codes(self, vectors: Tensor) -> Tensor:
        """The code of each vector (..., N): that of its nearest entry; (...)."""
        return self.clusters()[self._nearest(vectors)]

    def clusters(self) -> Tensor:
        """The code of each entry: the first entry of its cluster; (V,)."""
        each = torch.arange(self.entries, device=self.means.device)
        if not self.join_within:
            return each
        variance = self.sigma().square()
        gap = (self.means.unsqueeze(1) - self.means).square() / (variance.unsqueeze(1) + variance)  # (V, V, N)
        joined = gap.sum(dim=-1) < self.join_within**2
        for _ in range((self.entries - 1).bit_length()):  # chains twice as long each time
            joined = (joined.float() @ joined.float()) > 0
        return torch.where(joined, each, self.entries).amin(dim=1)

    def sigma(self) -> Tensor:
        """Standard deviation (V, N) of what an entry stands for."""
        return (self.squares - self.means.square()).clamp(min=MIN_SIGMA**2).sqrt()

    def vectors(self, weights: Tensor, noise: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Draws of mixtures of the entries' Gaussians.

        Args:
            weights: (..., V), log probabilities of the entries.
            noise: (..., N), standard normal, for the place in an entry's Gaussian.
            uniform: (...) in [0, 1], for the choice of the entry.

        Returns:
            Vectors (..., N), and what is left of the uniform numbers (...).
        """
        chosen, rest = choose(weights.flatten(0, -2), uniform.flatten())
        entries = chosen.view_as(uniform)
        return self.means[entries] + self.sigma()[entries] * noise, rest.view_as(uniform)

    def log_prob(self, vectors: Tensor, weights: Tensor) -> Tensor:
        """Log density of vectors (..., N) under mixtures with log probabilities (..., V) of the entries; (...)."""
        sigma = self.sigma()
        scores = (vectors.unsqueeze(-2) - self.means) / sigma  # (..., V, N)
        density = -(0.5 * scores.square() + sigma.log() + HALF_LOG_2PI).sum(dim=-1)  # (..., V)
        return (density + weights).logsumexp(dim=-1)

    def within(self, codes: Tensor, logits: Tensor) -> Tensor:
        """Log probabilities (..., V) of the entries of codes (...), of unnormalized ones of all entries (..., V)."""
        mine = self.clusters() == codes.unsqueeze(-1)
        # A code that no entry has any more, as entries moved, is read as the entry that it was the number of.
        itself = torch.arange(self.entries, device=codes.device) == codes.unsqueeze(-1)
        mine = torch.where(mine.any(dim=-1, keepdim=True), mine, itself)
        return logits.float().masked_fill(~mine, -torch.inf).log_softmax(dim=-1)

    def _nearest(self, vectors: Tensor) -> Tensor:
        """The nearest entry of each vector (..., N), by distances in units of the posterior's own width; (...)."""
        distance = torch.cdist(
            (vectors / self.scale).reshape(1, -1, self.scale.numel()), (self.means / self.scale)[None]
        )
        return distance[0].argmin(dim=-1).reshape(vectors.shape[:-1])

    @torch.no_grad()
    def update(self, vectors: Tensor, sigmas: Tensor) -> None:
        """Move the entries towards posteriors' means (M, N), whose own standard deviations are (M, N)."""
        if not len(vectors):
            return
        if not self.shares.any():
            self._start(vectors)
        step = 1 - self.momentum
        self.scale.lerp_(sigmas.mean(dim=0).clamp(min=MIN_SIGMA), step)
        nearest = self._nearest(vectors)
        hits = torch.zeros_like(self.shares).index_add(
            0, nearest, torch.ones(len(nearest), device=nearest.device)
        )  # (V,)
        self.shares.lerp_(hits / len(nearest), step)
        # A mean moves by its own share of what was seen, so that rare entries follow as fast as frequent ones.
        weight = (step * hits / len(nearest) / self.shares.clamp(min=1e-8)).clamp(max=1).unsqueeze(1)  # (V, 1)
        several = hits.clamp(min=1).unsqueeze(1)
        mean = torch.zeros_like(self.means).index_add(0, nearest, vectors) / several
        square = torch.zeros_like(self.means).index_add(0, nearest, vectors.square() + sigmas.square()) / several
        self.means.lerp_(mean, weight)
        self.squares.lerp_(square, weight)
        self._restart(vectors)

    def _start(self, vectors: Tensor) -> None:
        chosen = torch.randint(len(vectors), (self.entries,), device=vectors.device)
        self.means.copy_(vectors[chosen])
        self.squares.copy_(self.means.square() + 1)
        self.shares.fill_(1 / self.entries)

    def _restart(self, vectors: Tensor) -> None:
        """At most one entry per step starts again, at the vector that is farthest from its entry."""
        share, rarest = self.shares.min(dim=0)
        if share < self.restart_below / self.entries:
            distance = ((vectors - self.means[self._nearest(vectors)]) / self.scale).square().sum(dim=1)
            self.means[rarest] = vectors[distance.argmax()]
            self.squares[rarest] = self.means[rarest].square() + self.scale.square()
            self.shares[rarest] = 1 / self.entries
