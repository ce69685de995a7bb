"""The meaning of a caption's words by a lexicon: count, size, colour, shape of its groups, and their relations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

NO_ROLE, COUNT, SIZE, COLOUR, SHAPE, LINK = range(6)
"""Roles of a word in the lexicon; values count from 1 and 0 means that the caption leaves it out."""
GROUP_ROLES = (COUNT, SIZE, COLOUR, SHAPE)
NUM_GROUPS = 2
"""Groups of objects per caption, at most, where a text encoder's argument does not say otherwise."""
OBJECTS_PER_GROUP = 5
"""Objects per group, at most, likewise."""
NUM_VALUES = 16
"""Room for the values of a role."""


class ParsedCaption(NamedTuple):
    """What captions say, in the lexicon's values; 0 stands for what a caption leaves out.

    Attributes:
        groups: (B, G, 4) count, size, colour and shape of each group.
        links: (B, G - 1) what links each group but the last to the next.
    """

    groups: Tensor
    links: Tensor

    @property
    def counts(self) -> Tensor:
        """(B, G) objects of each group."""
        return self.groups[..., 0]


class Lexicon(nn.Module):
    """Tokens to what they say. Words without a role (articles, "to", "the", "of") do not matter.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        rows: for each token id its [role, value], as :func:`cvae_lightning.data.lexicon` makes it of a tokenizer's
            words; None for one in which no word has a role.
        num_groups: G, the largest number of groups per caption.

    Raises:
        ValueError: there is not one row for each word, a number outside the roles and values, or fewer than 2 groups.
    """

    codes: Tensor

    def __init__(self, vocab_size: int, rows: Sequence[Sequence[int]] | None, num_groups: int = NUM_GROUPS) -> None:
        super().__init__()
        if num_groups < 2:
            raise ValueError(f"num_groups is {num_groups}: expected at least 2")
        self.num_groups = num_groups
        rows = rows if rows is not None else [[NO_ROLE, 0]] * vocab_size
        if len(rows) != vocab_size:
            raise ValueError(f"the lexicon has {len(rows)} words, but the tokenizer has {vocab_size}: make them equal")
        if any(len(row) != 2 or not 0 <= row[0] <= LINK or not 0 <= row[1] < NUM_VALUES for row in rows):
            raise ValueError(f"the lexicon holds something else than [role 0 to {LINK}, value 0 to {NUM_VALUES - 1}]")
        self.register_buffer("codes", torch.tensor([list(row) for row in rows]), persistent=False)

    def forward(self, tokens: Tensor) -> ParsedCaption:
        """Parse (B, T) token ids."""
        roles, values = self.codes[tokens].unbind(dim=-1)  # (B, T) each
        is_link = roles == LINK
        group = is_link.long().cumsum(dim=1)  # (B, T) index of the group that a word belongs to or begins
        groups = [
            torch.stack([torch.where((roles == role) & (group == k), values, 0).amax(dim=1) for role in GROUP_ROLES], 1)
            for k in range(self.num_groups)
        ]
        links = [torch.where(is_link & (group == k), values, 0).amax(dim=1) for k in range(1, self.num_groups)]
        return ParsedCaption(torch.stack(groups, dim=1), torch.stack(links, 1) if links else values[:, :0])


def object_mask(counts: Tensor, objects_per_group: int) -> Tensor:
    """(B, G * N) True at the objects of counts (B, G), N columns per group."""
    number = torch.arange(1, objects_per_group + 1, device=counts.device)
    return (number <= counts.unsqueeze(-1)).flatten(1)


def mask_or_ones(mask: Tensor) -> Tensor:
    """The mask (B, N), with rows of False replaced by rows of True: attention needs something to attend to."""
    return mask | ~mask.any(dim=1, keepdim=True)


def repeat_per_object(groups: Tensor, mask: Tensor) -> Tensor:
    """Embeddings (B, G * N, C) of each object from its group's (B, G, C), in float32; zero where the mask is False."""
    repeats = mask.shape[1] // groups.shape[1]
    return groups.float().repeat_interleave(repeats, dim=1) * mask.unsqueeze(-1)
