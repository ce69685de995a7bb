"""Captions to vectors by what they say: count, size, colour, shape and relation, embedded separately.

This is the guide's "condition on multiple attributes separately". The attributes come from the caption language's
grammar, so a comparison with a learned encoder shows how much of a model's error is reading.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import CaptionEncoding, Masked, TextEncoder
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lexicon import (
    GROUP_ROLES,
    NO_ROLE,
    NUM_GROUPS,
    NUM_VALUES,
    OBJECTS_PER_GROUP,
    Lexicon,
    mask_or_ones,
    object_mask,
    repeat_per_object,
)
from cvae_lightning.models.text.padding import token_mask


@part
class AttributesTextEncoder(TextEncoder):
    """One embedding for each *object* that the caption names: the sum of its attributes' embeddings.

    Objects of one group have equal embeddings. They are what attention to tokens reads, too: the encoder reads
    attributes, not words.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of an object's.
        lexicon: see :class:`~cvae_lightning.models.text.lexicon.Lexicon`.
        pad_id: token id of padding.
        num_groups: G, the largest number of groups per caption.
        objects_per_group: N, the largest number of objects per group.
        embed_counts: whether an object's embedding says how many its group has. Without it an object is the same in a
            group of any number, also of one that training never had.

    Raises:
        ValueError: the lexicon does not fit the tokenizer, or is not one.

    Example:
        >>> lexicon = [[0, 0], [1, 2], [3, 1], [4, 5]]  # role and value of: padding, two, red, circles
        >>> encoder = AttributesTextEncoder(vocab_size=4, caption_dim=8, lexicon=lexicon)
        >>> objects = encoder(torch.tensor([[1, 2, 3]])).objects
        >>> tuple(objects.values.shape), int(objects.mask.sum())
        ((1, 10, 8), 2)
    """

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 128,
        lexicon: Sequence[Sequence[int]] | None = None,
        pad_id: int = 0,
        num_groups: int = NUM_GROUPS,
        objects_per_group: int = OBJECTS_PER_GROUP,
        embed_counts: bool = True,
    ) -> None:
        super().__init__()
        self.caption_dim, self.pad_id, self.num_objects = caption_dim, pad_id, num_groups * objects_per_group
        self.objects_per_group = objects_per_group
        self.lexicon = Lexicon(vocab_size, lexicon, num_groups)
        self.first = 0 if embed_counts else 1  # of the roles of a group, of which the count is the first
        self.attributes = nn.ModuleList([_embedding(caption_dim) for _ in GROUP_ROLES[self.first :]])
        self.link = _embedding(2 * caption_dim)
        self.state = mlp(caption_dim, caption_dim, caption_dim)
        self.pool = nn.Linear(num_groups * caption_dim, caption_dim)

    def forward(self, tokens: Tensor) -> CaptionEncoding:
        """Encode (B, T) token ids, padded on the right: objects (B, G * N, C), N columns for each group's.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        token_mask(tokens, self.pad_id)
        parsed = self.lexicon(tokens)
        roles = enumerate(self.attributes, start=self.first)
        groups = torch.stack([table(parsed.groups[..., k]) for k, table in roles]).sum(dim=0)
        groups = groups + self._links(parsed.links)  # (B, G, C)
        mask = object_mask(parsed.counts, self.objects_per_group)  # (B, G * N)
        objects = Masked(repeat_per_object(groups + self.state(groups), mask), mask_or_ones(mask))  # (B, G * N, C)
        named = (parsed.groups[..., :1] > 0).to(groups.dtype)  # (B, G, 1)
        return CaptionEncoding(self.pool((groups * named).flatten(1)).float(), objects, objects)

    def _links(self, links: Tensor) -> Tensor:
        """(B, G, C) what each group is to its neighbours; a link (B, G - 1) differs for the group before and after."""
        before, after = self.link(links).chunk(2, dim=-1)  # (B, G - 1, C) each
        return functional.pad(before, (0, 0, 0, 1)) + functional.pad(after, (0, 0, 1, 0))


def _embedding(size: int) -> nn.Embedding:
    return nn.Embedding(NUM_VALUES, size, padding_idx=NO_ROLE)
