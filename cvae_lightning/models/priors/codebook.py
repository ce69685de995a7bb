"""Vectors as codes: a codebook whose entries are means of what was seen near them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import HALF_LOG_2PI

MIN_SIGMA = 0.02
"""Of an entry's Gaussian, in the latent's units."""


class Codebook(nn.Module):
    """Online k-means with moving averages (van den Oord et al. 2017, appendix A.1), and a Gaussian per entry.

    Entries are buffers: they follow what :meth:`update` sees and have no gradient. An entry that is hardly ever the
    nearest one starts again at a vector that was seen.

    Args:
        entries: V.
        size: N, numbers per vector.
        momentum: of the moving averages.
        restart_below: an entry whose share of the vectors falls below this share of 1 / V starts again.

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

    def __init__(self, entries: int, size: int, momentum: float = 0.99, restart_below: float = 0.02) -> None:
        super().__init__()
        self.entries, self.momentum, self.restart_below = entries, momentum, restart_below
        self.register_buffer("means", torch.zeros(entries, size))
        self.register_buffer("squares", torch.ones(entries, size))
        self.register_buffer("shares", torch.zeros(entries))
        self.register_buffer("scale", torch.ones(size))

    def codes(self, vectors: Tensor) -> Tensor:
        """The nearest entry of each vector (..., N), by distances in units of the posterior's own width; (...)."""
        distance = torch.cdist(
            (vectors / self.scale).reshape(1, -1, self.scale.numel()), (self.means / self.scale)[None]
        )
        return distance[0].argmin(dim=-1).reshape(vectors.shape[:-1])

    def sigma(self) -> Tensor:
        """Standard deviation (V, N) of what an entry stands for."""
        return (self.squares - self.means.square()).clamp(min=MIN_SIGMA**2).sqrt()

    def vectors(self, codes: Tensor, noise: Tensor) -> Tensor:
        """Draws (..., N) of the entries' Gaussians, of standard normal noise (..., N)."""
        return self.means[codes] + self.sigma()[codes] * noise

    def log_prob(self, vectors: Tensor, codes: Tensor) -> Tensor:
        """Log density of vectors (..., N) under the Gaussians of their codes (...), in nats; (...)."""
        sigma = self.sigma()[codes]
        return -(0.5 * ((vectors - self.means[codes]) / sigma).square() + sigma.log() + HALF_LOG_2PI).sum(dim=-1)

    @torch.no_grad()
    def update(self, vectors: Tensor, sigmas: Tensor) -> None:
        """Move the entries towards posteriors' means (M, N), whose own standard deviations are (M, N)."""
        if not len(vectors):
            return
        if not self.shares.any():
            self._start(vectors)
        step = 1 - self.momentum
        self.scale.lerp_(sigmas.mean(dim=0).clamp(min=MIN_SIGMA), step)
        codes = self.codes(vectors)
        hits = torch.zeros_like(self.shares).index_add(0, codes, torch.ones(len(codes), device=codes.device))  # (V,)
        self.shares.lerp_(hits / len(codes), step)
        # A mean moves by its own share of what was seen, so that rare entries follow as fast as frequent ones.
        weight = (step * hits / len(codes) / self.shares.clamp(min=1e-8)).clamp(max=1).unsqueeze(1)  # (V, 1)
        several = hits.clamp(min=1).unsqueeze(1)
        mean = torch.zeros_like(self.means).index_add(0, codes, vectors) / several
        square = torch.zeros_like(self.means).index_add(0, codes, vectors.square() + sigmas.square()) / several
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
            distance = ((vectors - self.means[self.codes(vectors)]) / self.scale).square().sum(dim=1)
            self.means[rarest] = vectors[distance.argmax()]
            self.squares[rarest] = self.means[rarest].square() + self.scale.square()
            self.shares[rarest] = 1 / self.entries
