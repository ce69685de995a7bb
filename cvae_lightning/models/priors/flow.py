"""A conditional rectified flow as the prior: noise moves along learned straight lines to latents of a caption."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian, kl_to_standard, standard_log_density
from cvae_lightning.models.interfaces import CaptionEncoding, Masked, Prior, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.attention import Block, learned_embedding
from cvae_lightning.models.nn.fourier import fourier_size, state_features
from cvae_lightning.models.nn.message_passing import MessagePassing
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.models.nn.slot_queries import SlotQueries, check_slots, index_embedding, with_index
from cvae_lightning.models.priors.flow_condition import FlowCondition, guided, times_of, words_of
from cvae_lightning.models.priors.flow_draws import FlowDraws, flow_draws
from cvae_lightning.models.priors.ode import Velocity, log_det_solve, solve, solver_step
from cvae_lightning.models.priors.restarts import noise_rotations, restarted
from cvae_lightning.models.priors.sampler import SamplerConfig
from cvae_lightning.models.serialization import part


@part
class FlowPrior(Prior):
    """Rectified flow (Liu et al. 2023, eq. 1; Lipman et al. 2023) over z given the caption.

    With e ~ N(0, I), z a posterior draw and z_t = (1 - t) e + t z, a transformer learns the velocity z - e
    from z_t, t and the caption; to sample, dz/dt = velocity is solved from noise at t = 0 to t = 1. It is
    trained together with the autoencoder, on draws that carry no gradient back to it. The latent is read
    as slots (:class:`~cvae_lightning.models.LatentLayout`), which attend to each other.

    The autoencoder's rate stays KL(q || N(0, I)), the flow's base: the ELBO of a run with this prior is the base's, not
    that of the flow, whose density is :meth:`log_prob`.

    Args:
        layout: of the latent.
        queries: what each slot represents.
        caption_dim: C.
        layers: transformer blocks, of the queries' width.
        message_width: width of the messages that slots exchange before each block about how their states differ
            (:mod:`cvae_lightning.models.nn.message_passing`); 0 for none.
        read_words: whether each block attends to the caption's words, too, and not the queries alone.
        draws: posterior draws, times and noises per image and training step.
        caption_dropout: share of training draws without the caption, which guidance needs.
        time_frequencies: how many, of the time's embedding.
        max_time_frequency: the highest of them, radians per unit of time.
        state_frequencies: of a slot's state, half waves per unit: N(0, 1) spans about one of the longest.
        sampler: how :meth:`sample` samples; may be replaced at any time.

    Raises:
        ValueError: a number out of range, or guidance without caption dropout.

    Example:
        >>> from cvae_lightning.models import LearnedQueries
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout, queries = LatentLayout(latent_dim=4, num_slots=2), LearnedQueries(2, width=8, caption_dim=8)
        >>> prior = FlowPrior(layout, queries, caption_dim=8, layers=1, sampler=SamplerConfig(steps=2))
        >>> tuple(prior.sample(caption, torch.zeros(1, 4)).shape), prior.sampler.steps
        ((1, 4), 2)
    """

    latent_dim: int
    sampler: SamplerConfig
    base = "N(0, I), the base of the flow and not the flow that samples are drawn from"
    frequencies: Tensor
    noise_rotations: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        queries: SlotQueries,
        caption_dim: int = 128,
        layers: int = 4,
        message_width: int = 0,
        read_words: bool = False,
        draws: int = 4,
        caption_dropout: float = 0.0,
        time_frequencies: int = 32,
        max_time_frequency: float = 200.0,
        state_frequencies: Sequence[float] = (0.25, 0.5, 1.0),
        sampler: SamplerConfig | None = None,
    ) -> None:
        super().__init__()
        if min(draws, layers, time_frequencies) < 1:
            raise ValueError(
                f"prior: draws {draws}, layers {layers}, time_frequencies {time_frequencies}: expected at least 1 each"
            )
        check_positive("prior", max_time_frequency=max_time_frequency)
        if message_width < 0:
            raise ValueError(f"prior.message_width is {message_width}: expected 0 or more, such as 64")
        if not 0 <= caption_dropout < 1:
            raise ValueError(f"prior.caption_dropout is {caption_dropout}: expected a number in [0, 1)")
        check_slots(queries, layout.num_slots)
        self.latent_dim, self.caption_dim, self.num_objects = layout.latent_dim, caption_dim, queries.num_objects
        self.layout, self.draws, self.caption_dropout = layout, draws, caption_dropout
        self.state_frequencies, self.queries, width = tuple(state_frequencies), queries, queries.width
        self.index_embedding = index_embedding(queries)
        nulls = (queries.num_slots if read_words else 1) if caption_dropout else 0
        self.null_embedding = learned_embedding(nulls, width) if nulls else None
        features = fourier_size(layout.slot_dim, self.state_frequencies)
        self.latent = nn.Linear(features, width)
        self.pooled = nn.Linear(caption_dim, width)
        self.time = mlp(2 * time_frequencies, width, width)
        self.words = nn.Linear(caption_dim, width) if read_words else None
        self.blocks = nn.ModuleList([Block(width, read_words, condition_dim=width) for _ in range(layers)])
        self.messages = nn.ModuleList(
            [MessagePassing(width, features, message_width) for _ in range(layers if message_width else 0)]
        )
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, layout.slot_dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        times = torch.logspace(0, math.log10(max_time_frequency), time_frequencies)
        self.register_buffer("frequencies", times, persistent=False)
        self.register_buffer("noise_rotations", torch.empty(0), persistent=False)
        self.set_sampler(sampler or SamplerConfig())

    def set_sampler(self, sampler: SamplerConfig) -> None:
        """Sample by other settings from now on.

        Raises:
            ValueError: guidance, but the flow was trained without caption dropout.
        """
        if sampler.guidance_scale != 1 and not self.caption_dropout:
            raise ValueError(
                f"sampler.guidance_scale {sampler.guidance_scale} needs a prior that was trained with caption_dropout "
                "above 0, such as 0.1"
            )
        self.sampler = sampler
        self.noise_rotations = noise_rotations(sampler.restarts, self.latent_dim).to(self.frequencies.device)

    def velocity(self, z: Tensor, time: Tensor, caption: CaptionEncoding, keep: Tensor | None = None) -> Tensor:
        """The flow's direction (B, Z); zero in slots that are not in use, which stay noise.

        Args:
            z: (B, Z) the state.
            time: (B,) in [0, 1].
            caption: the condition, of B / n captions: each for n rows in succession.
            keep: (B,) False where the caption is dropped; None where it is never.
        """
        given = self.condition(caption, keep, len(z) // len(caption.pooled))
        return self._move(z, given, self._modulation(time, given))

    def condition(self, caption: CaptionEncoding, keep: Tensor | None = None, times: int = 1) -> FlowCondition:
        """What the velocity needs of B / ``times`` captions, which is the same for every state and time.

        ``keep`` (B,) is False where the caption is dropped, ``times`` the rows in succession for each caption.
        """
        queries = with_index(self.queries(caption), self.index_embedding).repeat(times)  # (B, K, W)
        pooled = self.pooled(caption.pooled).repeat_interleave(times, dim=0)  # (B, W)
        words = None if self.words is None else words_of(caption.tokens, self.words, keep, times)  # (B, T, W)
        if keep is not None:
            queries, pooled = self._drop(queries, keep), pooled * keep[:, None]
        index = RaggedIndex.from_mask(queries.mask)
        pairs = index.pairs() if self.messages else None
        return FlowCondition(index, index.pack(queries.values), pooled, pairs, words)

    def _modulation(self, time: Tensor, given: FlowCondition) -> list[tuple[Tensor, ...]]:
        """How each block's norms are scaled and shifted at times (B,)."""
        angles = time[:, None] * self.frequencies  # (B, F)
        condition = nn.functional.silu(self.time(torch.cat([angles.cos(), angles.sin()], dim=1)) + given.pooled)
        return [block.changes(condition, given.index) for block in self.blocks]  # type: ignore[operator]

    def _move(self, z: Tensor, given: FlowCondition, modulation: list[tuple[Tensor, ...]]) -> Tensor:
        """The direction (B, Z) of a state (B, Z)."""
        index = given.index
        state = index.pack(self.layout.slots(z))  # (M, D)
        features = state_features(state, self.state_frequencies).to(given.values.dtype)  # (M, F)
        tokens = given.values + self.latent(features)  # (M, W)
        pairs = self._pairs(state, *given.pairs) if given.pairs is not None else None
        for number, block in enumerate(self.blocks):
            if pairs is not None:
                tokens = tokens + self.messages[number](tokens, *pairs)
            tokens = block(tokens, given.words, index=index, changes=modulation[number])
        return index.pad(self.out(self.norm(tokens)).float()).flatten(1)  # (B, Z)

    def _drop(self, queries: Masked, keep: Tensor) -> Masked:
        if self.null_embedding is None:
            raise ValueError("a flow without caption_dropout always reads the caption")
        values = torch.where(keep[:, None, None], queries.values, self.null_embedding.to(queries.values.dtype))
        return Masked(values, queries.mask)

    def _pairs(self, state: Tensor, receiver: Tensor, sender: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How all pairs of a row's states (M, D) differ, (P, F), with receiver and sender (P,) of each."""
        difference = state.index_select(0, sender) - state.index_select(0, receiver)  # (P, D)
        return state_features(difference, self.state_frequencies), receiver, sender

    def auxiliary_loss(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """The flow-matching loss (Lipman et al. 2023, eq. 23), summed over latents, averaged over draws; (B,)."""
        return self.drawn_loss(posterior)(caption)

    def drawn_loss(self, posterior: Gaussian) -> Callable[[CaptionEncoding], Tensor]:
        return partial(self.matching_loss, flow_draws(posterior, self.draws, self.sampler, self.caption_dropout))

    def matching_loss(self, draws: FlowDraws, caption: CaptionEncoding) -> Tensor:
        """How far the velocity is from the direction of B * n lines, on average over each caption's n; (B,)."""
        error = self.velocity(draws.state, draws.time, caption, draws.keep) - draws.direction  # (B * n, Z)
        return self.latents_in_use(error, caption).square().sum(dim=1).reshape(len(caption.pooled), -1).mean(dim=1)

    def latents_in_use(self, values: Tensor, caption: CaptionEncoding) -> Tensor:
        """``values`` (B * n, Z), n in succession for each caption, with 0 in slots that are not in use."""
        objects = caption.objects if self.num_objects is not None else None
        return values if objects is None else self.layout.masked(values, objects.mask)

    def sample(self, caption: CaptionEncoding, noise: Tensor) -> Tensor:
        """Latents (B, Z): the flow's end for each row of noise (B, Z), after the restarts."""
        settings, velocity = self.sampler, self.guided_velocity(caption)
        z = solve(velocity, noise, settings.steps, settings.solver)
        return restarted(velocity, z, noise, self.noise_rotations, settings.restart_time)

    def solver_step(self, z: Tensor, time: Tensor, caption: CaptionEncoding) -> Tensor:
        """The state (B, Z) one step of the solver after z (B, Z) at a time (); the body of an exported loop."""
        return solver_step(self.guided_velocity(caption), z, time, 1 / self.sampler.steps, self.sampler.solver)

    def restart(self, z: Tensor, rotation: Tensor, noise: Tensor, caption: CaptionEncoding) -> Tensor:
        """The sample z (B, Z) after one restart, by a rotation (Z, Z) of its noise; the body of an exported loop."""
        return restarted(self.guided_velocity(caption), z, noise, rotation.unsqueeze(0), self.sampler.restart_time)

    def rate(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """KL(posterior || N(0, I)), the base of the flow, for each latent in nats; (B, Z)."""
        return kl_to_standard(posterior)

    def log_prob(self, z: Tensor, caption: CaptionEncoding, steps: int = 32) -> Tensor:
        """log p(z | caption) of the flow, without guidance and restarts, in nats; (B,).

        By the instantaneous change of variables (Chen et al. 2018, theorem 1) with the exact trace, midpoint steps
        backwards in time: costs 2 x steps x Z backward passes.
        """
        with torch.inference_mode(False):
            given = caption.clone()  # an inference tensor could take no part in the gradients

        def velocity(state: Tensor, time: float | Tensor) -> Tensor:
            return self.velocity(state, times_of(state, time), given)

        start, log_det = log_det_solve(velocity, z, steps)
        return standard_log_density(start) - log_det

    def base_log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        return standard_log_density(z)

    def guided_velocity(self, caption: CaptionEncoding) -> Velocity:
        """The velocity that sampling follows; what depends on the caption alone, or on a time too, is computed once."""
        scale, conditional = self.sampler.guidance_scale, self._conditioned(self.condition(caption))
        if scale == 1:
            return conditional
        dropped = torch.zeros(caption.pooled.shape[0], dtype=torch.bool, device=caption.pooled.device)
        return guided(conditional, self._conditioned(self.condition(caption, keep=dropped)), scale)

    def _conditioned(self, given: FlowCondition) -> Velocity:
        @cache
        def modulation(time: float | Tensor) -> list[tuple[Tensor, ...]]:
            return self._modulation(times_of(given.pooled, time), given)

        return lambda z, time: self._move(z, given, modulation(time))
