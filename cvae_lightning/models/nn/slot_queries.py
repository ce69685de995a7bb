"""What each slot of a latent is asked to represent: a learned query, or one of the caption's objects."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from cvae_lightning.models.interfaces import CaptionEncoding, Masked, ModelPart
from cvae_lightning.models.nn.attention import Block, learned_embedding
from cvae_lightning.models.serialization import part


class SlotQueries(ModelPart):
    """Captions to one query per slot.

    Attributes:
        num_slots: K.
        width: W of a query.
        exchangeable: whether slots of the same content have the same query, so that whatever must tell them apart
            adds an embedding of the slot's index.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> queries = LearnedQueries(num_slots=2, width=4, caption_dim=8)
        >>> tuple(queries(CaptionEncoding(torch.zeros(1, 8), words)).values.shape)
        (1, 2, 4)
    """

    num_slots: int
    width: int
    exchangeable: bool = False

    @abstractmethod
    def forward(self, caption: CaptionEncoding) -> Masked:
        """Queries (B, K, W), with a mask that is True at slots in use."""


@part
class LearnedQueries(SlotQueries):
    """Slots are learned, and attend to the caption's tokens; all are in use.

    Args:
        num_slots: K.
        width: W of a query.
        caption_dim: C of the caption's embeddings.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> queries = LearnedQueries(num_slots=2, width=4, caption_dim=8)
        >>> queries(CaptionEncoding(torch.zeros(1, 8), words)).mask.tolist()
        [[True, True]]
    """

    def __init__(self, num_slots: int, width: int, caption_dim: int) -> None:
        super().__init__()
        self.num_slots, self.width, self.caption_dim = num_slots, width, caption_dim
        self.project = nn.Linear(caption_dim, width)
        self.queries = learned_embedding(num_slots, width)
        self.block = Block(width, self_attention=False)

    def forward(self, caption: CaptionEncoding) -> Masked:
        tokens = self.project(caption.tokens.values)  # (B, T, W)
        queries = self.queries.expand(tokens.shape[0], -1, -1)  # (B, K, W)
        queries = self.block(queries, Masked(tokens, caption.tokens.mask))  # (B, K, W)
        return Masked(queries, caption.tokens.mask.new_ones(queries.shape[:2]))


@part
class ObjectQueries(SlotQueries):
    """Slot k is object k of the caption; a slot without an object is not in use: its posterior is N(0, I), it costs
    no rate, and no other slot attends to it. Objects of one group have equal queries.

    Args:
        num_slots: K, the text encoder's number of objects.
        width: W of a query.
        caption_dim: C of the caption's embeddings.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> objects = Masked(torch.zeros(1, 2, 8), torch.tensor([[True, False]]))  # the caption names one object
        >>> queries = ObjectQueries(num_slots=2, width=4, caption_dim=8)
        >>> queries(CaptionEncoding(torch.zeros(1, 8), objects, objects)).mask.tolist()
        [[True, False]]
    """

    exchangeable = True

    def __init__(self, num_slots: int, width: int, caption_dim: int) -> None:
        super().__init__()
        self.num_slots, self.width, self.caption_dim, self.num_objects = num_slots, width, caption_dim, num_slots
        self.project = nn.Linear(caption_dim, width)

    def forward(self, caption: CaptionEncoding) -> Masked:
        if caption.objects is None:
            raise ValueError("ObjectQueries: the caption's encoding has no objects: choose a text encoder with them")
        return Masked(self.project(caption.objects.values), caption.objects.mask)  # (B, K, W)


@part
class SharedQuery(SlotQueries):
    """One learned query for all slots, which knows nothing of the caption; all are in use.

    Args:
        num_slots: K.
        width: W of the query.
        caption_dim: of the caption's embeddings, which are not looked at.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> queries = SharedQuery(num_slots=2, width=4, caption_dim=8)(CaptionEncoding(torch.zeros(1, 8), words))
        >>> tuple(queries.values.shape), bool((queries.values[:, 0] == queries.values[:, 1]).all())
        ((1, 2, 4), True)
    """

    def __init__(self, num_slots: int, width: int, caption_dim: int) -> None:
        super().__init__()
        self.num_slots, self.width = num_slots, width
        self.query = learned_embedding(1, width)

    def forward(self, caption: CaptionEncoding) -> Masked:
        values = self.query.expand(len(caption.pooled), self.num_slots, -1)  # (B, K, W)
        return Masked(values, caption.tokens.mask.new_ones(values.shape[:2]))


def index_embedding(queries: SlotQueries) -> nn.Parameter | None:
    """A learned embedding (1, K, W) of the slots' indices where queries are exchangeable, else None."""
    return learned_embedding(queries.num_slots, queries.width) if queries.exchangeable else None


def with_index(queries: Masked, embedding: Tensor | None) -> Masked:
    """Queries with the embedding of their indices added, where there is one."""
    return queries if embedding is None else Masked(queries.values + embedding, queries.mask)


def keep(values: Tensor, mask: Tensor) -> Tensor:
    """Values (B, K, N) with zeros where ``mask`` (B, K) is False."""
    return values * mask.unsqueeze(-1)


def check_slots(queries: SlotQueries, num_slots: int) -> None:
    """Raises: ValueError: there is not one query per slot of the latent."""
    if queries.num_slots != num_slots:
        raise ValueError(
            f"{type(queries).__name__} has {queries.num_slots} slots, but the latent's layout has {num_slots}: "
            "make them equal"
        )
