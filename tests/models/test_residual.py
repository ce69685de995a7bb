"""Residual bodies: what they start as, what the caption does, what they refuse, and that they learn real pixels."""

import pytest
import torch

from cvae_lightning import CaptionTokenizer, ShapeSceneDataset
from cvae_lightning.data import lexicon
from cvae_lightning.models import (
    AttributesTextEncoder,
    Caption,
    CompositingDecoder,
    ConditionalVAE,
    ResidualDecoder,
    ResidualEncoder,
    blueprint,
    build,
)
from cvae_lightning.models.gaussian import FIRST_LOG_SIGMA
from cvae_lightning.models.nn.residual_block import CONDITIONINGS

SHAPE = {"image_size": 16, "latent_dim": 12, "caption_dim": 8, "widths": (16, 24), "blocks": (1, 1), "slots": 3}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption() -> Caption:
    return Caption(torch.randn(2, 8), torch.randn(2, 3, 8), torch.ones(2, 3, dtype=torch.bool))


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_a_new_posterior_is_narrow(conditioning: str) -> None:
    encoded = ResidualEncoder(**SHAPE, conditioning=conditioning)(torch.rand(2, 3, 16, 16), caption())
    log_sigma = encoded.posterior.log_sigma
    assert float(log_sigma.detach().mean()) == pytest.approx(FIRST_LOG_SIGMA, abs=0.5)
    assert log_sigma.max() < -1


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_the_decoder_is_bounded_only_where_it_is_used(conditioning: str) -> None:
    decoder, z = ResidualDecoder(**SHAPE, conditioning=conditioning), 50 * torch.randn(2, 12)
    torch.nn.init.normal_(decoder.exit.weight)
    raw = decoder.train()(z, caption())
    assert raw.min() < 0 < 1 < raw.max()
    said = caption()
    assert torch.equal(decoder.eval()(z, said), decoder.train()(z, said).clamp(0, 1))


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_the_caption_is_heard_by_both(conditioning: str) -> None:
    encoder, decoder = (
        ResidualEncoder(**SHAPE, conditioning=conditioning),
        ResidualDecoder(**SHAPE, conditioning=conditioning),
    )
    images, z, said = torch.rand(2, 3, 16, 16), torch.randn(2, 12), caption()
    other = said._replace(pooled=said.pooled.flip(0), states=said.states.flip(0))
    assert not torch.allclose(encoder(images, said).posterior.mean, encoder(images, other).posterior.mean)
    assert not torch.allclose(decoder(z, said), decoder(z, other))


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_an_image_does_not_depend_on_its_batch_or_its_memory(conditioning: str) -> None:
    encoder, decoder = (
        ResidualEncoder(**SHAPE, conditioning=conditioning),
        ResidualDecoder(**SHAPE, conditioning=conditioning),
    )
    images, said = torch.rand(2, 3, 16, 16), caption()
    first = Caption(*(field[:1] for field in said[:3]))
    mean = encoder(images, said).posterior.mean
    torch.testing.assert_close(encoder(images[:1], first).posterior.mean, mean[:1])
    torch.testing.assert_close(decoder(mean[:1], first), decoder(mean, said)[:1])
    told = encoder.to(memory_format=torch.channels_last)(images.contiguous(memory_format=torch.channels_last), said)
    torch.testing.assert_close(told.posterior.mean, mean)


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_a_blueprint_rebuilds_them(conditioning: str) -> None:
    images, said = torch.rand(2, 3, 16, 16), caption()
    for kind, given in ((ResidualEncoder, images), (ResidualDecoder, torch.randn(2, 12))):
        one = kind(**SHAPE, conditioning=conditioning)
        twin = build(blueprint(one))
        twin.load_state_dict(one.state_dict())
        expected, found = one(given, said), twin(given, said)
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"image_size": 18}, "image_size 18 does not divide into patches of 4"),
        ({"image_size": 20}, "image_size 20 in patches of 4 does not halve 1 times"),
        ({"widths": (16,), "blocks": (1, 1)}, r"widths \[16\] and blocks \[1, 1\]"),
        ({"widths": (), "blocks": ()}, r"widths \[\] and blocks \[\]"),
        ({"widths": (16, 20)}, "20 channels do not divide into 8 groups"),
        ({"patch": 0}, "patches of 0 pixels"),
        ({"conditioning": "flim"}, "'flim': expected one of concat, film"),
    ],
)
@pytest.mark.parametrize("kind", [ResidualEncoder, ResidualDecoder])
def test_sizes_that_do_not_fit_are_named(kind, sizes, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        kind(**(SHAPE | sizes))


def test_the_sketch_is_weighed() -> None:
    images, said = torch.rand(2, 3, 16, 16), caption()
    lessons = []
    for weight in (0.0, 1.0, 2.0):
        torch.manual_seed(0)
        lessons.append(ResidualEncoder(**SHAPE, conditioning="things", sketch=weight)(images, said).loss)
    torch.testing.assert_close(lessons[2], 2 * lessons[1])
    assert not lessons[0].any()
    assert lessons[1].all()
    with pytest.raises(ValueError, match=r"encoder.sketch is -1: expected a finite number of 0 or more"):
        ResidualEncoder(**SHAPE, sketch=-1)


def test_wrong_images_and_a_deaf_encoder_are_named() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3, 32, 32\).*16"):
        ResidualEncoder(**SHAPE)(torch.rand(2, 3, 32, 32), caption())
    with pytest.raises(ValueError, match=r"caption_dim is 0: .* at least 1"):
        ResidualEncoder(**(SHAPE | {"caption_dim": 0}))


def autoencoder(tokenizer: CaptionTokenizer, conditioning: str) -> ConditionalVAE:
    body = {"image_size": 32, "latent_dim": 40, "caption_dim": 32, "conditioning": conditioning}
    body["patch"] = 4 if conditioning == "concat" else 2
    wide = {"widths": (32,), "blocks": (1,)}
    text = AttributesTextEncoder(len(tokenizer), 32, lexicon(tokenizer.vocabulary))
    decoder = ResidualDecoder(**body, **wide) if conditioning == "concat" else CompositingDecoder(**body, hidden=64)
    encoder = ResidualEncoder(**body, **wide)
    return ConditionalVAE(len(tokenizer), 32, 40, 32, text_encoder=text, encoder=encoder, decoder=decoder)


def learn(model: ConditionalVAE, optimizer: torch.optim.Optimizer, images: torch.Tensor, tokens: torch.Tensor) -> None:
    optimizer.zero_grad()
    seen = model(images, tokens)
    (seen.distortion + seen.rate.sum(dim=1) + seen.encoder_loss).mean().backward()
    optimizer.step()


def blank(images: torch.Tensor) -> torch.Tensor:
    """The error of the mean colour."""
    return (images - images.mean(dim=(0, 2, 3), keepdim=True)).square().mean()


def test_an_autoencoder_learns_eight_scenes_by_heart() -> None:
    scenes = [ShapeSceneDataset(size=8, canvas_size=32)[i] for i in range(8)]
    tokenizer = CaptionTokenizer().fit(scene.caption for scene in scenes)
    model = autoencoder(tokenizer, "concat")
    images, tokens = torch.stack([s.image for s in scenes]) / 255, tokenizer.encode_batch([s.caption for s in scenes])
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(90):
        learn(model, optimizer, images, tokens)
    assert (model.eval().reconstruct(images, tokens) - images).square().mean() < 0.15 * blank(images)


def test_slots_and_layers_find_the_things_of_scenes_never_seen() -> None:
    """Eight scenes teach slots nothing; three thousand, seen once, teach them where most things are."""
    scenes = ShapeSceneDataset(size=3072, canvas_size=32)
    tokenizer = CaptionTokenizer().fit(scenes.captions(500))
    model = autoencoder(tokenizer, "things")
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for start in range(0, 3072, 32):
        some = scenes.__getitems__(range(start, start + 32))
        images = torch.stack([s.image for s in some]) / 255
        tokens = tokenizer.encode_batch([s.caption for s in some])
        if start == 3040:  # the last batch is not learned from
            assert (model.eval().reconstruct(images, tokens) - images).square().mean() < 0.5 * blank(images)
        else:
            learn(model, optimizer, images, tokens)
