"""A prior that names one object after the other, and then places each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.gaussian import Gaussian, kl_to_standard, standard_log_density
from cvae_lightning.models.interfaces import CaptionEncoding, Masked, Prior, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.attention import Block, learned_embedding
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.priors.appearance import Appearance
from cvae_lightning.models.priors.categorical import choose, log_likelihood
from cvae_lightning.models.priors.objects import Objects, empty_log_density, in_order, no_objects
from cvae_lightning.models.priors.placement import PairwisePlacement
from cvae_lightning.models.serialization import part


@part
class AutoregressivePrior(Prior):
    """p(objects | caption), an ordered sequence of categorical distributions.

    Slots are exchangeable, so a set of objects has one fixed order: by the codes of their parts, then from top to
    bottom. First a transformer says which objects there are, code by code, until it says that there are no more. Then
    the same transformer reads all of them, and they are placed one after the other
    (:class:`~cvae_lightning.models.priors.placement.PairwisePlacement`). It reads the caption by cross-attention. A
    part's vector is a draw of its code's mixture of Gaussians, whose weights follow from all codes of the object: the
    outline of a small star is not a large one's (:class:`~cvae_lightning.models.priors.codebook.Codebook`).
    A position is uniform in its cell. It is trained together with the autoencoder by maximum likelihood, on posterior
    means that carry no gradient back to it.

    As with :class:`~cvae_lightning.models.FlowPrior` the autoencoder's rate stays KL(q || N(0, I)); the prior's own
    density is :meth:`log_prob`.

    Args:
        layout: of the latent; its slots have a position and a presence.
        sizes: numbers of each part of a slot's appearance, such as colour and outline.
        entries: of each part's codebook; one more for the radius, where the layout has one.
        caption_dim: C.
        width: W of a token.
        layers: transformer blocks.
        heads: of their attention.
        position_bins: cells of the grid of positions per axis.
        pair_width: of the network that weighs two objects' offset.
        momentum: of the codebooks' moving averages.
        join_within: entries of a part's codebook that are no farther apart than so many of their standard deviations
            have one code (:class:`~cvae_lightning.models.priors.codebook.Codebook`); 0 for none. Not for the radius, of
            which there are no clusters.

    Raises:
        ValueError: sizes that do not fit, or a layout without positions or presence.

    Example:
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=10, num_slots=2, position_scale=4.0, presence_scale=2.0)
        >>> prior = AutoregressivePrior(layout, sizes=[1, 1], entries=[4, 4], caption_dim=8, width=8, layers=1)
        >>> z = prior.sample(caption, torch.randn(1, 10))
        >>> tuple(layout.split(z).positions.shape), tuple(prior.log_prob(z, caption).shape)
        ((1, 2, 2), (1,))
    """

    latent_dim: int
    base = "N(0, I), and not the autoregressive density that samples are drawn from"
    causal: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        sizes: Sequence[int],
        entries: Sequence[int],
        caption_dim: int = 128,
        width: int = 128,
        layers: int = 3,
        heads: int = 4,
        position_bins: int = 48,
        pair_width: int = 64,
        momentum: float = 0.99,
        join_within: float = 0.0,
    ) -> None:
        super().__init__()
        check_positive("prior", width=width, layers=layers, position_bins=position_bins)
        if not join_within >= 0:
            raise ValueError(f"prior.join_within is {join_within}: expected 0 or more")
        has_radius = layout.radius_scale is not None
        if layout.presence_scale is None or not sizes or sum(sizes) != layout.rest_dim:
            raise ValueError(
                f"prior.sizes is {list(sizes)}: expected parts of {layout.rest_dim} numbers in all, and a layout with "
                "presence_scale"
            )
        if len(entries) != len(sizes) + has_radius or min(entries) < 1:
            raise ValueError(
                f"prior.entries is {list(entries)}: expected {len(sizes) + has_radius} numbers of at least 1, one per "
                f"part{', and one for the radius' if has_radius else ''}"
            )
        sizes = (*sizes, 1) if has_radius else tuple(sizes)
        self.layout, self.latent_dim, self.caption_dim = layout, layout.latent_dim, caption_dim
        self.entries, self.position_bins = tuple(entries), position_bins
        joins = [join_within] * (len(sizes) - has_radius) + [0.0] * has_radius
        self.code_embeddings = nn.ModuleList([nn.Embedding(count + 1, width) for count in entries])
        self.context = nn.Linear(caption_dim, width)
        self.which_index, self.where_index = (learned_embedding(layout.num_slots, width) for _ in range(2))
        self.blocks = nn.ModuleList([Block(width, heads=heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        # The first part's network also says that there are no more objects.
        self.which = nn.ModuleList([mlp(width, width, count + (n == 0)) for n, count in enumerate(entries)])
        self.appearance = Appearance(layout, sizes, entries, width, momentum, joins)
        self.where = PairwisePlacement(width, position_bins, pair_width)
        for embedding in self.code_embeddings:
            nn.init.normal_(embedding.weight, std=0.5)  # type: ignore[arg-type]
        # Which objects: each follows from those before it. Where they are: all are known. Neither reads the other.
        ones = torch.ones(2 * [layout.num_slots], dtype=torch.bool)
        allowed = torch.cat([torch.cat([ones.tril(), ~ones], dim=1), torch.cat([~ones, ones], dim=1)])
        self.register_buffer("causal", allowed.unsqueeze(0), persistent=False)

    def objects(self, z: Tensor) -> Objects:
        """The objects of latents (B, Z) in their fixed order."""
        return in_order(self._by_slot(z), self.entries, self.position_bins)

    def _by_slot(self, z: Tensor) -> Objects:
        """The objects of latents (B, Z) in the order of their slots; an empty slot has numbers without meaning."""
        numbers = self.layout.split(z)
        mask = numbers.present
        assert mask is not None
        bins = (numbers.positions * self.position_bins).long().clamp(0, self.position_bins - 1)  # (B, K, 2)
        return Objects(self.appearance.codes(z), bins, mask)

    def auxiliary_loss(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """Minus the log probability of codes and bins and the log density of vectors, in nats per image; (B,)."""
        mean = posterior.mean.detach()
        if self.training:
            self.appearance.update(mean, posterior.log_sigma.detach().exp())
        return -self._total(mean, caption)

    def _total(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        objects = self._by_slot(z)
        named = self._log_prob(in_order(objects, self.entries, self.position_bins), caption)
        density = self.appearance.log_prob(z, objects.codes, self._what(objects.codes))  # (B, K)
        return named + (density * objects.mask).sum(dim=1)

    def _log_prob(self, objects: Objects, caption: CaptionEncoding) -> Tensor:
        """Log probability (B,) of codes and bins."""
        which, where = self._states(objects.codes, self._context(caption))  # (B, K, W) each
        # The end is stated once, after the last object; after K objects there is nothing to say.
        stated = functional.pad(objects.mask[:, :-1], (1, 0), value=True)  # (B, K)
        total = stated.new_zeros(len(stated), dtype=torch.float)
        for number, head in enumerate(self.which):
            codes, named = objects.codes[..., number], stated if number == 0 else objects.mask
            # Only the first part has a code for the end.
            target = codes if number == 0 else codes.clamp(max=self.entries[number] - 1)
            total = total + log_likelihood(head(which), target, named)
            which = which + self.code_embeddings[number](codes)
        return total + self.where.log_prob(where, objects.bins, objects.mask)

    def _context(self, caption: CaptionEncoding) -> Masked:
        return Masked(self.context(caption.tokens.values), caption.tokens.mask)

    def _states(self, codes: Tensor, context: Masked) -> tuple[Tensor, Tensor]:
        """What the codes (B, K, P) of each object follow from, and its position; (B, K, W) each."""
        what = self._what(codes)  # (B, K, W)
        before = functional.pad(what[:, :-1], (0, 0, 1, 0))
        tokens = torch.cat([before + self.which_index, what + self.where_index], dim=1)  # (B, 2 K, W)
        which, where = self._read(tokens, context).chunk(2, dim=1)
        return which, where

    def _read(self, tokens: Tensor, context: Masked) -> Tensor:
        mask = self.causal[:, : tokens.shape[1], : tokens.shape[1]]
        for block in self.blocks:
            tokens = block(tokens, context, mask)
        normed: Tensor = self.norm(tokens)
        return normed

    def _what(self, codes: Tensor) -> Tensor:
        embedded = [embed(codes[..., n]) for n, embed in enumerate(self.code_embeddings)]
        return torch.stack(embedded).sum(dim=0)

    @torch.no_grad()
    def sample(self, caption: CaptionEncoding, noise: Tensor) -> Tensor:
        """Latents (B, Z): each choice is made by its own number of the noise (B, Z), by inverse transform sampling.

        A slot's numbers of noise choose what they stand for: the position, all codes (the presence), and each vector.
        """
        slots = self.layout.slots(noise.float())  # (B, K, D)
        chooses = [0, 1, self.layout.presence_column]
        uniform = 0.5 * (1 + torch.erf(slots[..., chooses] / math.sqrt(2)))  # (B, K, 3)
        context = self._context(caption)
        objects = no_objects(slots, self.entries)
        rest = [self._choose_codes(k, objects, context, uniform[:, k, 2]) for k in range(self.layout.num_slots)]
        states = self._states(objects.codes, context)[1]  # (B, K, W)
        inside = torch.zeros_like(uniform[..., :2])
        for k in range(self.layout.num_slots):
            objects.bins[:, k], inside[:, k] = self.where.place(
                k, states, objects.bins, objects.mask, uniform[:, k, :2]
            )
        positions = (objects.bins + inside) / self.position_bins  # (B, K, 2)
        return self._latents(objects, positions, slots, torch.stack(rest, dim=1))

    def _choose_codes(self, k: int, objects: Objects, context: Masked, uniform: Tensor) -> Tensor:
        """Object k of each row, or none, into ``objects``; what is left of its uniform number (B,)."""
        before = functional.pad(self._what(objects.codes[:, :k]), (0, 0, 1, 0))  # (B, k + 1, W)
        state = self._read(before + self.which_index[:, : k + 1], context)[:, k]  # (B, W)
        more = objects.mask[:, k - 1] if k else torch.ones_like(objects.mask[:, 0])
        for number, head in enumerate(self.which):
            code, uniform = choose(head(state), uniform)
            if number == 0:
                more = more & (code < self.entries[0])
            code = torch.where(more, code.clamp(max=self.entries[number] - 1), self.entries[number])
            objects.codes[:, k, number] = code
            state = state + self.code_embeddings[number](code)
        objects.mask[:, k] = more
        return uniform

    def _latents(self, objects: Objects, positions: Tensor, noise: Tensor, uniform: Tensor) -> Tensor:
        """Latents (B, Z) of objects at positions (B, K, 2), with noise (B, K, D) and uniform numbers (B, K) for what
        an object does not say."""
        codes = objects.codes.masked_fill(~objects.mask.unsqueeze(-1), 0)
        vectors = self.appearance.draw(codes, self._what(codes), noise, uniform)
        named = torch.cat([self.layout.scaled(positions), vectors], dim=-1)  # (B, K, 2 + R)
        places = torch.cat([self.appearance.columns.new_tensor([0, 1]), self.appearance.columns])
        slots = torch.where(objects.mask.unsqueeze(-1), noise.index_copy(2, places, named), noise)
        presence = self.layout.presence_of(objects.mask)
        slots[..., self.layout.presence_column] = presence
        return slots.flatten(1)

    def rate(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """KL(posterior || N(0, I)) for each latent in nats; (B, Z)."""
        return kl_to_standard(posterior)

    def log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """log p of the slots of latents (B, Z), in whatever order, given the caption, in nats; (B,)."""
        mask = self.layout.split(z).present
        assert mask is not None
        # Uniform in a cell of the latent's own units.
        cell = math.log(self.layout.require_position() / self.position_bins)
        total = self._total(z, caption) - 2 * cell * mask.sum(dim=1)
        return total + empty_log_density(self.layout, z, mask)

    def base_log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        return standard_log_density(z)
