"""A sampler of one step learns the spread that the flow's many steps have; a run of it resumes and loads."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support import TINY
from support.encodings import QUERIES, random_encoding

from cvae_lightning import load
from cvae_lightning.models import CaptionEncoding, FlowPrior, Gaussian, LatentLayout, SamplerConfig, StandardPrior
from cvae_lightning.training import DistributionMatching

FLOW = ["prior=flow", "model.num_slots=4", "model.slot_width=16", "prior.layers=1"]
MATCHING = ["distillation=few_steps", "initial_weights=trained", "trainer.limit_train_batches=6"]
MATCHING += ["trainer.max_epochs=2", "trainer.log_every_n_steps=1"]
TARGET = Gaussian(torch.tensor([[1.0, -1.0, 0.5, 0.0]]), torch.tensor([[-1.0, -0.5, -1.5, -1.0]]))


def flow(kind: str = "learned", **sampler: float) -> FlowPrior:
    layout = LatentLayout(4, 2)
    return FlowPrior(layout, QUERIES[kind](2, 16, 6), caption_dim=6, layers=1, sampler=SamplerConfig(**sampler))


def caption(rows: int = 1) -> CaptionEncoding:
    return random_encoding(rows, 2, 6)


def trained(prior: FlowPrior, given: CaptionEncoding) -> FlowPrior:
    """A flow that knows one Gaussian, whatever the caption."""
    optimizer = torch.optim.Adam(prior.parameters(), 1e-2)
    for _ in range(400):
        posterior = Gaussian(*(field.expand(64, -1) for field in TARGET))
        loss = prior.auxiliary_loss(posterior, given.repeat(64)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return prior


def spread(prior: FlowPrior, given: CaptionEncoding) -> torch.Tensor:
    with torch.no_grad():
        return prior.sample(given.repeat(2000), torch.randn(2000, 4)).std(dim=0) / TARGET.log_sigma[0].exp()


def test_one_step_gets_the_spread_of_the_flow() -> None:
    torch.manual_seed(0)
    given = caption()
    prior = trained(flow(steps=20), given)
    many = spread(prior, given)
    assert (many - 1).abs().max() < 0.15
    prior.set_sampler(SamplerConfig(steps=1))
    assert (spread(prior, given) - 1).abs().max() > 0.5  # one step of the flow itself gives about the mean
    matching = DistributionMatching(prior, draws=64, uniform_share=1.0, denoising_weight=0.0)
    optimizer = torch.optim.Adam([*prior.parameters(), *matching.sampled_flow.parameters()], 3e-3, (0.5, 0.99))
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=400)
    for _ in range(400):
        optimizer.zero_grad()
        matching(prior, given).loss.backward()
        optimizer.step()
        falling.step()
    assert (spread(prior, given) - 1).abs().max() < 0.25
    with torch.no_grad():
        samples = prior.sample(given.repeat(2000), torch.randn(2000, 4))
    assert torch.allclose(samples.mean(dim=0), TARGET.mean[0], atol=0.15)


def test_nothing_moves_where_the_samples_flow_is_the_flow() -> None:
    torch.manual_seed(0)
    prior = flow("objects", steps=1, restarts=3)
    torch.nn.init.normal_(prior.out.weight)
    matching = DistributionMatching(prior, draws=2, denoising_weight=0.0)
    terms = matching(prior, caption(3))
    assert terms.sampler.item() == terms.difference.item() == 0.0
    (gradient,) = torch.autograd.grad(terms.sampler, prior.out.weight)
    assert gradient.abs().max() == 0


def test_samples_move_where_the_flow_has_more() -> None:
    torch.manual_seed(0)
    prior = flow(steps=1)
    matching = DistributionMatching(prior, draws=16)
    with torch.no_grad():
        matching.flow.out.bias += 1.0  # its samples are larger, in both numbers of a slot
    terms = matching(prior, caption(2))
    (gradient,) = torch.autograd.grad(terms.sampler, prior.out.bias)
    assert (gradient < 0).all()  # of what a step of the optimizer subtracts
    assert not any(weight.requires_grad for weight in matching.flow.parameters())


def test_guidance_becomes_part_of_the_sampler() -> None:
    layout = LatentLayout(4, 2)
    prior = FlowPrior(layout, QUERIES["learned"](2, 16, 6), caption_dim=6, layers=1, caption_dropout=0.1)
    matching = DistributionMatching(prior, guidance_scale=2.0)
    assert (prior.sampler.guidance_scale, matching.flow.sampler.guidance_scale) == (1.0, 2.0)
    prior.set_sampler(replace(prior.sampler, guidance_scale=3.0))
    assert DistributionMatching(prior).sampled_flow.sampler.guidance_scale == 1.0


@pytest.mark.parametrize(
    "wrong", [{"draws": 0}, {"uniform_share": 1.5}, {"denoising_weight": -1.0}, {"guidance_scale": 2.0}]
)
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DistributionMatching(flow(), **wrong)


def test_a_prior_without_a_flow_is_refused() -> None:
    with pytest.raises(ValueError, match="StandardPrior, which has no flow"):
        DistributionMatching(StandardPrior(4))


@pytest.mark.e2e
def test_a_trained_run_gets_a_new_sampler_and_nothing_else(command, tmp_path: Path) -> None:
    done = command("train", *TINY, *FLOW, "hydra.run.dir=trained", "trainer.max_epochs=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert command("train", *TINY, *FLOW, *MATCHING, "hydra.run.dir=whole", cwd=tmp_path).returncode == 0
    stop = ["+callbacks.bomb._target_=support.StopAt", "+callbacks.bomb.step=8"]
    assert command("train", *TINY, *FLOW, *MATCHING, *stop, "hydra.run.dir=run", cwd=tmp_path).returncode == 130
    (tmp_path / "trained").rename(tmp_path / "moved")  # a resumed run has its weights from its checkpoint
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("metrics.csv", "generated_samples.png"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    first, second, before = (load(tmp_path / run).model for run in ("run", "whole", "moved"))
    weights = first.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in second.state_dict().items())
    changed = {name for name, value in before.state_dict().items() if not torch.equal(value, weights[name])}
    assert changed
    assert all(name.startswith("prior.") for name in changed)
    assert first.prior.sampler == replace(before.prior.sampler, steps=1, restarts=3)


@pytest.mark.e2e
def test_initial_weights_are_those_of_the_same_model(command, tmp_path: Path) -> None:
    short = ["trainer.max_epochs=1", "trainer.limit_train_batches=1", "callbacks.judge_samples=null"]
    assert command("train", *TINY, *short, "hydra.run.dir=trained", cwd=tmp_path).returncode == 0
    again = [*TINY, *short, "initial_weights=trained", "optimizer.lr=1e-30", "seed=5", "hydra.run.dir=again"]
    assert command("train", *again, cwd=tmp_path).returncode == 0
    first, second = (load(tmp_path / run).model.state_dict() for run in ("trained", "again"))
    learned = [name for name in first if "running" not in name and "num_batches" not in name]
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in learned)
    refused = {
        ("initial_weights=nowhere",): "initial_weights=nowhere: no such file or folder",
        ("initial_weights=trained", "model.base_channels=16"): "its base_channels is 8, and the config's is 16",
        ("initial_weights=trained", "likelihood=laplace"): "its likelihood is GaussianLikelihood, and the config's is",
        ("initial_weights=trained", "world=german"): "it reads other words than the training captions have",
        ("initial_weights=damaged",): "initial_weights=damaged: damaged cannot be read",
        (
            "distillation=few_steps",
            "prior=flow",
        ): "needs a trained flow to match: initial_weights=RUN",
    }
    refused |= {
        ("resume=trained", f"initial_weights={tmp_path}"): "resume=trained continues with the run's own weights"
    }
    (tmp_path / "damaged").write_bytes(b"PK\x03\x04 not a checkpoint")
    for arguments, message in refused.items():
        done = command("train", *TINY, *arguments, "hydra.run.dir=refused", cwd=tmp_path)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
        assert not (tmp_path / "refused").exists()
