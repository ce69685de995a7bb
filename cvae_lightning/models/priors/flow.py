"""A conditional rectified flow as the prior: noise moves along learned straight lines to latents of a caption."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian, draw, kl_to_standard
from cvae_lightning.models.nn.attention import Block, Places, positions
from cvae_lightning.models.nn.message_passing import Messages
from cvae_lightning.models.nn.slot_queries import CaptionSlots, slot_size
from cvae_lightning.models.priors.gaussian import Prior
from cvae_lightning.models.priors.ode import SOLVERS, solve
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption

FREQUENCIES = 32
"""Of the time's embedding."""
CORRECTED_FROM = 0.85
"""Time that a correction goes back to. Later ones move too little to part things that touch, earlier ones forget."""
LENGTHS = (0.25, 0.5, 1.0)
"""Half waves per unit of a latent, in its embedding: N(0, 1) spans about one of the longest."""


@part
class FlowPrior(Prior):
    """Rectified flow (Liu et al. 2023, eq. 1; Lipman et al. 2023) over z given the caption.

    With e ~ N(0, I), z a posterior draw and z_t = (1 - t) e + t z, a transformer learns the velocity z - e
    from z_t, t and the caption; to sample, dz/dt = velocity is solved from noise at t = 0 to t = 1. It is
    trained in the same fit as the autoencoder, on draws that carry no gradient back to it. The latent is read
    as ``slots`` tokens (:mod:`cvae_lightning.models.nn.slot_queries`), which look at each other.

    The autoencoder's rate stays KL(q || N(0, I)), the flow's base: with this prior the ELBO of a run is that of
    the base, a lower bound that the flow is there to improve on.

    Args:
        latent_dim: Z.
        caption_dim: C.
        slots: tokens that the latent is read as.
        conditioning: what a slot is about: ``cross_attention`` or ``things``.
        width: of a token.
        layers: transformer blocks.
        messages: width of what slots tell each other before each block about how their states differ
            (:mod:`cvae_lightning.models.nn.message_passing`); 0 for nothing.
        draws: posterior draws, times and noises per image and training step.
        steps: of the ODE solver.
        solver: ``euler``, ``midpoint`` or ``heun``.
        guidance_scale: 1 follows the caption; more, away from what any caption would give
            (classifier-free guidance, Ho & Salimans 2022), at twice the cost.
        corrections: after the solver, how often a sample is noised a little and told its way back by one look.
            The solver's errors add up; corrections forget them (restarts, Xu et al. 2023, algorithm 1; the corrector
            of Song et al. 2021, section 4.2). Each costs as much as an Euler step.
        caption_dropout: share of training draws that do not see the caption, which guidance needs.

    Raises:
        ValueError: a number out of range, or an unknown solver.
    """

    frequencies: Tensor
    turns: Tensor

    def __init__(
        self,
        latent_dim: int = 40,
        caption_dim: int = 128,
        slots: int = 10,
        conditioning: str = "cross_attention",
        width: int = 128,
        layers: int = 4,
        messages: int = 0,
        draws: int = 4,
        steps: int = 24,
        solver: str = "euler",
        guidance_scale: float = 1.0,
        corrections: int = 0,
        caption_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if solver not in SOLVERS:
            raise ValueError(f"prior.solver is {solver!r}: expected one of {', '.join(SOLVERS)}")
        if min(draws, steps, layers) < 1:
            raise ValueError(f"prior: draws {draws}, steps {steps}, layers {layers}: expected at least 1 each")
        for name, number, usual in (("corrections", corrections, 24), ("messages", messages, 64)):
            if number < 0:
                raise ValueError(f"prior.{name} is {number}: expected 0 or more, such as {usual}")
        if not 0 <= caption_dropout < 1 or not math.isfinite(guidance_scale) or guidance_scale < 0:
            raise ValueError(
                f"prior: caption_dropout {caption_dropout}, guidance_scale {guidance_scale}: expected [0, 1) and >= 0"
            )
        if guidance_scale != 1 and not caption_dropout:
            raise ValueError(f"prior.guidance_scale {guidance_scale} needs caption_dropout above 0, such as 0.1")
        self.latent_dim, self.caption_dim, self.draws = latent_dim, caption_dim, draws
        self.steps, self.solver = steps, solver
        self.guidance_scale, self.caption_dropout = guidance_scale, caption_dropout
        self.things = slots if conditioning == "things" else None
        size = slot_size(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim, conditioning, numbered=True)
        self.unheard = positions(1, width)
        felt = size * (1 + 2 * len(LENGTHS))
        self.latent = nn.Linear(felt, width)
        self.pooled = nn.Linear(caption_dim, width)
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList([Block(width, cross=False, condition_dim=width) for _ in range(layers)])
        self.messages = nn.ModuleList([Messages(width, felt, messages) for _ in range(layers if messages else 0)])
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, size)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("turns", _rotations(corrections, latent_dim), persistent=False)
        self.register_buffer("frequencies", torch.logspace(0, math.log10(200), FREQUENCIES), persistent=False)

    def velocity(self, z: Tensor, time: Tensor, caption: Caption, heard: Tensor | None = None) -> Tensor:
        """The flow's direction (B, Z); zero in slots that stand for nothing, which stay noise.

        Args:
            z: (B, Z) the state.
            time: (B,) in [0, 1].
            caption: what is asked for.
            heard: (B,) False where the caption is withheld; all hear it if None.
        """
        slots, pooled = self.read(caption), self.pooled(caption.pooled)
        told = slots.tokens
        if heard is not None:
            told, pooled = torch.where(heard[:, None, None], told, self.unheard.to(told.dtype)), pooled * heard[:, None]
        angles = time[:, None] * self.frequencies
        condition = nn.functional.silu(self.time(torch.cat([angles.cos(), angles.sin()], dim=1)) + pooled)
        places = Places.of(slots.exist)
        state = places.pack(z.reshape(*told.shape[:2], -1))
        tokens = places.pack(told) + self.latent(_felt(state).to(told.dtype))
        pairs = _pairs(state, places) if self.messages else None
        for number, block in enumerate(self.blocks):
            if pairs is not None:
                tokens = tokens + self.messages[number](tokens, *pairs)
            tokens = block.packed(tokens, places, condition)  # type: ignore[operator]
        return places.pad(self.out(self.norm(tokens)).float()).flatten(1)

    def loss(self, posterior: Gaussian, caption: Caption) -> Tensor:
        """The flow-matching loss (Lipman et al. 2023, eq. 23), summed over latents, averaged over draws; (B,).

        Times are logit-normal (Esser et al. 2024, section 3.1), most draws where the direction is least clear, but
        for as large a share as sampling spends on corrections: these look from one time alone.
        """
        many = caption.repeat(self.draws)
        q = Gaussian(*(field.detach().repeat_interleave(self.draws, dim=0) for field in posterior))
        z = draw(q, torch.randn_like(q.mean))
        noise = torch.randn_like(z)
        time = torch.randn(len(z), device=z.device).sigmoid()
        correcting = torch.rand(len(z), device=z.device) < len(self.turns) / (self.steps + len(self.turns))
        time = time.masked_fill(correcting, CORRECTED_FROM)
        heard = torch.rand(len(z), device=z.device) >= self.caption_dropout if self.caption_dropout else None
        error = self.velocity(noise.lerp(z, time[:, None]), time, many, heard) - (z - noise)
        if self.things:
            error = error * many.mask.repeat_interleave(self.latent_dim // self.things, dim=1)
        return error.square().sum(dim=1).reshape(-1, self.draws).mean(dim=1)

    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        """Latents (B, Z): the flow's end for each row of noise (B, Z), corrected.

        A correction's noise is the given noise, rotated: as normal as that, all but uncorrelated with it, and a
        sample stays a function of one row of noise.
        """
        z = solve(lambda z, time: self._guided(z, time, caption), noise, self.steps, self.solver)
        for turn in self.turns:
            state = torch.lerp((noise @ turn).to(z.dtype), z, CORRECTED_FROM)
            z = state + (1 - CORRECTED_FROM) * self._guided(state, CORRECTED_FROM, caption)
        return z

    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        """KL(posterior || N(0, I)), the base of the flow, for each latent in nats; (B, Z)."""
        return kl_to_standard(posterior)

    def _guided(self, z: Tensor, time: float, caption: Caption) -> Tensor:
        times = torch.full((len(z),), time, device=z.device)
        asked = self.velocity(z, times, caption)
        if self.guidance_scale == 1:
            return asked
        anything = self.velocity(z, times, caption, heard=torch.zeros(len(z), dtype=torch.bool, device=z.device))
        return anything + self.guidance_scale * (asked - anything)


def _rotations(count: int, size: int) -> Tensor:
    """Orthogonal matrices (count, size, size), always the same."""
    normal = torch.randn(count, size, size, generator=torch.Generator().manual_seed(0))
    return torch.linalg.qr(normal).Q


def _pairs(state: Tensor, places: Places) -> tuple[Tensor, Tensor, Tensor]:
    """How all pairs of a row's states (M, N) differ, (P, D), and who they are; see :class:`Messages`."""
    first, second = places.pairs()
    return _felt(state[second] - state[first]), first, second


def _felt(state: Tensor) -> Tensor:
    """Latents (M, N) with their sines and cosines, (M, N + 2 len(LENGTHS) N), so that small distances tell."""
    angles = torch.cat([math.pi * length * state for length in LENGTHS], dim=-1)
    return torch.cat([state, angles.sin(), angles.cos()], dim=-1)
