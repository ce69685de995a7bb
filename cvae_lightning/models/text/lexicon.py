"""What the words of a caption mean by a lexicon: counts, sizes, colours, shapes of its groups, and their relation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

NOTHING, COUNT, SIZE, COLOUR, SHAPE, LINK = range(6)
"""Roles of a word in the lexicon; values count from 1 and 0 means unsaid."""
GROUP_ROLES = (COUNT, SIZE, COLOUR, SHAPE)
GROUPS = 2
"""In one caption."""
MOST_THINGS = 5
"""In one group."""
MOST_VALUES = 16
"""Room for the values of a role."""


class Meaning(NamedTuple):
    """What captions say, in the lexicon's values; 0 stands for what a caption leaves out.

    Attributes:
        groups: (B, 2, 4) count, size, colour and shape of both groups.
        link: (B,) what links them.
    """

    groups: Tensor
    link: Tensor

    @property
    def counts(self) -> Tensor:
        """(B, 2) things of each group."""
        return self.groups[..., 0]


class Lexicon(nn.Module):
    """Tokens to their meaning. Words that stand for nothing (articles, "to", "the", "of") do not matter.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        rows: for each token id its [role, value], as :func:`cvae_lightning.data.lexicon` makes it of a tokenizer's
            words; None for one in which no word means anything.

    Raises:
        ValueError: there is not one row for each word, or a number outside the roles and values.
    """

    codes: Tensor

    def __init__(self, vocab_size: int, rows: Sequence[Sequence[int]] | None) -> None:
        super().__init__()
        rows = rows if rows is not None else [[NOTHING, 0]] * vocab_size
        if len(rows) != vocab_size:
            raise ValueError(f"the lexicon has {len(rows)} words, but the tokenizer has {vocab_size}: make them equal")
        if any(len(row) != 2 or not 0 <= row[0] <= LINK or not 0 <= row[1] < MOST_VALUES for row in rows):
            raise ValueError(f"the lexicon holds something else than [role 0 to {LINK}, value 0 to {MOST_VALUES - 1}]")
        self.register_buffer("codes", torch.tensor([list(row) for row in rows]), persistent=False)

    def forward(self, tokens: Tensor) -> Meaning:
        """The meaning of (B, T) token ids."""
        roles, values = self.codes[tokens].unbind(dim=-1)
        is_link = roles == LINK
        second = is_link.long().cumsum(dim=1) > 0
        groups = [
            torch.stack([torch.where((roles == role) & half, values, 0).amax(dim=1) for role in GROUP_ROLES], dim=1)
            for half in (~second, second)
        ]
        return Meaning(torch.stack(groups, dim=1), torch.where(is_link, values, 0).amax(dim=1))


def named(counts: Tensor) -> Tensor:
    """(B, 10) True at the things of counts (B, 2), five places a group."""
    number = torch.arange(1, MOST_THINGS + 1, device=counts.device)
    return (number <= counts.unsqueeze(-1)).flatten(1)


def or_all(mask: Tensor) -> Tensor:
    """The mask (B, N), with rows of nothing replaced by rows of everything: a model needs a state to look at."""
    return mask | ~mask.any(dim=1, keepdim=True)


def for_each(groups: Tensor, exist: Tensor) -> Tensor:
    """A state for each thing (B, 10, C) of its group's (B, 2, C), in float32; zero where ``exist`` (B, 10) is False."""
    return groups.float().repeat_interleave(MOST_THINGS, dim=1) * exist.unsqueeze(-1)
