"""Captions to vectors: a learned reader of words, and a state for each thing that it finds named."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.attention import Block, positions
from cvae_lightning.models.blueprint import part
from cvae_lightning.models.reading import GROUPS, MOST_THINGS, Lexicon, named
from cvae_lightning.models.text_encoder import Caption, TextEncoder

LESSON = 1000.0
"""Nats that a nat of surprise at a count is worth, so that pictures, of some thousand nats, do not drown it."""


@part
class ThingsTextEncoder(TextEncoder):
    """Two groups look at the words and become up to five things each.

    A learned query a group attends to the states of any other text encoder; thing n of a group is the group's state
    and the embedding of n, so that things of one group agree about what they are. How many there are decides which
    states exist, a step without a gradient. So counting has a lesson of its own: the cross-entropy of each group's
    count, of which a lexicon tells the answer while training. What words mean beyond that (sizes, colours, shapes,
    relations) nobody tells: it is learned from pictures. Captions are read without the lexicon.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        reader: (B, T) tokens -> a state a word.
        lexicon: see :class:`~cvae_lightning.models.reading.Lexicon`.

    Raises:
        ValueError: the lexicon does not fit the tokenizer, or is none.
    """

    def __init__(self, vocab_size: int, reader: TextEncoder, lexicon: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__()
        width = int(reader.caption_dim)  # type: ignore[arg-type]
        self.caption_dim, self.things = width, GROUPS * MOST_THINGS
        self.reader, self.lexicon = reader, Lexicon(vocab_size, lexicon)
        self.queries, self.number = positions(GROUPS, width), positions(MOST_THINGS, width)
        self.find, self.norm = Block(width), nn.LayerNorm(width)
        self.count = nn.Linear(width, MOST_THINGS + 1)
        self.state = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right: states (B, 10, C), five places for each group's things.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        words = self.reader(tokens)
        groups = self.norm(self.find(self.queries.expand(len(tokens), -1, -1), words.states, words.mask))
        scores = self.count(groups).float()
        things = (groups.unsqueeze(2) + self.number.unsqueeze(1)).flatten(1, 2)
        mask = named(scores.argmax(dim=-1))
        states = (things + self.state(things)).float() * mask.unsqueeze(-1)
        surprise = functional.cross_entropy(
            scores.flatten(0, 1), self.lexicon(tokens).counts.flatten(), reduction="none"
        )
        return Caption(words.pooled, states, mask, LESSON * surprise.view(-1, GROUPS).sum(dim=1))
