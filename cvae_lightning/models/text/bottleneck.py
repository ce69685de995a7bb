"""Captions to vectors: a learned reader of words, and an embedding for each object that it finds named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import CaptionEncoding, Masked, TextEncoder
from cvae_lightning.models.nn.attention import Block, learned_embedding
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lexicon import (
    GROUP_ROLES,
    NUM_GROUPS,
    NUM_VALUES,
    OBJECTS_PER_GROUP,
    Lexicon,
    mask_or_ones,
    object_mask,
    repeat_per_object,
)

NUM_ATTRIBUTES = len(GROUP_ROLES) + 1
"""Of each group: its count, size, colour and shape, and how groups are linked."""


@dataclass(frozen=True)
class BottleneckEncoding(CaptionEncoding):
    """An encoding with what the reader made of each group.

    Attributes:
        logits: (B, G, 5, 16) of each attribute's values; None in a repeated encoding.
    """

    logits: Tensor | None = None


@part
class BottleneckTextEncoder(TextEncoder):
    """Groups attend to the words and become up to N objects each.

    A learned query per group attends to the token embeddings of any other text encoder, and from what it finds the
    encoder classifies the group's count, size, colour and shape and how groups are linked. These probabilities are all
    that an object knows of the words (a concept bottleneck, Koh et al. 2020), so that objects of one group are equal
    and synonyms make no difference. The count decides which objects exist.

    Pictures alone do not teach which words belong to which group: slots separate a scene's objects by appearance and
    choose an order of their own. So the reader has an auxiliary loss, the cross-entropy of what a lexicon says
    of the caption, and no other gradient (an independent bottleneck): pictures would trade a count for a better fit.
    The lexicon is used by this loss alone; captions are read without it.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        reader: (B, T) tokens -> an embedding per word.
        lexicon: see :class:`~cvae_lightning.models.text.lexicon.Lexicon`.
        auxiliary_loss_weight: of the cross-entropy; large, since it is clipped together with the images' gradients.
        num_groups: G, the largest number of groups per caption.
        objects_per_group: N, the largest number of objects per group.

    Raises:
        ValueError: the lexicon does not fit the tokenizer, or is not one.

    Example:
        >>> from cvae_lightning.models import TransformerTextEncoder
        >>> reader = TransformerTextEncoder(vocab_size=4, caption_dim=8, layers=1)
        >>> encoding = BottleneckTextEncoder(4, reader)(torch.tensor([[1, 2, 3]]))
        >>> tuple(encoding.pooled.shape), tuple(encoding.logits.shape)
        ((1, 8), (1, 2, 5, 16))
    """

    def __init__(
        self,
        vocab_size: int,
        reader: TextEncoder,
        lexicon: Sequence[Sequence[int]] | None = None,
        auxiliary_loss_weight: float = 1000.0,
        num_groups: int = NUM_GROUPS,
        objects_per_group: int = OBJECTS_PER_GROUP,
    ) -> None:
        super().__init__()
        if reader.caption_dim is None:
            raise ValueError(f"text_encoder.reader, {type(reader).__name__}, declares no caption_dim")
        width = reader.caption_dim
        self.caption_dim, self.auxiliary_loss_weight = width, auxiliary_loss_weight
        self.objects_per_group, self.num_objects = objects_per_group, num_groups * objects_per_group
        self.reader, self.lexicon = reader, Lexicon(vocab_size, lexicon, num_groups)
        self.queries, self.find, self.norm = learned_embedding(num_groups, width), Block(width), nn.LayerNorm(width)
        self.classify = nn.Linear(width, NUM_ATTRIBUTES * NUM_VALUES)
        self.embed = nn.Linear(NUM_ATTRIBUTES * NUM_VALUES, width)
        nn.init.normal_(self.embed.weight)  # as an embedding's, since probabilities are nearly all 0 or 1
        self.pool = nn.Linear(num_groups * width, width)
        self.state = mlp(width, width, width)

    def forward(self, tokens: Tensor) -> BottleneckEncoding:
        """Encode (B, T) token ids, padded on the right: objects (B, G * N, C), N columns for each group's.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        words = self.reader(tokens).tokens  # (B, T, C)
        groups = self.norm(self.find(self.queries.expand(tokens.shape[0], -1, -1), words))  # (B, G, C)
        logits = self.classify(groups).float().unflatten(-1, (NUM_ATTRIBUTES, NUM_VALUES))  # (B, G, 5, 16)
        mask = mask_or_ones(object_mask(logits[..., 0, :].argmax(dim=-1), self.objects_per_group))  # (B, G * N)
        embedded = self.embed(logits.softmax(dim=-1).flatten(2).detach())  # (B, G, C)
        objects = Masked(repeat_per_object(embedded + self.state(embedded), mask), mask)  # (B, G * N, C)
        return BottleneckEncoding(self.pool(embedded.flatten(1)).float(), objects, objects, logits)

    def auxiliary_loss(self, tokens: Tensor, encoding: CaptionEncoding) -> Tensor:
        """-log p(what the lexicon says | words), weighted nats, summed over groups and attributes; (B,)."""
        assert isinstance(encoding, BottleneckEncoding)
        assert encoding.logits is not None, "the auxiliary loss is of an encoding as forward gives it, not repeated"
        parsed = self.lexicon(tokens)
        links = torch.cat(
            [parsed.links[:, :1], parsed.links], dim=1
        )  # (B, G): to the group before, or of the first two
        targets = torch.cat([parsed.groups, links.unsqueeze(-1)], dim=-1)  # (B, G, 5)
        loss = functional.cross_entropy(encoding.logits.flatten(0, 2), targets.flatten(), reduction="none")
        return self.auxiliary_loss_weight * loss.view(len(tokens), -1).sum(dim=1)
