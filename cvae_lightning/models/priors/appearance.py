"""What an object's appearance is, as codes: codebooks of its parts, and draws of what a code stands for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.priors.codebook import Codebook
from cvae_lightning.models.priors.objects import part_columns


class Appearance(nn.Module):
    """One codebook per part of a slot's appearance, such as colour, outline and radius.

    Which entry of its code's cluster a part has follows from all codes of the object: the outline of a small star is
    not a large one's.

    Args:
        layout: of the latent.
        sizes: numbers of each part.
        entries: of each part's codebook.
        width: W of what describes an object's codes.
        momentum: of the codebooks' moving averages.
        join_within: of each codebook (:class:`~cvae_lightning.models.priors.codebook.Codebook`).

    Example:
        >>> layout = LatentLayout(latent_dim=10, num_slots=2, position_scale=4.0, presence_scale=2.0)
        >>> appearance = Appearance(layout, [1, 1], entries=[4, 4], width=8, momentum=0.99, join_within=[0.0, 0.0])
        >>> tuple(appearance.codes(torch.randn(1, 10)).shape)
        (1, 2, 2)
    """

    columns: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        sizes: Sequence[int],
        entries: Sequence[int],
        width: int,
        momentum: float,
        join_within: Sequence[float],
    ) -> None:
        super().__init__()
        self.layout, self.sizes = layout, tuple(sizes)
        parts = list(zip(entries, sizes, join_within, strict=True))
        self.codebooks = nn.ModuleList([Codebook(count, n, momentum, join_within=join) for count, n, join in parts])
        # Where a code is one entry there is nothing to choose.
        self.within = nn.ModuleDict(
            {str(n): nn.Linear(width, count) for n, (count, _, join) in enumerate(parts) if join}
        )
        self.register_buffer("columns", part_columns(layout), persistent=False)

    def codes(self, z: Tensor) -> Tensor:
        """The codes (B, K, P) of each slot of latents (B, Z); those of an empty slot have no meaning."""
        books = zip(self.codebooks, self._vectors(z), strict=True)
        return torch.stack([book.codes(vectors) for book, vectors in books], dim=-1)  # type: ignore[operator]

    @torch.no_grad()
    def update(self, mean: Tensor, sigma: Tensor) -> None:
        """Move the codebooks towards the objects in posteriors of mean and standard deviation (B, Z)."""
        present = self.layout.split(mean).present
        assert present is not None
        for book, vectors, widths in zip(self.codebooks, self._vectors(mean), self._vectors(sigma), strict=True):
            book.update(vectors[present], widths[present])  # type: ignore[operator]

    def log_prob(self, z: Tensor, codes: Tensor, what: Tensor) -> Tensor:
        """Log density (B, K) of what latents (B, Z) have for codes (B, K, P), which (B, K, W) describes."""
        books = zip(self.codebooks, self._vectors(z), self._weights(codes, what), strict=True)
        return torch.stack([book.log_prob(*one) for book, *one in books]).sum(dim=0)  # type: ignore[operator]

    def draw(self, codes: Tensor, what: Tensor, noise: Tensor, uniform: Tensor) -> Tensor:
        """Vectors (B, K, R) of codes, from noise (B, K, D) and uniform numbers (B, K)."""
        own = noise.index_select(2, self.columns).split_with_sizes(self.sizes, dim=-1)
        drawn = []
        for book, *one in zip(self.codebooks, self._weights(codes, what), own, strict=True):
            vectors, uniform = book.vectors(*one, uniform)  # type: ignore[operator]
            drawn.append(vectors)
        return torch.cat(drawn, dim=-1)

    def _weights(self, codes: Tensor, what: Tensor) -> list[Tensor]:
        """Log probabilities (B, K, V) of each codebook's entries.

        Their loss is kept from what describes the codes, which is there for the caption.
        """
        nothing = what.new_zeros(1)
        weights = []
        for n, book in enumerate(self.codebooks):
            logits = self.within[str(n)](what.detach()) if str(n) in self.within else nothing
            weights.append(book.within(codes[..., n], logits))  # type: ignore[operator]
        return weights

    def _vectors(self, z: Tensor) -> tuple[Tensor, ...]:
        """Each part's numbers (B, K, N) in latents (B, Z)."""
        return self.layout.slots(z.float()).index_select(2, self.columns).split_with_sizes(self.sizes, dim=-1)
