"""The explore command: variations begin at the painter's own sample, and nothing is overwritten."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT

from cvae_lightning import load
from cvae_lightning.inference.explore import MOVES, SCALES, explore

CAPTION, EDITED = "a large blue square above 3 small red circles", "a large green square above 3 small red circles"


def close(first: Image.Image, second: Image.Image) -> bool:
    """Equal but for the last bit of a float, which a batch of another size may round otherwise."""
    return bool(np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int)).max() <= 1)


def test_what_is_not_changed_is_the_painters_own_sample() -> None:
    painter = load(ROOT / "experiments" / "flagship", sampler={"steps": 3, "restarts": 2})
    shown, sample = explore(painter, CAPTION, EDITED, seed=2, latents=2), painter(CAPTION, seed=2)[0]
    moved = shown.grids["traversals"].images
    still = moved[MOVES.index(0.0) :: len(MOVES)]
    assert len(still) == 2
    unscaled = shown.grids["noise_scales"].images[SCALES.index(1.0)]
    ends = [shown.grids["edit"].images[0], shown.grids["interpolation"].images[0], shown.frames[-1]]
    assert all(close(image, sample) for image in [*still, unscaled, *ends])
    assert not any(close(moved[row * len(MOVES)], sample) for row in range(2))
    assert len(shown.frames) == 1 + 3 + 2
    assert len(shown.rates) == painter.model.latent_dim


@pytest.mark.slow
def test_the_files_are_written_once(command, tiny_run: Path, tmp_path: Path) -> None:
    done = command("explore", f"run={tiny_run}", "output=out", "latents=2", "device=cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out" / "flow.webp").size == (256, 256)
    assert "<svg" in (tmp_path / "out" / "rate.svg").read_text()
    again = command("explore", f"run={tiny_run}", "output=out", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists and is not overwritten" in again.stderr
