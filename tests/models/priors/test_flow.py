"""The flow learns a known distribution and obeys its caption; guidance, draws and gradients are what they say."""

import pytest
import torch
from torch import Tensor, nn

from cvae_lightning.models import Caption, FlowPrior, Gaussian, StandardPrior, blueprint, build
from cvae_lightning.models.priors.flow import CORRECTED_FROM
from cvae_lightning.models.priors.ode import solve

MASK = torch.tensor([[True, True, True, False], [True, False, False, True], [True, True, True, True]])
MODES = ("cross_attention", "things")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def awake(**arguments) -> FlowPrior:
    """A small flow, Z = 8 in 4 slots, whose last layer is no longer zero, as after some training."""
    prior = FlowPrior(8, 6, 4, width=16, layers=2, steps=3, **arguments)
    nn.init.normal_(prior.out.weight)
    for block in prior.blocks:
        nn.init.normal_(block.modulate.weight, std=0.1)
    return prior


def caption() -> Caption:
    return Caption(torch.randn(3, 6), torch.randn(3, 4, 6) * MASK.unsqueeze(-1), MASK)


def posterior() -> Gaussian:
    return Gaussian(torch.randn(3, 8), torch.randn(3, 8) - 1)


@pytest.mark.parametrize("conditioning", MODES)
def test_a_new_flow_stands_still(conditioning: str) -> None:
    prior, z = FlowPrior(8, 6, 4, conditioning, width=16), torch.randn(3, 8)
    assert not prior.velocity(z, torch.rand(3), caption()).any()
    assert torch.equal(prior.sample(caption(), z), z)


@pytest.mark.parametrize("solver", ["euler", "midpoint", "heun"])
def test_samples_solve_the_velocity_and_are_a_function_of_noise(solver: str) -> None:
    prior, said, noise = awake(solver=solver), caption(), torch.randn(3, 8)
    end = prior.sample(said, noise)
    assert torch.equal(prior.sample(said, noise), end)
    step = solve(lambda z, time: prior.velocity(z, torch.full((3,), time), said), noise, 3, solver)
    assert torch.equal(end, step)
    first = Caption(*(field[:1] for field in said[:3]))
    torch.testing.assert_close(prior.sample(first, noise[:1]), end[:1])
    assert not torch.allclose(prior.sample(said, noise + 1) - 1, end)


def test_corrected_samples_are_a_function_of_their_own_row_of_noise() -> None:
    prior, said, noise = awake(corrections=3), caption(), torch.randn(3, 8)
    end = prior.sample(said, noise)
    assert torch.equal(prior.sample(said, noise), end)
    alone = prior.sample(Caption(*(field[1:2] for field in said[:3])), noise[1:2])
    assert torch.allclose(alone, end[1:2], atol=1e-5)
    assert not torch.allclose(end, awake().sample(said, noise))


def test_corrections_stay_close_in_sixteen_bits() -> None:
    prior, said, noise = awake(corrections=3), caption(), torch.randn(3, 8)
    with torch.autocast("cpu", torch.bfloat16):
        half = prior.sample(said, noise)
    assert half.dtype == torch.float32
    assert (half - prior.sample(said, noise)).abs().max() < 0.3


def test_corrections_draw_standard_noise_that_repeats_nothing() -> None:
    turns = FlowPrior(40, 6, 4, width=16, corrections=5).turns
    assert torch.allclose(turns @ turns.transpose(1, 2), torch.eye(40).expand(5, -1, -1), atol=1e-5)
    assert torch.equal(turns, FlowPrior(40, 6, 4, width=16, corrections=5).turns)
    noise = torch.randn(4000, 40)
    seen = torch.stack([noise, *(noise @ turn for turn in turns)]).flatten(1)
    assert torch.allclose(torch.corrcoef(seen), torch.eye(6), atol=0.15)


def test_corrections_mend_what_a_coarse_solver_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact flow to -1 or +1 in each latent ends between the two after two Euler steps, and at them corrected."""

    def exact(self: FlowPrior, z: Tensor, time: Tensor, said: Caption, heard: Tensor | None = None) -> Tensor:
        rest = 1 - time[:, None]
        return ((z * time[:, None] / (rest**2 + 1e-4)).tanh() - z) / rest.clamp(min=1e-3)

    monkeypatch.setattr(FlowPrior, "velocity", exact)
    said = Caption(torch.randn(500, 6), torch.randn(500, 4, 6), torch.ones(500, 4, dtype=torch.bool))
    noise = torch.randn(500, 8)
    left, mended = (
        FlowPrior(8, 6, 4, width=16, steps=2, corrections=count).sample(said, noise).abs() for count in (0, 8)
    )
    assert (mended - 1).abs().mean() < 0.05 < (left - 1).abs().mean()


def test_time_and_caption_turn_the_flow() -> None:
    prior, z, said = awake(), torch.randn(3, 8), caption()
    now = prior.velocity(z, torch.full((3,), 0.5), said)
    assert not torch.allclose(prior.velocity(z, torch.full((3,), 0.6), said), now)
    for other in (said._replace(pooled=said.pooled.flip(0)), said._replace(states=said.states.flip(0))):
        assert not torch.allclose(prior.velocity(z, torch.full((3,), 0.5), other), now)


@pytest.mark.parametrize("messages", [0, 6])
def test_unnamed_things_stay_noise_and_steer_nothing(messages: int) -> None:
    prior, said, noise = awake(conditioning="things", messages=messages), caption(), torch.randn(3, 8)
    unnamed = ~MASK.repeat_interleave(2, dim=1)
    end = prior.sample(said, noise)
    assert torch.equal(end[unnamed], noise[unnamed])
    assert (end - noise)[~unnamed].abs().min() > 0
    assert torch.equal(prior.sample(said, torch.where(unnamed, 50.0, noise))[~unnamed], end[~unnamed])


def test_slots_with_messages_hear_of_each_other_alone() -> None:
    """With attention shut, a slot's velocity depends on others of its row exactly where there are messages."""
    said, z = caption()._replace(mask=torch.ones(3, 4, dtype=torch.bool)), torch.randn(3, 8)
    moved = z.clone()
    moved[0, 6:] += 0.5
    for messages, changed in ((0, False), (6, True)):
        prior = awake(conditioning="things", messages=messages)
        for block in prior.blocks:
            nn.init.zeros_(block.own.out.weight)
        before, after = (prior.velocity(state, torch.full((3,), 0.5), said) for state in (z, moved))
        assert torch.allclose(before[0, :6], after[0, :6]) is not changed
        assert torch.equal(before[1:], after[1:])


def test_unnamed_things_cost_nothing() -> None:
    """A flow that stands still pays |z - e|^2 = 2 a number of a standard posterior, for named things only."""
    prior, said = FlowPrior(8, 6, 4, "things", width=16, draws=4000), caption()
    loss = prior.loss(Gaussian(torch.zeros(3, 8), torch.zeros(3, 8)), said)
    torch.testing.assert_close(loss, 2.0 * 2 * MASK.sum(dim=1), rtol=0.05, atol=0)


@pytest.mark.parametrize("conditioning", MODES)
def test_guidance_of_one_and_of_zero(conditioning: str) -> None:
    prior, said, noise = awake(conditioning=conditioning, caption_dropout=0.1), caption(), torch.randn(3, 8)
    nobody = torch.zeros(3, dtype=torch.bool)
    told = prior.sample(said, noise)
    plain = awake(conditioning=conditioning)
    plain.load_state_dict(prior.state_dict())
    assert torch.equal(plain.sample(said, noise), told)
    prior.guidance_scale = 0.0
    withheld = solve(lambda z, time: prior.velocity(z, torch.full((3,), time), said, nobody), noise, 3)
    torch.testing.assert_close(prior.sample(said, noise), withheld)
    other = said._replace(pooled=said.pooled.flip(0), states=torch.randn(3, 4, 6))
    torch.testing.assert_close(prior.sample(other, noise), withheld)
    prior.guidance_scale = 1.0 + 1e-6
    torch.testing.assert_close(prior.sample(said, noise), told, rtol=1e-3, atol=1e-3)


def test_guidance_goes_on_in_the_captions_direction() -> None:
    prior, said, z = awake(caption_dropout=0.1, guidance_scale=3.0), caption(), torch.randn(3, 8)
    prior.steps = 1
    start, nobody = torch.zeros(3), torch.zeros(3, dtype=torch.bool)
    asked, anything = prior.velocity(z, start, said), prior.velocity(z, start, said, nobody)
    torch.testing.assert_close(prior.sample(said, z), z + anything + 3 * (asked - anything))


def test_whoever_hears_the_caption_is_not_changed_by_who_does_not() -> None:
    prior, said, z = awake(), caption(), torch.randn(3, 8)
    some = torch.tensor([True, False, True])
    mixed = prior.velocity(z, torch.full((3,), 0.5), said, some)
    assert torch.equal(mixed[some], prior.velocity(z, torch.full((3,), 0.5), said)[some])
    assert not torch.allclose(mixed[~some], prior.velocity(z, torch.full((3,), 0.5), said)[~some])


@pytest.mark.parametrize("conditioning", MODES)
def test_its_loss_trains_flow_and_caption_but_not_the_posterior(conditioning: str) -> None:
    prior, said = awake(conditioning=conditioning, caption_dropout=0.5), caption()
    said = said._replace(pooled=said.pooled.requires_grad_(), states=said.states.clone().requires_grad_())
    q = Gaussian(*(field.clone().requires_grad_() for field in posterior()))
    prior.loss(q, said).sum().backward()
    assert q.mean.grad is None
    assert q.log_sigma.grad is None
    assert said.pooled.grad.abs().sum() > 0
    assert said.states.grad.abs().sum() > 0
    used = {name for name, weight in prior.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {"unheard", "latent.weight", "pooled.weight", "time.0.weight", "out.weight", "read.states.weight"} <= used


def test_the_loss_is_an_average_over_draws_for_each_image() -> None:
    q, said = posterior(), caption()
    one, many = awake(draws=1), awake(draws=3)
    many.load_state_dict(one.state_dict())
    assert many.loss(q, said).shape == (3,)
    # A posterior without spread and a flow that stands still: E |z - e|^2 = |mean|^2 + Z.
    still = FlowPrior(8, 6, 4, width=16, draws=4000)
    sure = Gaussian(q.mean, torch.full((3, 8), -8.0))
    torch.testing.assert_close(still.loss(sure, said), q.mean.square().sum(dim=1) + 8, rtol=0.03, atol=0)
    torch.manual_seed(1)
    drawn = many.loss(q, said)
    torch.manual_seed(1)
    single = one.loss(Gaussian(*(field.repeat_interleave(3, dim=0) for field in q)), said.repeat(3))
    torch.testing.assert_close(drawn, single.view(3, 3).mean(dim=1))


@pytest.mark.parametrize(("corrections", "share"), [(0, 0.0), (9, 0.75)])
def test_it_learns_at_the_times_that_sampling_asks_for(
    corrections: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def still(self: FlowPrior, z: Tensor, time: Tensor, said: Caption, heard: Tensor | None = None) -> Tensor:
        asked.append(time)
        return torch.zeros_like(z)

    monkeypatch.setattr(FlowPrior, "velocity", still)
    awake(draws=4000, corrections=corrections).loss(posterior(), caption())
    correcting = asked[0] == CORRECTED_FROM
    assert correcting.float().mean().item() == pytest.approx(share, abs=0.02)
    rest = asked[0][~correcting].logit()
    assert abs(rest.mean()) < 0.05
    assert rest.std().item() == pytest.approx(1, abs=0.05)


def test_the_rate_is_that_of_its_base() -> None:
    q = posterior()
    assert torch.equal(awake().rate(q, caption()), StandardPrior(8).rate(q, caption()))


@pytest.mark.parametrize("conditioning", MODES)
def test_a_blueprint_rebuilds_it(conditioning: str) -> None:
    prior = awake(conditioning=conditioning, solver="heun", caption_dropout=0.1, guidance_scale=2.0)
    twin = build(blueprint(prior))
    twin.load_state_dict(prior.state_dict())
    said, noise = caption(), torch.randn(3, 8)
    assert torch.equal(twin.sample(said, noise), prior.sample(said, noise))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"solver": "rk4"}, "'rk4': expected one of euler, midpoint, heun"),
        ({"draws": 0}, "draws 0"),
        ({"steps": 0}, "steps 0"),
        ({"corrections": -1}, "corrections is -1"),
        ({"messages": -1}, "messages is -1"),
        ({"caption_dropout": 1.0}, "caption_dropout 1.0"),
        ({"guidance_scale": -1.0, "caption_dropout": 0.1}, "guidance_scale -1.0"),
        ({"guidance_scale": 2.0}, "guidance_scale 2.0 needs caption_dropout above 0"),
        ({"slots": 7}, "latent_dim 40 does not divide into 7 slots"),
        ({"conditioning": "film"}, "'film': expected one of cross_attention, things"),
        ({"width": 18}, "width 18 does not divide into 4 heads"),
    ],
)
def test_numbers_that_make_no_flow_are_named(arguments, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        FlowPrior(**arguments)


def one_bit(bits: Tensor) -> Caption:
    """A caption that says one of two words."""
    words = nn.functional.one_hot(bits, 2).float()
    return Caption(words, words[:, None], torch.ones(len(bits), 1, dtype=torch.bool))


def test_it_learns_two_modes_a_caption_and_obeys_the_caption() -> None:
    """The word says up or down; left or right is as likely as the other."""
    prior = FlowPrior(2, 2, 2, width=32, layers=1, draws=1, caption_dropout=0.2)
    optimizer = torch.optim.Adam(prior.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    for _ in range(200):
        bits, side = torch.randint(2, (256,)), torch.randint(2, (256,))
        mean = torch.stack([3.0 * side - 1.5, 2.0 * bits - 1], dim=1)
        optimizer.zero_grad()
        prior.loss(Gaussian(mean, torch.full_like(mean, -2)), one_bit(bits)).mean().backward()
        optimizer.step()
        schedule.step()
    bits = torch.arange(2).repeat_interleave(500)
    with torch.no_grad():
        z = prior.sample(one_bit(bits), torch.randn(1000, 2))
        prior.guidance_scale = 0.0
        anything = prior.sample(one_bit(bits), torch.randn(1000, 2))
    obeyed = z[:, 1].sign() == 2 * bits - 1
    assert obeyed.float().mean() > 0.98
    near = (z[:, 0].abs() - 1.5).square() + (z[:, 1].abs() - 1).square() < 0.25
    assert near.float().mean() > 0.9
    for half in z.chunk(2):
        assert 0.4 < (half[:, 0] > 0).float().mean() < 0.6
    assert 0.4 < (anything[:, 1] > 0).float().mean() < 0.6
