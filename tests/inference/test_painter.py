"""Of several candidates the first right one is kept, else the one with the most atoms right."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.inference.candidates import PaintedImage, better, score
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.world import ATOMS, DEFAULT, Group, Meaning, Verdict, parse, render, sample_scene, word_tables

CAPTIONS = ["a large blue square above 3 small red circles", "2 small cyan stars", "a medium black cross"]
SIZES = {"image_size": 64, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}


class Lucky(ConditionalVAE):
    """Paints what is asked where the first latent is above a limit, a red circle where it is positive, else nothing."""

    def __init__(self, tokenizer: CaptionTokenizer, limit: float) -> None:
        super().__init__(len(tokenizer), **SIZES)
        self.tokenizer, self.limit = tokenizer, limit
        self.asked = 0

    def generate(self, tokens: Tensor, num_samples: int = 1, noise: Tensor | None = None) -> Tensor:
        assert noise is not None
        self.asked += len(noise)
        return torch.stack([self.picture(t, float(z[0])) for t, z in zip(tokens, noise, strict=True)])

    def picture(self, tokens: Tensor, luck: float) -> Tensor:
        if luck <= 0:
            return torch.full((3, 64, 64), 250 / 255)
        circle = Meaning((Group(1, "small", "red", "circle"),))
        meaning = parse(self.tokenizer.decode(tokens.tolist())) if luck > self.limit else circle
        scene = sample_scene(meaning, np.random.default_rng(0))
        assert scene is not None
        return torch.from_numpy(render([scene], 64)[0]).permute(2, 0, 1).float() / 255


@pytest.fixture
def tokenizer() -> CaptionTokenizer:
    return CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary))


def luck(painter: Painter, sample: int, candidate: int, seed: int = 0) -> float:
    return float(painter.noise(sample + 1, seed, candidate)[sample, 0])


def test_the_first_right_candidate_is_kept_and_no_more_are_drawn(tokenizer) -> None:
    painter = Painter(Lucky(tokenizer, limit=0.8), tokenizer)
    rows = painter.paint_and_judge(CAPTIONS, num_samples=4, best_of=40)
    for row in rows:
        for k, image in enumerate(row):
            first = next(j for j in range(40) if luck(painter, k, j) > 0.8)
            assert (image.index, image.candidate, image.drawn) == (k, first, first + 1)
            assert image.verdict.all
    assert painter.model.asked == sum(image.drawn for row in rows for image in row)


def test_without_a_right_candidate_the_most_atoms_win_and_the_first_of_equals(tokenizer) -> None:
    painter = Painter(Lucky(tokenizer, limit=1e9), tokenizer)
    (row,) = painter.paint_and_judge(["a medium black cross"], num_samples=5, best_of=6)
    kept = [image.candidate for image in row]
    # One thing is the right count, and better than nothing at all.
    assert kept == [next((j for j in range(6) if luck(painter, k, j) > 0), 0) for k in range(5)]
    assert max(kept) > 0
    assert [image.drawn for image in row] == [6] * 5


def test_sample_k_depends_on_nothing_else(tokenizer) -> None:
    painter = Painter(Lucky(tokenizer, limit=0.8), tokenizer)
    many = painter.paint(CAPTIONS, num_samples=4, seed=5, best_of=8, batch_size=3)
    for caption, row in zip(CAPTIONS, many, strict=True):
        assert [p.tobytes() for p in painter(caption, 2, 5, best_of=8)] == [p.tobytes() for p in row[:2]]


def test_candidate_0_is_the_sample_without_best_of(tokenizer) -> None:
    painter = Painter(ConditionalVAE(len(tokenizer), **SIZES), tokenizer)
    plain = painter.paint_and_judge(CAPTIONS, num_samples=3, seed=2)
    assert {(image.candidate, image.drawn) for row in plain for image in row} == {(0, 1)}
    noise = torch.from_numpy(np.random.default_rng([2, 1]).standard_normal(4)).float()
    assert torch.equal(painter.noise(2, 2)[1], noise)
    assert not torch.equal(painter.noise(2, 2, candidate=1)[1], noise)
    for row, chosen in zip(plain, painter.paint_and_judge(CAPTIONS, num_samples=3, seed=2, best_of=3), strict=True):
        for image, best in zip(row, chosen, strict=True):
            assert score(best.verdict) >= score(image.verdict)
            if best.candidate == 0:
                assert best.image.tobytes() == image.image.tobytes()


def test_what_is_unsaid_is_not_judged(tokenizer) -> None:
    painter = Painter(Lucky(tokenizer, limit=1e9), tokenizer)
    painter.model.picture = lambda tokens, luck: Lucky.picture(painter.model, tokens, 1.0)  # always a small one
    (row,) = painter.paint_and_judge(["a red circle"], num_samples=12)
    assert {image.model_caption for image in row} == {f"a {size} red circle" for size in ("small", "medium", "large")}
    assert all(image.verdict.all and image.caption == "a red circle" for image in row)


def verdict(*atoms: bool | None, everything: bool = False) -> Verdict:
    return Verdict(**dict(zip(ATOMS[:-1], atoms, strict=True)), all=everything, reason="")


def painted(found: Verdict, candidate: int) -> PaintedImage:
    return PaintedImage(
        image=Image.new("RGB", (1, 1)),
        caption="a",
        model_caption="a",
        seed=0,
        index=0,
        candidate=candidate,
        drawn=candidate + 1,
        verdict=found,
    )


def test_a_right_picture_beats_atoms_and_an_equal_one_does_not_replace() -> None:
    three, wrong_together = verdict(True, True, True, False, None), verdict(True, True, True, True, None)
    right = verdict(True, True, True, True, None, everything=True)
    assert score(right) > score(wrong_together) > score(three)
    first, second = painted(three, 0), painted(three, 1)
    assert better(first, second) == replace(first, drawn=2)
    assert better(first, painted(right, 1)).candidate == 1
    assert better(None, first) == first


def test_mistakes_are_named(tokenizer) -> None:
    painter = Painter(ConditionalVAE(len(tokenizer), **SIZES), tokenizer)
    with pytest.raises(UserError, match="best_of=0: expected at least 1"):
        painter(CAPTIONS[0], best_of=0)


def test_a_list_of_captions_gives_a_list_of_lists(tokenizer) -> None:
    torch.manual_seed(0)
    painter = Painter(ConditionalVAE(len(tokenizer), **SIZES), tokenizer)
    several = painter(CAPTIONS[:2], num_samples=3, seed=4)
    for caption, images in zip(CAPTIONS, several, strict=False):
        for image, alone in zip(images, painter(caption, 3, 4), strict=True):
            # A batch of another size may round the last bit of a float otherwise.
            assert np.abs(np.asarray(image, dtype=int) - np.asarray(alone, dtype=int)).max() <= 1


def test_a_stream_has_the_pictures_of_the_lists_and_paints_on_demand(
    tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = Painter(Lucky(tokenizer, limit=0.8), tokenizer)
    rows = painter.paint_and_judge(CAPTIONS, num_samples=5, batch_size=4, best_of=2)
    stream = painter.stream(CAPTIONS, num_samples=5, batch_size=4, best_of=2)
    assert [image.image.tobytes() for image in stream] == [image.image.tobytes() for row in rows for image in row]
    calls = []
    plain = painter.model.generate
    monkeypatch.setattr(painter.model, "generate", lambda *args, **more: calls.append(1) or plain(*args, **more))
    endless = painter.stream(CAPTIONS[:1], num_samples=10**9, batch_size=4)
    assert [next(endless).index for _ in range(9)] == list(range(9))
    assert len(calls) == 3


def test_a_stream_refuses_before_it_paints(tokenizer) -> None:
    painter = Painter(Lucky(tokenizer, limit=0.8), tokenizer)
    with pytest.raises(ValueError, match="fluffy"):
        painter.stream([*CAPTIONS, "a fluffy star"])
