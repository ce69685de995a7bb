"""A sampler's settings refuse what cannot be sampled by, and are written with the prior that they belong to."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from support.encodings import random_encoding

from cvae_lightning.models import FlowPrior, LatentLayout, LearnedQueries, SamplerConfig, blueprint, build


def test_settings_out_of_range_are_named() -> None:
    for settings, named in [
        ({"solver": "rk4"}, "sampler.solver is 'rk4': expected one of euler, midpoint, heun"),
        ({"steps": 0}, "sampler.steps is 0: expected at least 1"),
        ({"restarts": -1}, "sampler.restarts is -1: expected 0 or more"),
        ({"restart_time": 0.0}, "sampler.restart_time is 0.0: expected a time between 0 and 1"),
        ({"restart_time": 1.0}, "sampler.restart_time is 1.0"),
        ({"guidance_scale": -1.0}, "sampler.guidance_scale is -1.0: expected a finite number of 0 or more"),
        ({"guidance_scale": float("nan")}, "sampler.guidance_scale is nan"),
        ({"guidance_scale": float("inf")}, "sampler.guidance_scale is inf"),
    ]:
        with pytest.raises(ValueError, match=named):
            SamplerConfig(**settings)


def test_settings_are_frozen_plain_data() -> None:
    settings = SamplerConfig(steps=3)
    with pytest.raises(FrozenInstanceError):
        settings.steps = 4
    plan = blueprint(settings)
    assert plan["part"] == "SamplerConfig"
    assert build(plan) == settings


def test_a_blueprint_holds_the_sampler_that_was_set_last() -> None:
    torch.manual_seed(0)
    prior = FlowPrior(LatentLayout(8, 4), LearnedQueries(4, 16, 6), caption_dim=6, layers=1)
    torch.nn.init.normal_(prior.out.weight)
    assert blueprint(prior)["sampler"]["steps"] == 24
    prior.set_sampler(SamplerConfig(steps=2, restarts=3))
    twin = build(blueprint(prior))
    assert twin.sampler == prior.sampler == SamplerConfig(steps=2, restarts=3)
    twin.load_state_dict(prior.state_dict())
    caption, noise = random_encoding(3, 4, 6), torch.randn(3, 8)
    assert torch.equal(twin.sample(caption, noise), prior.sample(caption, noise))


def test_a_sampler_that_the_prior_refuses_changes_nothing() -> None:
    prior = FlowPrior(LatentLayout(8, 4), LearnedQueries(4, 16, 6), caption_dim=6, layers=1)
    with pytest.raises(ValueError, match=r"sampler.guidance_scale 2.0 needs a prior .* caption_dropout above 0"):
        prior.set_sampler(SamplerConfig(guidance_scale=2.0))
    assert prior.sampler == SamplerConfig()
