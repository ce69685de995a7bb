"""What each tab does, without a browser: the painter's own pixels, moved latents, own pictures, and limits."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from cvae_lightning import CaptionTokenizer, ConditionalVAE, Painter, load
from cvae_lightning.data.images import to_pixels
from cvae_lightning.errors import UserError
from cvae_lightning.web import actions
from cvae_lightning.web.html import address, figures_html, rates_html
from cvae_lightning.web.latents import decoded, first_latents, moved
from cvae_lightning.web.uploads import LARGEST_UPLOAD, picture_of, reconstructed
from cvae_lightning.world import CaptionError

CAPTION = "a large blue square above 3 small red circles"
EDITED = CAPTION.replace("blue", "green")


@pytest.fixture(scope="module")
def painter() -> Painter:
    return load()


@pytest.fixture(scope="module")
def own() -> Painter:
    """An untrained painter of own pictures, without a world and with flat latents."""
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer(free_text=True).fit(["my dog", "my red house"])
    sizes = {"image_size": 32, "latent_dim": 12, "caption_dim": 8, "base_channels": 8, "stages": 3}
    return Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer, world=None)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=int)


def test_samples_are_the_painters_with_verdict_and_detections(painter: Painter) -> None:
    figures = actions.samples(painter, CAPTION, seed=3, number=2)
    for figure, image in zip(figures, painter(CAPTION, num_samples=2, seed=3), strict=True):
        assert np.array_equal(pixels(figure.image), pixels(image))
        assert figure.verdict is not None
        assert figure.verdict.all
        assert sorted(thing.shape for thing in figure.things) == ["circle"] * 3 + ["square"]
    assert actions.counted(figures) == "2 of 2 pictures show exactly what the caption says."


def test_every_outline_has_a_number_and_every_number_its_words(painter: Painter) -> None:
    (figure,) = actions.samples(painter, CAPTION, seed=3, number=1)
    html = figures_html([figure])
    (listed,) = re.findall(r'<span class="listed">(.*?)</span></span>', html)
    words = {
        number: text for numbers, text in re.findall(r"<b>([\d ]+)</b> ([\w ]+)", listed) for number in numbers.split()
    }
    drawn = re.findall(
        r'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+"/><circle class="tag"[^>]*/><text[^>]*>(\d)', html
    )
    assert sorted(words) == sorted(number for *_, number in drawn) == ["1", "2", "3", "4"]
    for x, y, number in drawn:
        (thing,) = [t for t in figure.things if (f"{t.x:.4f}", f"{t.y:.4f}") == (x, y)]
        assert words[number] == f"{thing.size} {thing.colour} {thing.shape}"


def test_what_a_caption_leaves_open_is_shown(painter: Painter) -> None:
    (figure,) = actions.samples(painter, "a star", number=1, best_of=2)
    assert figure.note.startswith("the model read: a ")
    assert figure.note.endswith("candidate 1 of 1")


def test_an_edit_keeps_the_noise(painter: Painter) -> None:
    before, after = actions.edited(painter, CAPTION, EDITED, seed=3)
    changed = np.abs(pixels(before.image) - pixels(after.image)).max(axis=-1) > 20
    assert 0 < changed.mean() < 0.2
    assert [thing.colour for thing in after.things].count("green") == 1


def test_an_interpolation_goes_from_one_sample_to_another(painter: Painter) -> None:
    figures = actions.interpolated(painter, CAPTION, EDITED, seed=1, second_seed=2, steps=3)
    (start,), (end,) = painter(CAPTION, seed=1), painter(EDITED, seed=2)
    assert np.abs(pixels(figures[0].image) - pixels(start)).max() <= 1
    assert np.abs(pixels(figures[-1].image) - pixels(end)).max() <= 1
    assert [figure.title for figure in figures] == ["start", "50 %", "end"]
    with pytest.raises(UserError, match="start and end are the same"):
        actions.interpolated(painter, CAPTION, CAPTION)


def test_another_sampler_leaves_the_painter_as_it_was(painter: Painter) -> None:
    settings = {"steps": 2, "solver": "midpoint", "restarts": 2}
    before, trained = pixels(painter(CAPTION)[0]), painter.model.prior.sampler
    fast = actions.with_sampler(painter, settings)
    assert np.array_equal(pixels(fast(CAPTION)[0]), pixels(load(sampler=settings)(CAPTION)[0]))
    assert np.array_equal(pixels(painter(CAPTION)[0]), before)
    assert actions.with_sampler(painter, {"steps": trained.steps, "solver": None}) is painter
    with pytest.raises(UserError, match="expected 0 to 200"):
        actions.with_sampler(painter, {"steps": 10**6})


def test_latents_before_any_move_are_sample_one(painter: Painter) -> None:
    latents = first_latents(painter, CAPTION, seed=3)
    assert np.abs(pixels(decoded(painter, latents).image) - pixels(painter(CAPTION, seed=3)[0])).max() <= 1
    assert latents.handles[0].name == "slot 1: large blue square"
    assert len(latents.handles) == 4


def test_a_slot_goes_where_it_is_moved_and_the_verdict_follows(painter: Painter) -> None:
    latents = first_latents(painter, "a large blue square above a small red circle", seed=3)
    (circle,) = [thing for thing in decoded(painter, latents).things if thing.shape == "circle"]
    x = 0.2 if circle.x > 0.5 else 0.8  # beside the circle, so that the two never touch
    for y in (0.2, 0.8):
        figure = decoded(painter, moved(latents, 0, [x, y]))
        (square,) = [thing for thing in figure.things if thing.shape == "square"]
        assert abs(square.x - x) < 0.03
        assert abs(square.y - y) < 0.03
        assert figure.verdict is not None
        assert figure.verdict.relation is (square.y < circle.y)
    assert moved(latents, 0, latents.handles[0].read(latents.values)).values == pytest.approx(latents.values)


def test_single_latents_are_moved_where_there_are_no_slots(own: Painter) -> None:
    latents = first_latents(own, "my dog")
    assert len(latents.handles) == 8
    assert moved(latents, 0, [2.5, 9.0]).values[latents.handles[0].indices[0]] == 2.5
    for numbers in ([float("nan")], [99.0], ["x"]):
        with pytest.raises(UserError, match="expected numbers of -4 to 4"):
            moved(latents, 0, numbers)
    with pytest.raises(UserError, match="choose what to move"):
        moved(latents, 99, [0.0])


def test_a_picture_is_reconstructed_judged_and_its_rate_is_the_models(painter: Painter) -> None:
    image = painter(CAPTION, seed=3)[0]
    found = reconstructed(painter, picture_of(address(image)), CAPTION)
    assert np.array_equal(pixels(found.figures[0].image), pixels(image))
    assert [figure.verdict.all for figure in found.figures if figure.verdict] == [True, True]
    assert [rate.name for rate in found.rates][:4] == ["slot 1 x", "slot 1 y", "slot 6 x", "slot 6 y"]  # 5 for a group
    assert [rate.of for rate in found.rates][:4] == ["large blue square", "", "small red circle", ""]
    with torch.inference_mode():
        tokens = painter.tokenizer.encode_batch([CAPTION])
        encoded = painter.model.text_encoder(tokens)
        posterior = painter.model.encoder(to_pixels(image, 64)[None], encoded).posterior
        rate = painter.model.prior.rate(posterior, encoded).sum()
    assert sum(each.nats for each in found.rates) == pytest.approx(float(rate), rel=1e-4)  # slots not in use cost none


def test_a_model_of_own_pictures_does_all_but_what_needs_a_judge(own: Painter) -> None:
    figures = actions.samples(own, "my red dog", number=2)
    assert all(figure.verdict is None and figure.things == () for figure in figures)
    assert actions.counted(figures) == ""
    assert len(actions.edited(own, "my dog", "my house")) == 2
    assert len(actions.interpolated(own, "my dog", "my house", steps=2)) == 2
    wide = Image.new("RGB", (80, 40), "red")
    found = reconstructed(own, picture_of(address(wide)), "my dog")
    assert found.figures[0].image.size == (40, 40)
    assert [rate.name for rate in found.rates] == [f"latent {index}" for index in range(12)]
    assert "not-judged" in figures_html(figures)
    with pytest.raises(UserError, match="of no world"):
        actions.samples(own, "my dog", best_of=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"number": 17}, "number of samples is 17: expected 1 to 16"),
        ({"number": 1.5}, "expected a whole number"),
        ({"seed": None}, "seed: expected a whole number"),
        ({"seed": -1}, "seed is -1"),
        ({"best_of": 10**9}, "best of is"),
    ],
)
def test_what_is_asked_for_is_bounded(painter: Painter, arguments: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        actions.samples(painter, CAPTION, **arguments)


def test_captions_are_bounded_and_read(painter: Painter) -> None:
    with pytest.raises(UserError, match="at most 200 characters"):
        actions.samples(painter, "a " * 101)
    with pytest.raises(CaptionError, match="'squid'"):
        actions.samples(painter, "a red squid")


def of_bytes(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def png(*size: int) -> bytes:
    file = BytesIO()
    Image.new("1", size).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "choose a picture first"),
        (None, "choose a picture first"),
        ("data:text/html;base64,AAAA", "choose a picture first"),
        ("data:image/png;base64,!!!", "bytes are damaged"),
        ("data:image/png;base64,", "the file is empty"),
        (of_bytes(b"hello"), "its format is not known"),
        (of_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "its format is not known"),
        (of_bytes(png(5000, 5000)), "at most 16,000,000 pixels"),
        (of_bytes(png(500, 20)), "at least 32 px a side"),
        (of_bytes(png(64, 64)[:45]), "cannot be read as an image"),
        ("data:image/png;base64," + "A" * (LARGEST_UPLOAD * 2), "at most 4 MB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_picture_that_cannot_be_used_is_refused(given: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        picture_of(given)


def test_what_people_type_is_shown_as_text(own: Painter) -> None:
    figures = actions.edited(own, "<img src=x onerror=alert(1)> ${value} {{x}}", "my dog")
    html = figures_html(figures)
    assert "<img src=x" not in html
    assert not set("{}$`") & set(html)
    assert "<b>" not in rates_html([])
