"""The guide's sizes, invariances of the model, sizes that do not fit, and blueprints."""

import json
from dataclasses import asdict
from typing import Any

import pytest
import torch
from support.encodings import slot_arguments

from cvae_lightning.models import (
    AttributesTextEncoder,
    BottleneckTextEncoder,
    ConditionalPrior,
    ConditionalVAE,
    ConvDecoder,
    ConvEncoder,
    FlowPrior,
    LaplaceLikelihood,
    LatentLayout,
    LSTMTextEncoder,
    ObjectQueries,
    ResidualDecoder,
    SlotAssignment,
    SlotDecoder,
    SlotEncoder,
    StandardPrior,
    TransformerTextEncoder,
    blueprint,
    build,
    part,
)
from cvae_lightning.models.serialization import PARTS


@pytest.fixture
def model() -> ConditionalVAE:
    torch.manual_seed(0)
    return ConditionalVAE(20, image_size=32, latent_dim=8, caption_dim=16, base_channels=8, stages=3).eval()


TOKENS = torch.tensor([[2, 5, 6, 3, 0, 0], [2, 7, 8, 9, 10, 3]])


def test_the_guides_sizes_give_its_37_million_parameters() -> None:
    with torch.device("meta"):
        model = ConditionalVAE(vocab_size=54)
    assert 36.5e6 < sum(p.numel() for p in model.parameters()) < 38e6


def test_shapes_and_range(model: ConditionalVAE) -> None:
    images = torch.rand(2, 3, 32, 32)
    output = model(images, TOKENS)
    assert output.images.shape == images.shape
    assert output.distortion.shape == (2,)
    assert output.rate.shape == (2, 8)
    assert model.generate(TOKENS, num_samples=3).shape == (6, 3, 32, 32)
    assert model.reconstruct(images, TOKENS).shape == images.shape
    assert model.sample(TOKENS).shape == (2, 8)
    assert 0 <= model.generate(TOKENS).min() <= model.generate(TOKENS).max() <= 1


def test_padding_is_masked(model: ConditionalVAE) -> None:
    tokens = model.text_encoder(TOKENS).tokens
    assert not tokens.values[0, 4:].any()
    assert tokens.mask.tolist() == [[True] * 4 + [False] * 2, [True] * 6]


def test_word_order_changes_an_embedding(model: ConditionalVAE) -> None:
    there, back = torch.tensor([[2, 5, 6, 3]]), torch.tensor([[2, 6, 5, 3]])
    assert not torch.allclose(model.text_encoder(there).pooled, model.text_encoder(back).pooled)


def test_generate_is_decode_of_sample_captions_in_a_row(model: ConditionalVAE) -> None:
    noise = torch.randn(4, 8)
    four = model.generate(TOKENS, num_samples=2, noise=noise)
    repeated = TOKENS[[0, 0, 1, 1]]
    torch.testing.assert_close(four, model.decode(model.sample(repeated, noise), repeated))


def test_reconstruct_is_decode_of_the_posterior_mean(model: ConditionalVAE) -> None:
    images = torch.rand(2, 3, 32, 32)
    posterior = model.encode(images, TOKENS)
    torch.testing.assert_close(model.reconstruct(images, TOKENS), model.decode(posterior.mean, TOKENS))
    noiseless = model(images, TOKENS, noise=torch.zeros(2, 8))
    torch.testing.assert_close(noiseless.images, model.decode(posterior.mean, TOKENS))


def test_an_image_does_not_depend_on_its_batch(model: ConditionalVAE) -> None:
    images = torch.rand(2, 3, 32, 32)
    both, alone = model.reconstruct(images, TOKENS), model.reconstruct(images[:1], TOKENS[:1])
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-4)


def test_the_posterior_depends_on_the_caption_only_where_it_is_chosen() -> None:
    images, other = torch.rand(2, 3, 32, 32), TOKENS.flip(0)
    sizes = {"image_size": 32, "latent_dim": 8, "base_channels": 8, "stages": 3}
    for caption_dim, depends in ((0, False), (16, True)):
        encoder = ConvEncoder(**sizes, caption_dim=caption_dim)
        model = ConditionalVAE(20, caption_dim=16, encoder=encoder, **sizes).eval()
        same = torch.allclose(model.encode(images, TOKENS).mean, model.encode(images, other).mean)
        assert same is not depends


def test_sizes_and_norms_that_fit() -> None:
    for norm in ["group", "batch", "none"]:
        for size, stages in [(32, 5), (64, 4), (48, 3)]:
            body = {"image_size": size, "latent_dim": 4, "base_channels": 8, "stages": stages, "norm": norm}
            model = ConditionalVAE(
                9,
                size,
                latent_dim=4,
                caption_dim=6,
                text_encoder=LSTMTextEncoder(9, 6, layers=1),
                encoder=ConvEncoder(**body),
                decoder=ConvDecoder(**body, caption_dim=6),
            )
            assert model(torch.rand(2, 3, size, size), TOKENS.clamp(max=8)).images.shape == (2, 3, size, size)


def test_sizes_that_do_not_fit_name_both_numbers() -> None:
    for construct, both in [
        (lambda: ConditionalVAE(9, image_size=100), ("100", "32")),
        (lambda: ConditionalVAE(9, latent_dim=8, prior=StandardPrior(4)), ("4", "8")),
        (lambda: ConditionalVAE(9, caption_dim=8, text_encoder=LSTMTextEncoder(9, 6)), ("6", "8")),
        (lambda: ConditionalVAE(9, image_size=64, decoder=ConvDecoder(32)), ("32", "64")),
        (lambda: ConvEncoder(base_channels=12), ("12", "8")),
        (lambda: ConvEncoder(norm="layer"), ("layer", "group")),
        (lambda: StandardPrior(0), ("0", "1")),
    ]:
        with pytest.raises(ValueError, match=rf"(?s){both[0]}.*{both[1]}"):
            construct()


def slots(kind: type, num_slots: int, latent_dim: int = 8, **changed: Any) -> Any:
    if kind is FlowPrior:
        return FlowPrior(LatentLayout(latent_dim, num_slots), ObjectQueries(num_slots, 16, 16), caption_dim=16)
    return kind(image_size=32, **slot_arguments(latent_dim, num_slots, 16, "objects"), **changed)


def test_parts_that_do_not_fit_each_other_are_named() -> None:
    for parts, named in [
        (lambda: {"encoder": slots(SlotEncoder, 4)}, "encoder has a slot for each of 4 objects.* gives words only"),
        (lambda: {"decoder": slots(SlotDecoder, 2)}, "decoder has a slot for each of 2 objects.* gives words only"),
        (lambda: {"prior": slots(FlowPrior, 8)}, "prior has a slot for each of 8 objects.* gives words only"),
        (
            lambda: {"encoder": slots(SlotEncoder, 4), "text_encoder": AttributesTextEncoder(9, 16)},
            "encoder has a slot for each of 4 objects.* gives 10: choose text_encoder=attributes",
        ),
        (lambda: {"encoder": ConvEncoder(32, 8, caption_dim=8)}, "encoder.caption_dim is 8, .* 16"),
        (lambda: {"decoder": ResidualDecoder(32, 8, 0, conditioning="concat")}, "decoder.caption_dim is 0, .* 16"),
        (lambda: {"prior": ConditionalPrior(8, 12)}, "prior.caption_dim is 12, .* 16"),
    ]:
        with pytest.raises(ValueError, match=named):
            ConditionalVAE(9, 32, 8, 16, **parts())


def test_a_prior_alone_cannot_have_slots_for_objects() -> None:
    parts = {"prior": slots(FlowPrior, 10, 20), "text_encoder": AttributesTextEncoder(9, 16)}
    with pytest.raises(ValueError, match="prior has a slot for each of 10 objects, but neither encoder nor decoder"):
        ConditionalVAE(9, 32, 20, 16, **parts)


def test_slots_for_objects_fit_a_text_encoder_that_gives_as_many() -> None:
    model = ConditionalVAE(
        11,
        32,
        20,
        16,
        text_encoder=BottleneckTextEncoder(11, TransformerTextEncoder(11, 16)),
        encoder=slots(SlotEncoder, 10, 20),
        decoder=slots(SlotDecoder, 10, 20),
        prior=slots(FlowPrior, 10, 20),
    )
    assert model.generate(TOKENS).shape == (2, 3, 32, 32)


def test_wrong_images_and_tokens_are_named(model: ConditionalVAE) -> None:
    with pytest.raises(ValueError, match=r"\(1, 3, 64, 64\)"):
        model(torch.rand(1, 3, 64, 64), TOKENS[:1])
    with pytest.raises(ValueError, match="no tokens at all"):
        model.generate(torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="num_samples is 0"):
        model.generate(TOKENS, num_samples=0)


def test_a_blueprint_rebuilds_the_same_model() -> None:
    model = ConditionalVAE(
        20,
        image_size=32,
        latent_dim=8,
        caption_dim=16,
        base_channels=8,
        stages=3,
        likelihood=LaplaceLikelihood(0.5),
        encoder=ConvEncoder(32, 8, 8, 3, caption_dim=16),
    )
    plan = blueprint(model)
    twin = build(plan)
    assert blueprint(twin) == plan
    twin.load_state_dict(model.state_dict())
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(twin.eval().reconstruct(images, TOKENS), model.eval().reconstruct(images, TOKENS))


def test_a_blueprint_names_only_known_parts() -> None:
    with pytest.raises(ValueError, match=r"os\.system.*nearest"):
        build({"part": "os.system", "command": "true"})
    with pytest.raises(ValueError, match="StandardPrior cannot be built"):
        build({"part": "StandardPrior", "size": 3})
    with pytest.raises(ValueError, match="Linear is not registered with @part"):
        blueprint(torch.nn.Linear(1, 1))


def test_a_subclass_from_outside_becomes_a_part() -> None:
    @part
    class Shifted(StandardPrior):
        def __init__(self, latent_dim: int, shift: float = 1.0) -> None:
            super().__init__(latent_dim)
            self.shift = shift

        def sample(self, caption, noise):
            return noise + self.shift

    plan = blueprint(Shifted(4, shift=2.0))
    assert plan == {"part": "Shifted", "latent_dim": 4, "shift": 2.0}
    assert build(plan).shift == 2.0


def test_another_class_of_a_registered_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a part named ConvEncoder is registered already, by cvae_lightning\.models"):
        part(type("ConvEncoder", (torch.nn.Module,), {"__init__": lambda self: None}))
    assert PARTS["ConvEncoder"] is ConvEncoder


def test_records_are_part_of_blueprints() -> None:
    encoder = slots(SlotEncoder, 4, assignment=SlotAssignment(steps=3, reading_order=(1.0, 2.0)))
    plan = json.loads(json.dumps(blueprint(encoder)))
    assert plan["layout"] == {"part": "LatentLayout", **asdict(LatentLayout(8, 4, 4.0))}
    assert plan["assignment"]["reading_order"] == [1.0, 2.0]
    twin = build(plan)
    assert (twin.layout, twin.assignment) == (encoder.layout, encoder.assignment)
    assert blueprint(twin) == blueprint(encoder)


def test_mixed_precision_keeps_nats_in_float32(model: ConditionalVAE) -> None:
    images = torch.rand(2, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        output = model(images, TOKENS)
    assert output.rate.dtype == output.distortion.dtype == output.images.dtype == torch.float32
