"""Residual and slot bodies: what they start as, what the caption does, what they refuse, and that they learn pixels."""

from typing import Any

import pytest
import torch
from support.encodings import random_encoding, rows, slot_arguments, with_pooled, with_values

from cvae_lightning import CaptionTokenizer, ShapeSceneDataset
from cvae_lightning.data import lexicon
from cvae_lightning.models import (
    AttributesTextEncoder,
    CaptionEncoding,
    CompositingDecoder,
    ConditionalVAE,
    Decoder,
    Encoder,
    ResidualDecoder,
    ResidualEncoder,
    SlotDecoder,
    SlotEncoder,
)
from cvae_lightning.models.nn.residual_block import CONDITIONINGS

BODY = {"image_size": 16, "widths": (16, 24), "blocks": (1, 1)}
KINDS = (*CONDITIONINGS, "learned", "objects")
"""How the caption is read: two kinds of a residual body, two of slots."""


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption() -> CaptionEncoding:
    return random_encoding(2, 3, 8)


def arguments(kind: str) -> dict[str, Any]:
    if kind in CONDITIONINGS:
        return BODY | {"latent_dim": 12, "caption_dim": 8, "conditioning": kind}
    return BODY | slot_arguments(12, 3, 8, kind)


def encoder(kind: str, **changed: Any) -> Encoder:
    return (ResidualEncoder if kind in CONDITIONINGS else SlotEncoder)(**(arguments(kind) | changed))


def decoder(kind: str, **changed: Any) -> ResidualDecoder | SlotDecoder:
    return (ResidualDecoder if kind in CONDITIONINGS else SlotDecoder)(**(arguments(kind) | changed))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_posterior_is_narrow(kind: str) -> None:
    log_sigma = encoder(kind)(torch.rand(2, 3, 16, 16), caption()).posterior.log_sigma
    assert float(log_sigma.detach().mean()) == pytest.approx(-3.0, abs=0.5)
    assert log_sigma.max() < -1


@pytest.mark.parametrize("kind", KINDS)
def test_the_decoder_is_bounded_only_where_it_is_used(kind: str) -> None:
    part, z, given = decoder(kind), 50 * torch.randn(2, 12), caption()
    torch.nn.init.normal_(part.body.exit.weight)
    raw = part.train()(z, given)
    assert raw.min() < 0 < 1 < raw.max()
    assert torch.equal(part.eval()(z, given), part.train()(z, given).clamp(0, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_both_depend_on_the_caption(kind: str) -> None:
    encode, decode = encoder(kind), decoder(kind)
    images, z, given = torch.rand(2, 3, 16, 16), torch.randn(2, 12), caption()
    other = with_values(with_pooled(given, given.pooled.flip(0)), given.tokens.values.flip(0))
    assert not torch.allclose(encode(images, given).posterior.mean, encode(images, other).posterior.mean)
    assert not torch.allclose(decode(z, given), decode(z, other))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_does_not_depend_on_its_batch_or_its_memory(kind: str) -> None:
    encode, decode = encoder(kind), decoder(kind)
    images, given = torch.rand(2, 3, 16, 16), caption()
    first, mean = rows(given, slice(0, 1)), encode(images, given).posterior.mean
    torch.testing.assert_close(encode(images[:1], first).posterior.mean, mean[:1])
    torch.testing.assert_close(decode(mean[:1], first), decode(mean, given)[:1])
    channels_last = images.contiguous(memory_format=torch.channels_last)
    found = encode.to(memory_format=torch.channels_last)(channels_last, given)
    torch.testing.assert_close(found.posterior.mean, mean)


def test_sizes_that_do_not_fit_are_named() -> None:
    for sizes, named in [
        ({"image_size": 18}, "image_size 18 does not divide into patches of 4"),
        ({"image_size": 20}, "image_size 20 in patches of 4 does not halve 1 times"),
        ({"widths": (16,), "blocks": (1, 1)}, r"widths \[16\] and blocks \[1, 1\]"),
        ({"widths": (), "blocks": ()}, r"widths \[\] and blocks \[\]"),
        ({"widths": (16, 20)}, "20 channels do not divide into 8 groups"),
        ({"patch": 0}, "patches of 0 pixels"),
    ]:
        for make in [encoder, decoder]:
            for kind in KINDS:
                with pytest.raises(ValueError, match=named):
                    make(kind, **sizes)


@pytest.mark.parametrize("make", [encoder, decoder])
def test_an_unknown_conditioning_is_named(make: Any) -> None:
    with pytest.raises(ValueError, match="'flim': expected one of concat, film"):
        make("concat", conditioning="flim")


def test_the_auxiliary_loss_is_weighed() -> None:
    images, given, losses = torch.rand(2, 3, 16, 16), caption(), []
    for weight in (0.0, 1.0, 2.0):
        torch.manual_seed(0)
        part = encoder("objects", auxiliary_loss_weight=weight)
        part.load_state_dict(losses[0][1] if losses else part.state_dict())
        losses.append((part.auxiliary_loss(images, part(images, given)), part.state_dict()))
    torch.testing.assert_close(losses[2][0], 2 * losses[1][0])
    assert not losses[0][0].any()
    assert losses[1][0].all()
    with pytest.raises(ValueError, match=r"encoder.auxiliary_loss_weight is -1: expected a finite number of 0 or more"):
        encoder("objects", auxiliary_loss_weight=-1)


def test_encoders_without_slots_have_no_auxiliary_loss() -> None:
    images, part = torch.rand(2, 3, 16, 16), encoder("concat")
    assert torch.equal(part.auxiliary_loss(images, part(images, caption())), torch.zeros(2))


def test_wrong_images_are_named() -> None:
    for kind in KINDS:
        with pytest.raises(ValueError, match=r"\(2, 3, 32, 32\).*16"):
            encoder(kind)(torch.rand(2, 3, 32, 32), caption())


def test_an_encoder_that_could_not_read_the_caption_is_named() -> None:
    with pytest.raises(ValueError, match=r"caption_dim is 0: .* at least 1"):
        encoder("concat", caption_dim=0)


def autoencoder(tokenizer: CaptionTokenizer, kind: str) -> ConditionalVAE:
    text = AttributesTextEncoder(len(tokenizer), 32, lexicon(tokenizer.vocabulary))
    wide: dict[str, Any] = {"image_size": 32, "widths": (32,), "blocks": (1,)}
    encode: Encoder
    decode: Decoder
    if kind == "concat":
        sizes = {"latent_dim": 40, "caption_dim": 32, "patch": 4, "conditioning": kind}
        encode, decode = ResidualEncoder(**wide, **sizes), ResidualDecoder(**wide, **sizes)
    else:
        encode = SlotEncoder(**wide, patch=2, **slot_arguments(40, 10, 32, kind, width=128))
        painted = slot_arguments(40, 10, 32, kind, width=128)
        decode = CompositingDecoder(image_size=32, patch=2, hidden=64, **painted)
    return ConditionalVAE(len(tokenizer), 32, 40, 32, text_encoder=text, encoder=encode, decoder=decode)


def learn(model: ConditionalVAE, optimizer: torch.optim.Optimizer, images: torch.Tensor, tokens: torch.Tensor) -> None:
    optimizer.zero_grad()
    output = model(images, tokens)
    (output.distortion + output.rate.sum(dim=1) + output.auxiliary_loss).mean().backward()
    optimizer.step()


def blank(images: torch.Tensor) -> torch.Tensor:
    """The error of the mean colour."""
    return (images - images.mean(dim=(0, 2, 3), keepdim=True)).square().mean()


@pytest.mark.slow
def test_an_autoencoder_learns_eight_scenes_by_heart() -> None:
    scenes = [ShapeSceneDataset(size=8, canvas_size=32)[i] for i in range(8)]
    tokenizer = CaptionTokenizer().fit(scene.caption for scene in scenes)
    model = autoencoder(tokenizer, "concat")
    images, tokens = torch.stack([s.image for s in scenes]) / 255, tokenizer.encode_batch([s.caption for s in scenes])
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(90):
        learn(model, optimizer, images, tokens)
    assert (model.eval().reconstruct(images, tokens) - images).square().mean() < 0.15 * blank(images)


@pytest.mark.slow
def test_slots_and_layers_find_the_objects_of_new_scenes() -> None:
    """Eight scenes teach slots nothing; three thousand, once each, teach them where most objects are."""
    scenes = ShapeSceneDataset(size=3072, canvas_size=32)
    tokenizer = CaptionTokenizer().fit(scenes.captions(500))
    model = autoencoder(tokenizer, "objects")
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for start in range(0, 3072, 32):
        batch = scenes.__getitems__(range(start, start + 32))
        images = torch.stack([s.image for s in batch]) / 255
        tokens = tokenizer.encode_batch([s.caption for s in batch])
        if start == 3040:  # the last batch is not learned from
            assert (model.eval().reconstruct(images, tokens) - images).square().mean() < 0.5 * blank(images)
        else:
            learn(model, optimizer, images, tokens)
