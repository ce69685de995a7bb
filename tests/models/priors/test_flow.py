"""The flow learns a known distribution and obeys its caption; guidance, draws and gradients are what they say."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from support.encodings import QUERIES, encoding, random_encoding, rows, with_mask, with_pooled, with_values
from torch import Tensor, nn

from cvae_lightning.models import (
    CaptionEncoding,
    FlowPrior,
    Gaussian,
    LatentLayout,
    LearnedQueries,
    SamplerConfig,
    StandardPrior,
)
from cvae_lightning.models.priors.ode import solve
from cvae_lightning.models.priors.restarts import noise_rotations, restarted

MASK = torch.tensor([[True, True, True, False], [True, False, False, True], [True, True, True, True]])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def flow(kind: str = "learned", latent_dim: int = 8, layers: int = 4, **arguments: Any) -> FlowPrior:
    """A new flow of 4 slots; arguments of the sampler's are given to it."""
    names = SamplerConfig.__dataclass_fields__
    settings = {name: arguments.pop(name) for name in list(arguments) if name in names}
    queries = QUERIES[kind](4, 16, 6)
    layout, sampler = LatentLayout(latent_dim, 4), SamplerConfig(**settings)
    return FlowPrior(layout, queries, caption_dim=6, layers=layers, sampler=sampler, **arguments)


def perturbed(kind: str = "learned", **arguments: Any) -> FlowPrior:
    """A small flow, Z = 8 in 4 slots, whose last layer is no longer zero, as after some training."""
    prior = flow(kind, layers=2, **({"steps": 3} | arguments))
    nn.init.normal_(prior.out.weight)
    for block in prior.blocks:
        nn.init.normal_(block.modulation.weight, std=0.1)
    return prior


def resample(prior: FlowPrior, **settings: Any) -> None:
    prior.set_sampler(replace(prior.sampler, **settings))


def caption() -> CaptionEncoding:
    return random_encoding(3, 4, 6, MASK)


def posterior() -> Gaussian:
    return Gaussian(torch.randn(3, 8), torch.randn(3, 8) - 1)


@pytest.mark.parametrize("kind", QUERIES)
def test_a_new_flow_stands_still(kind: str) -> None:
    prior, z = flow(kind), torch.randn(3, 8)
    assert not prior.velocity(z, torch.rand(3), caption()).any()
    assert torch.equal(prior.sample(caption(), z), z)


@pytest.mark.parametrize("solver", ["euler", "midpoint", "heun"])
def test_samples_solve_the_velocity_and_are_a_function_of_noise(solver: str) -> None:
    prior, given, noise = perturbed(solver=solver), caption(), torch.randn(3, 8)
    end = prior.sample(given, noise)
    assert torch.equal(prior.sample(given, noise), end)
    step = solve(lambda z, time: prior.velocity(z, torch.full((3,), time), given), noise, 3, solver)
    assert torch.equal(end, step)
    first = rows(given, slice(0, 1))
    torch.testing.assert_close(prior.sample(first, noise[:1]), end[:1])
    assert not torch.allclose(prior.sample(given, noise + 1) - 1, end)


def test_restarted_samples_are_a_function_of_their_own_row_of_noise() -> None:
    prior, given, noise = perturbed(restarts=3), caption(), torch.randn(3, 8)
    end = prior.sample(given, noise)
    assert torch.equal(prior.sample(given, noise), end)
    alone = prior.sample(rows(given, slice(1, 2)), noise[1:2])
    assert torch.allclose(alone, end[1:2], atol=1e-5)
    assert not torch.allclose(end, perturbed().sample(given, noise))


def test_restarts_stay_close_in_sixteen_bits() -> None:
    prior, given, noise = perturbed(restarts=3), caption(), torch.randn(3, 8)
    with torch.autocast("cpu", torch.bfloat16):
        half = prior.sample(given, noise)
    assert half.dtype == torch.float32
    assert (half - prior.sample(given, noise)).abs().max() < 0.3


def test_restarts_draw_standard_noise_that_repeats_nothing() -> None:
    rotations = flow(latent_dim=40, restarts=5).noise_rotations
    assert torch.allclose(rotations @ rotations.transpose(1, 2), torch.eye(40).expand(5, -1, -1), atol=1e-5)
    assert torch.equal(rotations, flow(latent_dim=40, restarts=5).noise_rotations)
    noise = torch.randn(4000, 40)
    drawn = torch.stack([noise, *(noise @ rotation for rotation in rotations)]).flatten(1)
    assert torch.allclose(torch.corrcoef(drawn), torch.eye(6), atol=0.15)


def test_restarts_mend_what_a_coarse_solver_leaves() -> None:
    """The exact flow to -1 or +1 in each latent ends between the two after two Euler steps, and at them restarted."""

    def exact(z: Tensor, time: float) -> Tensor:
        rest = 1 - time
        return ((z * time / (rest**2 + 1e-4)).tanh() - z) / max(rest, 1e-3)

    noise = torch.randn(500, 8)
    left = solve(exact, noise, steps=2)
    mended = restarted(exact, left, noise, noise_rotations(8, 8), time=0.85)
    assert (mended.abs() - 1).abs().mean() < 0.05 < (left.abs() - 1).abs().mean()


def test_sampling_computes_once_what_no_state_changes_and_follows_the_velocity() -> None:
    prior, given, noise = perturbed(restarts=2, restart_time=0.7), caption(), torch.randn(3, 8)
    calls: list[int] = []
    hook = prior.time.register_forward_hook(lambda *_: calls.append(0))
    sampled = prior.sample(given, noise)
    hook.remove()
    assert len(calls) == prior.sampler.steps + 1  # both restarts are at one time

    def velocity(z: Tensor, time: float) -> Tensor:
        return prior.velocity(z, torch.full((3,), time), given)

    end = solve(velocity, noise, prior.sampler.steps, prior.sampler.solver)
    assert torch.equal(sampled, restarted(velocity, end, noise, prior.noise_rotations, 0.7))


def test_time_and_caption_change_the_velocity() -> None:
    prior, z, given = perturbed(), torch.randn(3, 8), caption()
    now = prior.velocity(z, torch.full((3,), 0.5), given)
    assert not torch.allclose(prior.velocity(z, torch.full((3,), 0.6), given), now)
    for other in (with_pooled(given, given.pooled.flip(0)), with_values(given, given.tokens.values.flip(0))):
        assert not torch.allclose(prior.velocity(z, torch.full((3,), 0.5), other), now)


@pytest.mark.parametrize("message_width", [0, 6])
def test_unnamed_objects_stay_noise_and_steer_nothing(message_width: int) -> None:
    prior, given, noise = perturbed("objects", message_width=message_width), caption(), torch.randn(3, 8)
    unnamed = ~MASK.repeat_interleave(2, dim=1)
    end = prior.sample(given, noise)
    assert torch.equal(end[unnamed], noise[unnamed])
    assert (end - noise)[~unnamed].abs().min() > 0
    assert torch.equal(prior.sample(given, torch.where(unnamed, 50.0, noise))[~unnamed], end[~unnamed])


def test_slots_depend_on_each_other_only_by_messages() -> None:
    """Without attention, a slot's velocity depends on others of its row exactly where there are messages."""
    given, z = with_mask(caption(), torch.ones(3, 4, dtype=torch.bool)), torch.randn(3, 8)
    moved = z.clone()
    moved[0, 6:] += 0.5
    for message_width, changed in ((0, False), (6, True)):
        prior = perturbed("objects", message_width=message_width)
        for block in prior.blocks:
            nn.init.zeros_(block.self_attention.out.weight)
        before, after = (prior.velocity(state, torch.full((3,), 0.5), given) for state in (z, moved))
        assert torch.allclose(before[0, :6], after[0, :6]) is not changed
        assert torch.equal(before[1:], after[1:])


def test_unnamed_objects_cost_nothing() -> None:
    """A flow that stands still pays |z - e|^2 = 2 a number of a standard posterior, for named objects only."""
    prior, given = flow("objects", draws=4000), caption()
    loss = prior.auxiliary_loss(Gaussian(torch.zeros(3, 8), torch.zeros(3, 8)), given)
    torch.testing.assert_close(loss, 2.0 * 2 * MASK.sum(dim=1), rtol=0.05, atol=0)


@pytest.mark.parametrize("kind", QUERIES)
def test_guidance_of_one_and_of_zero(kind: str) -> None:
    prior, given, noise = perturbed(kind, caption_dropout=0.1), caption(), torch.randn(3, 8)
    nothing_kept = torch.zeros(3, dtype=torch.bool)
    conditional = prior.sample(given, noise)
    plain = perturbed(kind)
    plain.load_state_dict({k: v for k, v in prior.state_dict().items() if k != "null_embedding"})
    assert torch.equal(plain.sample(given, noise), conditional)
    resample(prior, guidance_scale=0.0)
    withheld = solve(lambda z, time: prior.velocity(z, torch.full((3,), time), given, nothing_kept), noise, 3)
    torch.testing.assert_close(prior.sample(given, noise), withheld)
    other = with_values(with_pooled(given, given.pooled.flip(0)), torch.randn(3, 4, 6))
    torch.testing.assert_close(prior.sample(other, noise), withheld)
    resample(prior, guidance_scale=1.0 + 1e-6)
    torch.testing.assert_close(prior.sample(given, noise), conditional, rtol=1e-3, atol=1e-3)


def test_guidance_extrapolates_in_the_captions_direction() -> None:
    prior, given, z = perturbed(caption_dropout=0.1, guidance_scale=3.0), caption(), torch.randn(3, 8)
    resample(prior, steps=1)
    start, nothing_kept = torch.zeros(3), torch.zeros(3, dtype=torch.bool)
    conditional, unconditional = prior.velocity(z, start, given), prior.velocity(z, start, given, nothing_kept)
    torch.testing.assert_close(prior.sample(given, z), z + unconditional + 3 * (conditional - unconditional))


def test_dropping_one_rows_caption_does_not_change_other_rows() -> None:
    prior, given, z = perturbed(caption_dropout=0.1), caption(), torch.randn(3, 8)
    some = torch.tensor([True, False, True])
    mixed = prior.velocity(z, torch.full((3,), 0.5), given, some)
    with pytest.raises(ValueError, match="without caption_dropout"):
        perturbed().velocity(z, torch.full((3,), 0.5), given, some)
    assert torch.equal(mixed[some], prior.velocity(z, torch.full((3,), 0.5), given)[some])
    assert not torch.allclose(mixed[~some], prior.velocity(z, torch.full((3,), 0.5), given)[~some])


@pytest.mark.parametrize("kind", QUERIES)
def test_its_loss_trains_flow_and_caption_but_not_the_posterior(kind: str) -> None:
    prior, given = perturbed(kind, caption_dropout=0.5), caption()
    given = encoding(given.pooled.requires_grad_(), given.tokens.values.clone().requires_grad_(), MASK)
    q = Gaussian(*(field.clone().requires_grad_() for field in posterior()))
    prior.auxiliary_loss(q, given).sum().backward()
    assert q.mean.grad is None
    assert q.log_sigma.grad is None
    assert given.pooled.grad.abs().sum() > 0
    assert given.tokens.values.grad.abs().sum() > 0
    used = {name for name, weight in prior.named_parameters() if weight.grad is not None and weight.grad.any()}
    trained = {"null_embedding", "latent.weight", "pooled.weight", "time.0.weight", "out.weight"}
    assert trained | {"queries.project.weight"} <= used


def test_the_loss_is_an_average_over_draws_for_each_image() -> None:
    q, given = posterior(), caption()
    single, many = perturbed(draws=1), perturbed(draws=3)
    many.load_state_dict(single.state_dict())
    assert many.auxiliary_loss(q, given).shape == (3,)
    # A posterior without spread and a flow that stands still: E |z - e|^2 = |mean|^2 + Z.
    still = flow(draws=4000)
    sure = Gaussian(q.mean, torch.full((3, 8), -8.0))
    torch.testing.assert_close(still.auxiliary_loss(sure, given), q.mean.square().sum(dim=1) + 8, rtol=0.03, atol=0)
    torch.manual_seed(1)
    drawn = many.auxiliary_loss(q, given)
    torch.manual_seed(1)
    repeated = Gaussian(*(field.repeat_interleave(3, dim=0) for field in q))
    expected = single.auxiliary_loss(repeated, given.repeat(3))
    torch.testing.assert_close(drawn, expected.view(3, 3).mean(dim=1))


@pytest.mark.parametrize(("restarts", "share"), [(0, 0.0), (9, 0.75)])
def test_it_learns_at_the_times_that_sampling_asks_for(
    restarts: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def still(self: FlowPrior, z: Tensor, time: Tensor, caption: CaptionEncoding, keep: Tensor | None = None) -> Tensor:
        asked.append(time)
        return torch.zeros_like(z)

    monkeypatch.setattr(FlowPrior, "velocity", still)
    perturbed(draws=4000, restarts=restarts).auxiliary_loss(posterior(), caption())
    restarting = asked[0] == SamplerConfig().restart_time
    assert restarting.float().mean().item() == pytest.approx(share, abs=0.02)
    rest = asked[0][~restarting].logit()
    assert abs(rest.mean()) < 0.05
    assert rest.std().item() == pytest.approx(1, abs=0.05)


def test_the_rate_is_that_of_its_base() -> None:
    q = posterior()
    assert torch.equal(perturbed().rate(q, caption()), StandardPrior(8).rate(q, caption()))


def test_numbers_that_make_no_flow_are_named() -> None:
    for arguments, named in [
        ({"solver": "rk4"}, "'rk4': expected one of euler, midpoint, heun"),
        ({"draws": 0}, "draws 0"),
        ({"layers": 0}, "layers 0"),
        ({"time_frequencies": 0}, "time_frequencies 0"),
        ({"steps": 0}, "steps is 0"),
        ({"restarts": -1}, "restarts is -1"),
        ({"message_width": -1}, "message_width is -1"),
        ({"caption_dropout": 1.0}, "caption_dropout is 1.0"),
        ({"guidance_scale": -1.0, "caption_dropout": 0.1}, "guidance_scale is -1.0"),
        ({"guidance_scale": 2.0}, "guidance_scale 2.0 needs a prior that was trained with caption_dropout above 0"),
        ({"latent_dim": 42}, "latent_dim 42 does not divide into 4 slots"),
    ]:
        with pytest.raises(ValueError, match=named):
            flow(**arguments)


def test_slots_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="LearnedQueries has 3 slots, but the latent's layout has 4"):
        FlowPrior(LatentLayout(8, 4), LearnedQueries(3, 16, 6), caption_dim=6)
    with pytest.raises(ValueError, match="width 18 does not divide into 4 heads"):
        FlowPrior(LatentLayout(8, 4), LearnedQueries(4, 18, 6), caption_dim=6)
