"""Results show themselves, edits keep the noise, and ways between samples begin and end at the painter's own."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.judge_pictures import judge_images
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.pictures import PictureRows, Pictures
from cvae_lightning.inference.variations import between, slerp
from cvae_lightning.models import CaptionEncoding, ConditionalVAE, Masked
from cvae_lightning.pictures.frames import CORRECT, WRONG
from cvae_lightning.world import DEFAULT, CaptionError, captioned_scene, parse, render, word_tables

SIZES = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 3}
RED, BLUE = "a small red star", "2 large blue squares"


@pytest.fixture(scope="module")
def painter() -> Painter:
    tokenizer = CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary))
    torch.manual_seed(0)
    return Painter(ConditionalVAE(len(tokenizer), **SIZES), tokenizer)


def same(first: Image.Image, second: Image.Image) -> bool:
    """Equal but for the last bit of a float, which a batch of another size may round otherwise."""
    return bool(np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int)).max() <= 1)


def shown(result: Pictures | PictureRows) -> Image.Image:
    content = result._repr_png_()
    assert content is not None
    return Image.open(BytesIO(content))


def test_pictures_are_a_sequence_of_images_with_verdicts(painter) -> None:
    pictures = painter(RED, num_samples=3)
    assert [image.size for image in pictures] == [(32, 32)] * 3
    assert pictures.captions == (RED,) * 3
    assert list(pictures.verdicts) == painter.judge(pictures, pictures.captions)
    assert len(pictures[1:]) == 2
    assert pictures[1:][0].tobytes() == pictures[1].tobytes()
    assert repr(pictures) == f"Pictures(3: '{RED}', {sum(pictures.correct)} right)"


def test_a_notebook_shows_verdicts_as_frames() -> None:
    meaning, scene, caption = captioned_scene(0, "test", 0)
    image = Image.fromarray(render([scene], 64)[0])
    verdicts = tuple(judge_images([image, image], [caption, BLUE]))
    right, wrong = (
        shown(Pictures((image,), (words,), (verdict,)))
        for words, verdict in zip((caption, BLUE), verdicts, strict=True)
    )
    assert meaning == parse(caption)
    assert CORRECT in right.convert("RGB").getdata()
    assert WRONG in wrong.convert("RGB").getdata()
    unjudged = shown(Pictures((image,), (caption,), (None,))).convert("RGB")
    assert not {CORRECT, WRONG} & set(unjudged.getdata())
    assert Pictures((), (), ())._repr_png_() is None


def test_a_list_of_captions_shows_a_row_per_caption(painter) -> None:
    rows = painter([RED, BLUE], num_samples=2)
    one = shown(rows[0])
    assert shown(rows).width == one.width
    assert shown(rows).height > one.height
    assert len(rows[:1]) == 1


def test_an_edit_keeps_the_noise(painter) -> None:
    before, after = painter.edit(RED, BLUE, seed=3, index=1)
    assert same(before, painter(RED, num_samples=2, seed=3)[1])
    assert same(after, painter(BLUE, num_samples=2, seed=3)[1])
    again = painter.edit(RED, RED, seed=3)
    assert again[0].tobytes() == again[1].tobytes()


def test_an_interpolation_begins_and_ends_at_samples(painter) -> None:
    way = painter.interpolate(RED, BLUE, steps=5, seed=1, second_seed=2)
    assert len(way) == 5
    assert same(way[0], painter(RED, seed=1)[0])
    assert same(way[-1], painter(BLUE, seed=2)[0])
    assert way.captions == (RED, RED, RED, BLUE, BLUE)
    noise = painter.interpolate(RED, steps=2, seed=1, second_seed=2)
    assert same(noise[1], painter(RED, seed=2)[0])


def test_noise_between_two_rows_keeps_its_length() -> None:
    first, second = torch.randn(2, 64, 200, generator=torch.Generator().manual_seed(0))
    for share in (0.0, 0.25, 0.5, 1.0):
        middle = slerp(first, second, share).square().sum(dim=1).sqrt()
        assert torch.all((middle / 200**0.5 - 1).abs() < 0.2)
    assert torch.allclose(slerp(first, second, 0.0), first, atol=1e-5)
    assert torch.allclose(slerp(first, second, 1.0), second, atol=1e-5)
    assert torch.equal(slerp(first, first, 0.3), first)


def test_between_two_encodings_what_only_one_has_is_there_in_its_half() -> None:
    def encoding(value: float, mask: list[bool]) -> CaptionEncoding:
        there = torch.tensor([mask])
        objects = Masked(torch.full((1, 2, 3), value) * there.unsqueeze(-1), there)
        return CaptionEncoding(torch.full((1, 3), value), objects, objects)

    first, second = encoding(1.0, [True, True]), encoding(3.0, [True, False])
    for share, expected in ((0.25, [1.5, 1.0]), (0.75, [2.5, 0.0])):
        middle = between(first, second, share)
        assert middle.pooled[0, 0].item() == expected[0]
        assert middle.objects.values[0, :, 0].tolist() == expected
        assert middle.objects.mask.tolist() == [[True, share < 0.5]]


def test_mistakes_are_named(painter) -> None:
    with pytest.raises(UserError, match="start and end are the same"):
        painter.interpolate(RED)
    with pytest.raises(UserError, match="steps=1: expected at least 2"):
        painter.interpolate(RED, BLUE, steps=1)
    with pytest.raises(CaptionError, match="'squid'"):
        painter.edit(RED, "a red squid")
    with pytest.raises(UserError, match="seed=-1"):
        painter.edit(RED, BLUE, seed=-1)
    with pytest.raises(UserError, match="1 image but 2 captions"):
        painter.judge([Image.new("RGB", (64, 64))], [RED, BLUE])
    with pytest.raises(UserError, match="32 to 512"):
        painter.judge([Image.new("RGB", (8, 8))], [RED])
