"""The model behind arrays: what is drawn depends on a picture's own key, errors are the library's."""

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer, ConditionalVAE, Painter, ShapeSceneDataset
from cvae_lightning.evaluation.model_adapter import ERRORS, ModelAdapter

CAPTIONS = list(ShapeSceneDataset(6, 32).captions())
KEYS = [(0, 0, 2, i, 0) for i in range(6)]
IMAGES = np.stack([example.image.permute(1, 2, 0).numpy() for example in ShapeSceneDataset(6, 32)])


@pytest.fixture(scope="module")
def painter() -> Painter:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer().fit(CAPTIONS)
    sizes = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 3}
    return Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)


def test_pictures_depend_on_their_own_key_alone(painter: Painter) -> None:
    whole = ModelAdapter(painter).paint(CAPTIONS, KEYS).astype(int)
    parts = ModelAdapter(painter, batch_size=2).paint(CAPTIONS[::-1], KEYS[::-1])[::-1]
    assert abs(whole - parts).max() <= 1
    other = ModelAdapter(painter).paint(CAPTIONS, [(1, *key[1:]) for key in KEYS])
    assert (whole != other).any(axis=(1, 2, 3)).all()


def test_draws_do_not_depend_on_how_many_there_are(painter: Painter) -> None:
    adapter = ModelAdapter(painter, batch_size=4)
    few, many = (adapter.importance_weights(IMAGES, CAPTIONS, KEYS, draws) for draws in (2, 5))
    assert few.shape == (6, 2)
    assert few == pytest.approx(many[:, :2], rel=1e-5)


def test_reconstructions_and_errors_are_the_models(painter: Painter) -> None:
    stats = ModelAdapter(painter, batch_size=4).reconstruct(IMAGES, CAPTIONS, KEYS)
    pixels = torch.from_numpy(IMAGES).permute(0, 3, 1, 2) / 255
    tokens = painter.tokenizer.encode_batch(CAPTIONS)
    with torch.inference_mode():
        posterior = painter.model.encode(pixels, tokens)
        reconstructed = painter.model.reconstruct(pixels, tokens)
    assert stats.mean == pytest.approx(posterior.mean.double().numpy(), abs=1e-5)
    errors = dict(zip(ERRORS, stats.errors.T, strict=True))
    difference = (reconstructed - pixels).double().numpy().reshape(6, -1)
    assert errors["mse"] == pytest.approx(np.square(difference).mean(axis=1), rel=1e-4)
    assert errors["mae"] == pytest.approx(abs(difference).mean(axis=1), rel=1e-4)
    assert errors["psnr"] == pytest.approx(-10 * np.log10(errors["mse"]), rel=1e-4)
    assert (abs(errors["ssim"]) < 1).all()
    assert stats.reconstructions.shape == IMAGES.shape


def test_an_unknown_word_is_unknown_to_the_model_and_not_an_error(painter: Painter) -> None:
    assert "huge" not in CaptionTokenizer().fit(CAPTIONS[:1]).words
    silent = Painter(painter.model, CaptionTokenizer(words=painter.tokenizer.words[:2]))
    assert ModelAdapter(silent).paint(CAPTIONS, KEYS).shape == IMAGES.shape
