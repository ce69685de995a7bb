"""The explore command: variations begin at the painter's own sample, and nothing is overwritten."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from support import ROOT

from cvae_lightning import load
from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.inference.explore import GUIDANCE, MOVES, ROWS, SCALES, explore, guided
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE, FlowPrior, LatentLayout, LearnedQueries, SamplerConfig

CAPTION, EDITED = "a large blue square above 3 small red circles", "a large green square above 3 small red circles"


OTHERS, KINDS = ("interpolation", "noise_scales", "positions", "rate", "traversals"), ("png", "svg")


def close(first: Image.Image, second: Image.Image) -> bool:
    """Equal but for the last bit of a float, which a batch of another size may round otherwise."""
    return bool(np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int)).max() <= 1)


def test_what_is_not_changed_is_the_painters_own_sample() -> None:
    painter = load(ROOT / "experiments" / "flagship", sampler={"steps": 3, "restarts": 2})
    shown, sample = explore(painter, CAPTION, EDITED, seed=2, latents=2, num_samples=3), painter(CAPTION, seed=2)[0]
    moved = shown.grids["traversals"].images
    still = moved[MOVES.index(0.0) :: len(MOVES)]
    assert len(still) == 2
    unscaled = shown.grids["noise_scales"].images[SCALES.index(1.0)]
    ends = [shown.grids["edit"].images[0], shown.grids["interpolation"].images[0], shown.frames[-1]]
    assert all(close(image, sample) for image in [*still, unscaled, *ends])
    assert not any(close(moved[row * len(MOVES)], sample) for row in range(2))
    assert len(shown.frames) == 1 + 3 + 2
    assert len(shown.rates) == painter.model.latent_dim
    assert list(shown.positions) == [CAPTION, EDITED]
    groups = Counter(position.group for position in shown.positions[CAPTION])
    assert groups["3 small red circles"] > groups["a large blue square"] > 0
    above = [position.y for position in shown.positions[CAPTION] if position.group == "a large blue square"]
    assert max(above) < max(p.y for p in shown.positions[CAPTION] if p.group == "3 small red circles")


def test_guidance_is_shown_of_a_model_that_was_trained_for_it() -> None:
    tokenizer = CaptionTokenizer().fit([CAPTION, EDITED])
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    layout, queries = LatentLayout(latent_dim=4, num_slots=2), LearnedQueries(2, width=8, caption_dim=8)
    sampler = SamplerConfig(steps=2)
    prior = FlowPrior(layout, queries, caption_dim=8, layers=1, caption_dropout=0.1, sampler=sampler)
    painter = Painter(ConditionalVAE(len(tokenizer), **sizes, prior=prior), tokenizer)
    grid = guided(painter, CAPTION, seed=0)
    assert (len(grid.images), grid.columns) == (ROWS * len(GUIDANCE), len(GUIDANCE))
    followed = grid.images[GUIDANCE.index(1.0) :: len(GUIDANCE)]
    assert all(close(image, own) for image, own in zip(followed, painter(CAPTION, num_samples=ROWS), strict=True))
    assert prior.sampler == sampler


@pytest.mark.slow
def test_the_files_are_written_once(command, tiny_run: Path, tmp_path: Path) -> None:
    done = command("explore", f"run={tiny_run}", "output=out", "latents=2", "num_samples=2", "device=cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out" / "flow.webp").size == (256, 256)
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["edit.png", "edit.svg", "flow.webp", *(f"{name}.{kind}" for name in OTHERS for kind in KINDS)]
    drawn = ElementTree.parse(tmp_path / "out" / "traversals.svg").getroot()
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}image"))) == 2 * len(MOVES)
    again = command("explore", f"run={tiny_run}", "output=out", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists and is not overwritten" in again.stderr
