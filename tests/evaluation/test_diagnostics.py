"""Each alarm rings for its cause, on real small parts, and is silent on a healthy model."""

import numpy as np
import pytest
import torch
from torchvision.transforms.functional import gaussian_blur

from cvae_lightning.data import Batch, ShapeSceneDataModule
from cvae_lightning.data.images import to_uint8
from cvae_lightning.evaluation.consistency_metric import CaptionConsistency
from cvae_lightning.evaluation.diagnostics import Alarm, BlurryReconstructions, IgnoredCaptions, PosteriorCollapse
from cvae_lightning.evaluation.probe import Probe, paired_noise, probe, share
from cvae_lightning.models import ConditionalVAE, Decoder, EncoderOutput
from cvae_lightning.training import BetaELBO
from cvae_lightning.world import detect, parse, render, sample_scene

SIZES = {"image_size": 32, "latent_dim": 8, "caption_dim": 8, "base_channels": 8, "stages": 3}


@pytest.fixture(scope="module")
def data() -> ShapeSceneDataModule:
    module = ShapeSceneDataModule(size=400, val_fraction=0.5, canvas_size=32, batch_size=32, num_workers=0)
    module.setup()
    return module


@pytest.fixture(scope="module")
def scenes(data) -> Batch:
    return data.first("val", 64)


@pytest.fixture(scope="module")
def healthy() -> Probe:
    """What a model that is right would give: reconstructions a little soft, samples other scenes of the captions."""
    module = ShapeSceneDataModule(size=400, val_fraction=0.5, canvas_size=64)
    module.setup()
    scenes = module.first("val", 64)
    meanings = [parse(caption) for caption in scenes.captions]
    drawn = [sample_scene(meaning, np.random.default_rng(k)) for k, meaning in enumerate(meanings)]
    samples = torch.from_numpy(render(drawn, 64)).permute(0, 3, 1, 2).float() / 255
    return Probe(
        images=scenes.images,
        reconstructions=gaussian_blur(scenes.images, [5, 5], [0.5, 0.5]),
        samples=samples,
        means=torch.randn(64, 8, generator=torch.Generator().manual_seed(0)),
        other_means=torch.randn(64, 8, generator=torch.Generator().manual_seed(1)),
        rate=torch.full((64,), 40.0),
        meanings=meanings,
        things=detect(to_uint8(samples)),
    )


def complaint_of(alarm: Alarm, *probes: Probe) -> str | None:
    alarm.reset()
    for part in probes:
        alarm.update(part)
    return alarm.message({name: float(value) for name, value in alarm.compute().items()})


def trained(data: ShapeSceneDataModule, beta: float) -> ConditionalVAE:
    torch.manual_seed(0)
    model = ConditionalVAE(len(data.tokenizer), **SIZES)
    objective, optimizer = BetaELBO(beta), torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=80)
    images, tokens, *_ = data.first("train", 192)
    for step in range(80):
        part = slice(step % 6 * 32, step % 6 * 32 + 32)
        optimizer.zero_grad()
        objective(model(images[part], tokens[part]), images[part], 0.0).loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@pytest.mark.parametrize("alarm", [PosteriorCollapse(8), BlurryReconstructions(), IgnoredCaptions()])
def test_an_alarm_is_silent_on_a_healthy_model(alarm: Alarm, healthy: Probe) -> None:
    assert complaint_of(alarm, healthy) is None


@pytest.mark.slow
def test_a_huge_beta_collapses_the_posterior_and_a_small_one_does_not(data, scenes) -> None:
    collapsed, used = (probe(trained(data, beta), scenes, torch.zeros(64, 8)) for beta in (1e5, 0.1))
    complaint = complaint_of(PosteriorCollapse(8), collapsed)
    assert complaint is not None
    assert "0 active units" in complaint
    assert "objective.beta" in complaint
    assert "objective/schedule=linear" in complaint
    assert complaint_of(PosteriorCollapse(8), used) is None


def test_active_units_are_those_whose_means_vary_by_more_than_a_hundredth_at_a_fixed_caption(healthy: Probe) -> None:
    spread = torch.tensor([1.0, 0.5, 0.2, 0.11, 0.09, 0.01, 0.0, 0.0])
    difference = healthy.means - healthy.other_means
    unit = difference / difference.square().mean(dim=0).sqrt() * 2**0.5
    wide = healthy.means * 10  # captions differ by much more than the scenes of one
    two = healthy._replace(means=wide, other_means=wide - unit * spread)
    alarm = PosteriorCollapse(8)
    for part in (slice(0, 20), slice(20, 64)):
        alarm.update(two._replace(means=two.means[part], other_means=two.other_means[part], rate=two.rate[part]))
    assert float(alarm.compute()["active_units"]) == 4
    assert float(alarm.compute()["probed_rate"]) == 40
    assert complaint_of(alarm, two._replace(rate=torch.full((64,), 1.0))) is not None


def test_means_that_only_repeat_their_captions_are_a_collapse(healthy: Probe) -> None:
    """One blank image for every caption: means and rates are large, but say nothing of the image."""
    blank = healthy._replace(other_means=healthy.means)
    complaint = complaint_of(PosteriorCollapse(8), blank)
    assert complaint is not None
    assert "0 active units" in complaint


class Recording(torch.nn.Module):
    """An encoder that keeps the images that it is given."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner, self.images = inner, []

    def forward(self, images: torch.Tensor, caption: object) -> EncoderOutput:
        self.images.append(images)
        return self.inner(images, caption)


def test_the_other_scene_is_another_one_of_the_same_caption() -> None:
    module = ShapeSceneDataModule(size=400, val_fraction=0.5, canvas_size=64, num_workers=0)
    module.setup()
    batch = module.first("val", 64)
    model = ConditionalVAE(len(module.tokenizer), **SIZES | {"image_size": 64}).eval()
    model.encoder = Recording(model.encoder)
    probe(model, batch, paired_noise(0, range(64), 8))
    first, other = model.encoder.images
    assert torch.equal(first, batch.images)
    assert bool((first != other).flatten(1).any(dim=1).all())
    metric = CaptionConsistency()
    metric.update(other, batch.captions)
    assert float(metric.compute()["all"]) == 1


def test_blur_is_found_from_one_pixel_on_and_is_the_same_at_any_size(healthy: Probe) -> None:
    def sharpness(scale: int, sigma: float) -> float:
        images = healthy.images.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
        blurred = gaussian_blur(images, [8 * scale + 1] * 2, [sigma * scale] * 2)
        alarm = BlurryReconstructions()
        alarm.update(healthy._replace(images=images, reconstructions=blurred))
        return float(alarm.compute()["sharpness"])

    assert sharpness(1, 0.5) == pytest.approx(0.66, abs=0.01)
    assert sharpness(1, 2.0) == pytest.approx(0.14, abs=0.01)
    assert sharpness(2, 2.0) == pytest.approx(sharpness(1, 2.0), abs=0.01)
    blurred = healthy._replace(reconstructions=gaussian_blur(healthy.images, [9, 9], [1.5, 1.5]))
    complaint = complaint_of(BlurryReconstructions(), blurred)
    assert complaint is not None
    assert "objective.beta" in complaint
    assert "likelihood=laplace" in complaint


class ConstantDecoder(Decoder):
    """The same picture whatever the latent and the caption."""

    def forward(self, z: torch.Tensor, caption: object) -> torch.Tensor:
        return torch.full((len(z), 3, 32, 32), 0.7)


def test_a_constant_decoder_ignores_captions_and_has_no_edges(data, scenes) -> None:
    model = ConditionalVAE(len(data.tokenizer), **SIZES, decoder=ConstantDecoder()).eval()
    probed = probe(model, scenes, paired_noise(0, range(64), 8))
    complaint = complaint_of(IgnoredCaptions(), probed)
    assert complaint is not None
    assert "same noise differ by 0%" in complaint
    assert "data.size" in complaint
    assert "model.caption_dim" in complaint
    assert complaint_of(BlurryReconstructions(), probed) is not None


def test_good_scenes_of_other_captions_ring_the_alarm(healthy: Probe) -> None:
    other = torch.arange(64).roll(7)
    probed = healthy._replace(samples=healthy.samples[other], things=[healthy.things[k] for k in other])
    complaint = complaint_of(IgnoredCaptions(), probed)
    assert complaint is not None
    assert "other scenes' captions" in complaint


@pytest.mark.parametrize(("gain", "error", "rings"), [(0.03, 0.02, True), (0.05, 0.02, False), (-0.01, 0.0, True)])
def test_a_gain_within_two_standard_errors_is_none(gain: float, error: float, rings: bool) -> None:
    values = {"caption_effect": 1.0, "caption_gain": gain, "caption_gain_error": error}
    assert (IgnoredCaptions().message(values) is not None) is rings


def test_samples_without_objects_are_not_reported_as_ignoring_the_caption(healthy: Probe) -> None:
    assert complaint_of(IgnoredCaptions(), healthy._replace(things=[()] * 64)) is None


def test_a_probes_parts_give_what_the_whole_gives(data, scenes) -> None:
    model = ConditionalVAE(len(data.tokenizer), **SIZES).eval()
    numbers = [share(64, rank, 3) for rank in range(3)]
    assert sorted(number for some in numbers for number in some) == list(range(64))
    assert all(k ^ 1 in part for part in numbers for k in part)
    parts = [probe(model, data.take("val", some), paired_noise(0, some, 8)) for some in numbers]
    whole = probe(model, scenes, paired_noise(0, range(64), 8))
    for alarm in (PosteriorCollapse(8), BlurryReconstructions(), IgnoredCaptions()):
        alarm.update(whole)
        expected = alarm.compute()
        alarm.reset()
        for part in parts:
            alarm.update(part)
        for name, value in alarm.compute().items():
            torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-6)


def test_a_probe_is_what_the_model_reconstructs_and_paints_and_draws_nothing(data, scenes) -> None:
    model = ConditionalVAE(len(data.tokenizer), **SIZES).eval()
    noise = paired_noise(0, range(64), 8)
    state = torch.get_rng_state()
    probed = probe(model, scenes, noise)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        torch.testing.assert_close(probed.reconstructions, model.reconstruct(scenes.images, scenes.tokens))
        torch.testing.assert_close(probed.samples, model.generate(scenes.tokens, noise=noise))
        torch.testing.assert_close(probed.rate, model(scenes.images, scenes.tokens).rate.sum(dim=1))


def test_pairs_share_their_noise() -> None:
    noise = paired_noise(3, [0, 1, 2, 3], 5)
    assert torch.equal(noise[0], noise[1])
    assert not torch.equal(noise[1], noise[2])
    assert torch.equal(paired_noise(3, [2], 5)[0], noise[3])


def test_a_single_scene_is_too_few_to_tell(healthy: Probe) -> None:
    single = Probe(*(field[:1] for field in healthy[:-1]))
    for alarm in (PosteriorCollapse(8), IgnoredCaptions()):
        alarm.reset()
        alarm.update(single)
        assert alarm.compute() == {}
