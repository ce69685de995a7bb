"""Slots that take turns to find their things on a picture.

Slots compete for the cells of a feature grid, as in slot attention (Locatello et al. 2020, algorithm 1), and every
cell votes for the place of whatever it belongs to (Hough voting; Gall & Lempitsky 2009). Then slots take turns. Each
starts at the cell that is most its own and follows the votes around it uphill (mean shift; Comaniciu & Meer 2002,
eq. 20); the votes that it has found count for nothing afterwards (inhibition of return; Itti et al. 1998). So slots
that stand for alike things find one each, which competition by itself cannot settle.

What a slot finds depends on the competition step by step, which is hard to learn through: a slot on the wrong thing
is told nothing of the right one. So the competition also learns by itself, from two lessons. A sketch: the picture at
the grid's size, painted with one colour a slot wherever the slot has its share. And looks
(:mod:`.edge_features`): each slot says what its cells look like but for the colour, which is what tells
groups of one colour apart. Features know no colours, else they would tell slots by colours alone whenever that is
enough, and learn nothing for when it is not.

Places are (x, y) in [0, 1]; the first two numbers of a slot's latent are its place, moved and scaled.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.decoders.slots import SPREAD, cells, check_place
from cvae_lightning.models.encoders.edge_features import LOOKS, looks
from cvae_lightning.models.gaussian import FIRST_LOG_SIGMA
from cvae_lightning.models.nn.attention import Block
from cvae_lightning.models.nn.slot_queries import CaptionSlots, Slots, slot_size
from cvae_lightning.models.text.lstm import Caption

KEY = 64
"""Size of queries and keys."""
SHARPNESS = 4.0
"""Of the first competition, in units of a usual attention's: flat shares teach nobody."""
KERNEL, INHIBITED = 0.05, 0.08
"""Radii of the mean shift and of what is found, standard deviations of a Gaussian on a canvas of side 1. The second
is wider than a thing's votes scatter, and narrower than small things are apart: neighbours would else close one off."""
LOSS = 10.0
"""Nats that a found vote loses. More than any cell gains by being a little further up or left."""
READING_ORDER = (0.5, 1.0)
"""Nats that a cell loses over a canvas to the right and downwards, so that alike slots have an order."""
TELLING = 0.5
"""Weight of the lesson of looks beside the sketch's."""
SHIFTS = 2
"""Steps of the mean shift."""
FAINTEST = -20.0
"""Least log share, beyond which nobody need be driven."""


class Find(NamedTuple):
    """What slots found.

    Attributes:
        places: (B, K, 2).
        attention: (B, K, N) shares of the cells that each looked at, of sum 1.
    """

    places: Tensor
    attention: Tensor


class PlaceHead(nn.Module):
    """Feature grid and caption to the posterior's numbers, a slot at a time.

    Args:
        latent_dim: Z.
        slots: K, how many.
        width: W of a slot's token.
        channels: of the grid.
        side: of the grid; N = side ** 2 cells.
        caption_dim: C.
        conditioning: see :mod:`cvae_lightning.models.nn.slot_queries`.

    Raises:
        ValueError: a slot of fewer than the two numbers of a place.
    """

    where: Tensor

    def __init__(
        self, latent_dim: int, slots: int, width: int, channels: int, side: int, caption_dim: int, conditioning: str
    ) -> None:
        super().__init__()
        self.side, self.size = side, slot_size(latent_dim, slots)
        check_place(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim, conditioning, numbered=True)
        self.norm, self.slot_norm = nn.LayerNorm(channels), nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, KEY), nn.Linear(channels, KEY)
        self.colour_key = nn.Sequential(nn.Linear(3, KEY), nn.SiLU(), nn.Linear(KEY, KEY))
        self.nobody = nn.Parameter(torch.zeros(1))
        self.ink, self.paper, self.look = nn.Linear(width, 3), nn.Parameter(torch.ones(3)), nn.Linear(width, LOOKS)
        for layer in (self.ink, self.look):
            nn.init.normal_(layer.weight, std=0.2 * width**-0.5)
        nn.init.constant_(self.ink.bias, 0.5)
        self.vote, self.value = nn.Linear(channels, 2), nn.Linear(channels, width)
        self.seen, self.place = nn.Linear(width, width), nn.Linear(2, width)
        self.block = Block(width, cross=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * self.size))
        self.register_buffer("where", cells(side), persistent=False)

    def forward(
        self, features: Tensor, caption: Caption, images: Tensor, marks: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and log sigma, (B, Z) each, and the lessons' loss (B,).

        Args:
            features: (B, channels, side, side), of the marks alone.
            caption: what the slots stand for.
            images: (B, 3, S, S) in [0, 1].
            marks: (B, 1, S, S) the images without their colours.
        """
        grid, slots = self.norm(features.flatten(2).transpose(1, 2)), self.read(caption)
        small = functional.adaptive_avg_pool2d(images, self.side).flatten(2).transpose(1, 2)
        tokens = self.slot_norm(slots.tokens)
        told, coloured = self._scores(tokens, grid, small)
        shares = self._compete(told + coloured, slots)
        lessons = self._sketch(shares, tokens, small) + self._tell(told, shares, tokens, slots, looks(marks, self.side))
        found = take_turns(shares[:, :-1], self.where + 0.3 * self.vote(grid).float(), slots.exist)
        tokens = slots.tokens + self.seen(found.attention.to(grid.dtype) @ self.value(grid))
        moved = SPREAD * (found.places - 0.5)
        tokens = self.block(tokens + self.place(moved), own_mask=slots.exist)
        mean, log_sigma = self.out(tokens).float().chunk(2, dim=-1)
        mean = mean + functional.pad(moved, (0, self.size - 2))
        lessons = lessons * (images[0].numel() / small[0].numel())
        return slots.keep(mean).flatten(1), slots.keep(log_sigma + FIRST_LOG_SIGMA).flatten(1), lessons

    def _scores(self, tokens: Tensor, grid: Tensor, small: Tensor) -> tuple[Tensor, Tensor]:
        """What speaks for each slot at each cell, (B, K, N) each: by the cell's features, and by its colour."""
        query = self.query(tokens)
        keys = self.key(grid), self.colour_key(2 * small - 1)
        told, coloured = ((query @ key.transpose(1, 2)).float() for key in keys)
        return told, coloured

    def _compete(self, scores: Tensor, slots: Slots) -> Tensor:
        """Log shares (B, K + 1, N) of each cell's owners, the last of which is nobody."""
        scores = _among(scores, slots)
        nobody = self.nobody.expand(len(scores), 1, scores.shape[2])
        return torch.cat([scores, nobody], dim=1).log_softmax(dim=1)

    def _tell(self, scores: Tensor, shares: Tensor, tokens: Tensor, slots: Slots, seen: Tensor) -> Tensor:
        """-log p(looks | slots) of the cells that are somebody's, up to a constant, nats; (B,).

        Only features decide here, without the cells' colours, so every pair of groups is a lesson.
        """
        owners = _among(scores, slots).softmax(dim=1).transpose(1, 2)
        somebody = (1 - shares[:, -1].exp()).detach().unsqueeze(-1)
        error = somebody * (owners @ self.look(tokens).float() - seen).square()
        scale = (error.sum(dim=(0, 1)) / somebody.sum().clamp(min=1e-6)).detach().clamp(min=1e-6)
        return 0.5 * TELLING * (error / scale).sum(dim=(1, 2))

    def _sketch(self, shares: Tensor, tokens: Tensor, small: Tensor) -> Tensor:
        """-log p(small | sketch) up to a constant, nats; (B,). The Gaussian's scale is the batch's best."""
        inks = torch.cat([self.ink(tokens).float(), self.paper.expand(len(tokens), 1, 3)], dim=1)
        error = (shares.exp().transpose(1, 2) @ inks - small.float()).square()
        scale = error.mean().detach().clamp(min=1e-6)
        return 0.5 * (error / scale + scale.log()).sum(dim=(1, 2))


def _among(scores: Tensor, slots: Slots) -> Tensor:
    """Scores (B, K, N) of the slots that exist, sharpened."""
    return (scores * (SHARPNESS * KEY**-0.5)).masked_fill(~slots.exist[..., None], -1e4)


def take_turns(shares: Tensor, votes: Tensor, exist: Tensor) -> Find:
    """Slots find their places one after the other.

    Args:
        shares: (B, K, N) log shares of the cells.
        votes: (B, N, 2) places that the cells vote for.
        exist: (B, K) slots that stand for something; the others find nothing that is lost to the rest.
    """
    rows = torch.arange(len(shares), device=shares.device)
    order = votes.detach() @ votes.new_tensor(READING_ORDER)
    lost = torch.zeros_like(shares[:, 0])
    places, attention = [], []
    for share, present in zip(shares.clamp(min=FAINTEST).unbind(dim=1), exist.unbind(dim=1), strict=True):
        open_to = share - lost
        place = votes[rows, (open_to - order).argmax(dim=-1)]
        for _ in range(SHIFTS):
            seen = (open_to - _distance(votes, place) / (2 * KERNEL**2)).softmax(dim=-1)
            place = (seen.unsqueeze(-1) * votes).sum(dim=1)
        found = (-_distance(votes, place) / (2 * INHIBITED**2)).exp().detach()
        lost = lost + LOSS * present.unsqueeze(-1) * found
        places.append(place)
        attention.append(seen)
    return Find(torch.stack(places, dim=1), torch.stack(attention, dim=1))


def _distance(votes: Tensor, place: Tensor) -> Tensor:
    """Squared distances (B, N) of votes (B, N, 2) from a place (B, 2)."""
    return (votes - place.unsqueeze(1)).square().sum(dim=-1)
