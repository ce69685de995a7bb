"""Images to q(z | image, caption): slots that find one object each, and their positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.encoders.edge_features import (
    FEATURES_PER_NEIGHBOURHOOD,
    colour_distance,
    oriented_gradients,
)
from cvae_lightning.models.encoders.slot_assignment import Assigned, SlotAssignment, assign_slots
from cvae_lightning.models.encoders.slot_competition import Competition, SlotCompetition, mean_colours
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import (
    CaptionEncoding,
    Encoder,
    EncoderOutput,
    Masked,
    check_images,
    check_positive,
)
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.attention import Block
from cvae_lightning.models.nn.fourier import cell_centres
from cvae_lightning.models.nn.residual_block import DownStages, smallest_side
from cvae_lightning.models.nn.side_thread import side_of
from cvae_lightning.models.nn.slot_queries import SlotQueries, check_slots, index_embedding, keep, with_index
from cvae_lightning.models.serialization import part


@dataclass(frozen=True)
class SlotEncoderOutput(EncoderOutput):
    """The posterior, and what the auxiliary loss needs.

    Attributes:
        competition: the share that each slot has in each cell.
        edges: asks for the edge features (B, N, E) of the cells.
    """

    competition: Competition
    edges: Callable[[], Tensor]


@part
class SlotEncoder(Encoder):
    """q(z | image, caption) with one slot per object: competition, then sequential assignment.

    Slots compete for the cells of a feature grid (:mod:`.slot_competition`), then find their objects one after the
    other (:mod:`.slot_assignment`); the position that a slot finds is added to the mean of its first two latents.

    Args:
        layout: of the latent; its slots have a position.
        queries: what each slot is asked to represent.
        image_size: side S of the images.
        caption_dim: C.
        patch: side of the pixel squares that are folded into channels.
        widths: channels at each side length, the largest map first; each next map has half the side.
        blocks: residual blocks at each of them.
        auxiliary_loss_weight: of the competition's own losses.
        edge_loss_weight: of the edge loss among them.
        key_dim: size of queries and keys of the competition.
        sharpness: of the competition.
        vote_scale: how far a cell's vote reaches, per unit of its network's output, on a canvas of side 1.
        neighbourhoods: of the edge features, cells across.
        initial_log_sigma: added to the posterior's; a new posterior is narrow, so that the decoder finds something to
            read in the latent from the first step.
        assignment: constants of the assignment.

    Raises:
        ValueError: sizes that do not fit, or a layout without positions.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, LatentLayout, LearnedQueries, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=4, num_slots=2, position_scale=4.0)
        >>> queries = LearnedQueries(num_slots=2, width=8, caption_dim=8)
        >>> encoder = SlotEncoder(layout, queries, image_size=16, caption_dim=8, widths=[8], blocks=[1])
        >>> posterior = encoder(torch.rand(1, 3, 16, 16), caption).posterior
        >>> tuple(layout.split(posterior.mean).positions.shape)
        (1, 2, 2)
    """

    image_size: int
    centres: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        queries: SlotQueries,
        image_size: int = 64,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (64,),
        blocks: Sequence[int] = (2,),
        auxiliary_loss_weight: float = 1.0,
        edge_loss_weight: float = 0.5,
        key_dim: int = 64,
        sharpness: float = 4.0,
        vote_scale: float = 0.3,
        neighbourhoods: Sequence[int] = (3, 5),
        initial_log_sigma: float = -3.0,
        assignment: SlotAssignment | None = None,
    ) -> None:
        super().__init__()
        for name, weight in (
            ("auxiliary_loss_weight", auxiliary_loss_weight),
            ("edge_loss_weight", edge_loss_weight),
        ):
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"encoder.{name} is {weight}: expected a finite number of 0 or more")
        if not neighbourhoods or any(width < 1 or width % 2 == 0 for width in neighbourhoods):
            raise ValueError(f"encoder.neighbourhoods is {list(neighbourhoods)}: expected odd numbers, such as [3, 5]")
        check_positive("encoder", key_dim=key_dim, sharpness=sharpness, vote_scale=vote_scale)
        layout.require_position()
        check_slots(queries, layout.num_slots)
        self.image_size, self.latent_dim, self.caption_dim = image_size, layout.latent_dim, caption_dim
        self.num_objects = queries.num_objects
        self.layout, self.queries, self.assignment = layout, queries, assignment or SlotAssignment()
        self.auxiliary_loss_weight, self.vote_scale = auxiliary_loss_weight, vote_scale
        self.neighbourhoods = tuple(neighbourhoods)
        self.side = smallest_side(image_size, patch, widths, blocks)
        self.body = DownStages(1, patch, widths, blocks)
        self.norm = nn.LayerNorm(widths[-1])
        self.index_embedding = index_embedding(queries)
        edge_dim = FEATURES_PER_NEIGHBOURHOOD * len(self.neighbourhoods)
        self.competition = SlotCompetition(queries.width, widths[-1], key_dim, sharpness, edge_dim, edge_loss_weight)
        self.vote = nn.Linear(widths[-1], 2)
        self.head = LatentHead(layout, queries.width, widths[-1], initial_log_sigma)
        self.register_buffer("centres", cell_centres(self.side), persistent=False)

    def forward(self, images: Tensor, caption: CaptionEncoding) -> SlotEncoderOutput:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        check_images(images, self.image_size)
        contrast = colour_distance(images, self.competition.background_colour.detach())  # (B, 1, S, S)
        grid = self.norm(self._features(contrast).flatten(2).transpose(1, 2))  # (B, N, widths[-1])
        edges = self._beside(partial(oriented_gradients, contrast, self.side, self.neighbourhoods))
        queries = with_index(self.queries(caption), self.index_embedding)  # (B, K, W)
        competition = self.competition(queries, grid, mean_colours(images, self.side))
        votes = self.centres + self.vote_scale * self.vote(grid).float()  # (B, N, 2)
        assigned = assign_slots(competition.log_shares[:, :-1], votes, queries.mask, self.assignment)
        return SlotEncoderOutput(self.head(queries, grid, assigned), competition, edges)

    def _features(self, contrast: Tensor) -> Tensor:
        """The body's features (B, widths[-1], side, side); of half the batch beside the other half, if they can be."""
        side = side_of(self)
        if side is None or len(contrast) < 2:
            return self.body(contrast)
        first, second = contrast.tensor_split(2)
        branch = side.branch(second)
        branch.start(self.body)
        return torch.cat([self.body(first), branch.result()])

    def _beside(self, work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        """Work that needs no gradients, begun beside the rest if it can be; what is returned waits for it."""
        side = side_of(self)
        return work if side is None else side.submit(work).result

    def auxiliary_loss(self, images: Tensor, output: EncoderOutput) -> Tensor:
        """The competition's reconstruction and edge losses, in nats of a full-size image; (B,)."""
        assert isinstance(output, SlotEncoderOutput)
        competition = output.competition
        loss = self.competition.reconstruction_loss(competition)
        loss = loss + self.competition.edge_loss(competition, output.edges())
        return self.auxiliary_loss_weight * (loss * (images[0].numel() / competition.cells[0].numel()))


class LatentHead(nn.Module):
    """What slots found to the posterior's numbers.

    Args:
        layout: of the latent.
        width: W of a query.
        channels: of the feature grid.
        initial_log_sigma: added to the log sigmas.
    """

    def __init__(self, layout: LatentLayout, width: int, channels: int, initial_log_sigma: float) -> None:
        super().__init__()
        self.layout, self.initial_log_sigma = layout, initial_log_sigma
        self.value, self.attended = nn.Linear(channels, width), nn.Linear(width, width)
        self.position = nn.Linear(2, width)
        self.block = Block(width, cross_attention=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * layout.slot_dim))

    def forward(self, queries: Masked, grid: Tensor, assigned: Assigned) -> Gaussian:
        """The posterior (B, Z) of queries (B, K, W) that attended to the grid (B, N, channels)."""
        attended = assigned.attention.to(grid.dtype) @ self.value(grid)  # (B, K, W)
        tokens = queries.values + self.attended(attended)
        scaled = self.layout.scaled(assigned.positions)  # (B, K, 2)
        tokens = self.block(tokens + self.position(scaled), mask=queries.mask)  # (B, K, W)
        mean, log_sigma = self.out(tokens).float().chunk(2, dim=-1)  # (B, K, D) each
        mean = mean + functional.pad(scaled, (0, self.layout.slot_dim - 2))
        log_sigma = log_sigma + self.initial_log_sigma
        return Gaussian.from_raw(keep(mean, queries.mask).flatten(1), keep(log_sigma, queries.mask).flatten(1))
