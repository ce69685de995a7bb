"""Captions to vectors: a learned reader of words, and a state for each thing that it finds named."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.nn.attention import Block, positions
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lexicon import (
    GROUP_ROLES,
    GROUPS,
    MOST_THINGS,
    MOST_VALUES,
    Lexicon,
    for_each,
    named,
    or_all,
)
from cvae_lightning.models.text.lstm import Caption, TextEncoder

SAID = len(GROUP_ROLES) + 1
"""Of each group: its count, size, colour and shape, and how groups are linked."""
LESSON = 1000.0
"""Nats that a nat of surprise at the meaning is worth: gradients are clipped together, and pictures' are large."""


@part
class BottleneckTextEncoder(TextEncoder):
    """Two groups look at the words and become up to five things each.

    A learned query a group attends to the states of any other text encoder, and from what it finds the encoder reads
    what is said of the group: count, size, colour, shape and how groups are linked. These probabilities are all that a
    thing knows of the words (a concept bottleneck, Koh et al. 2020), so that things of one group are equal, and ways
    of saying the same make no difference. The count decides which states exist.

    Pictures alone do not teach which words belong to which group: slots part a scene's things by what they look like
    and settle on an order of their own. So there is a lesson in reading, the cross-entropy of what a lexicon says, and
    nothing else moves the reader (an independent bottleneck): pictures would trade a count for a better fit. The
    lesson is taken while training; captions are read without the lexicon.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        reader: (B, T) tokens -> a state a word.
        lexicon: see :class:`~cvae_lightning.models.text.lexicon.Lexicon`.

    Raises:
        ValueError: the lexicon does not fit the tokenizer, or is none.
    """

    def __init__(self, vocab_size: int, reader: TextEncoder, lexicon: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__()
        width = int(reader.caption_dim)  # type: ignore[arg-type]
        self.caption_dim, self.things = width, GROUPS * MOST_THINGS
        self.reader, self.lexicon = reader, Lexicon(vocab_size, lexicon)
        self.queries, self.find, self.norm = positions(GROUPS, width), Block(width), nn.LayerNorm(width)
        self.meaning, self.said = nn.Linear(width, SAID * MOST_VALUES), nn.Linear(SAID * MOST_VALUES, width)
        nn.init.normal_(self.said.weight)  # as an embedding's, since probabilities are nearly all 0 or 1
        self.pool = nn.Linear(GROUPS * width, width)
        self.state = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right: states (B, 10, C), five places for each group's things.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        words = self.reader(tokens)
        groups = self.norm(self.find(self.queries.expand(len(tokens), -1, -1), words.states, words.mask))
        scores = self.meaning(groups).float().unflatten(-1, (SAID, MOST_VALUES))
        mask = or_all(named(scores[..., 0, :].argmax(dim=-1)))
        said = self.said(scores.softmax(dim=-1).flatten(2).detach())
        states = for_each(said + self.state(said), mask)
        return Caption(self.pool(said.flatten(1)).float(), states, mask, LESSON * self._surprise(scores, tokens))

    def _surprise(self, scores: Tensor, tokens: Tensor) -> Tensor:
        """-log p(meaning | words), nats, summed over groups and what is said of them; (B,)."""
        told = self.lexicon(tokens)
        said = torch.cat([told.groups, told.link[:, None, None].expand(-1, GROUPS, 1)], dim=-1)
        surprise = functional.cross_entropy(scores.flatten(0, 2), said.flatten(), reduction="none")
        return surprise.view(len(tokens), -1).sum(dim=1)
