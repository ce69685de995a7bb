"""How far the judge can be trusted: its agreement with the truth on clean and on damaged pictures.

``python -m cvae_lightning.judge_reliability output=FOLDER`` writes ``metrics.json`` and ``agreement.png`` there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from cvae_lightning.runs import whole_file
from cvae_lightning.world import ATOMS, V1, Meaning, Scene, Verdict, judge, render, sample, scene_rng

Images = NDArray[np.uint8]

SIDES = (32, 40, 48, 64, 96, 128, 192, 256)
"""Sides in pixels of clean pictures."""

DAMAGED_SIDE = 64


def blurred(images: Images, sigma: float) -> Images:
    """(N, S, S, 3) after Pillow's Gaussian blur with a standard deviation in pixels."""
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma))) for image in images])


def noisy(images: Images, sigma: float) -> Images:
    """(N, S, S, 3) plus Gaussian noise with a standard deviation of 255, cut to 0..255."""
    noise = np.random.default_rng(0).normal(0, sigma, images.shape)
    return np.clip(np.round(images + noise), 0, 255).astype(np.uint8)


def saved(images: Images, quality: float) -> Images:
    """(N, S, S, 3) after Pillow's JPEG, which keeps colours at half the resolution."""
    return np.stack([_saved(image, int(quality)) for image in images])


def _saved(image: Images, quality: int) -> Images:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def faded(images: Images, opacity: float) -> Images:
    """(N, S, S, 3) mixed with the background; an opacity of 1 leaves them as they are."""
    return np.round(250 + opacity * (images.astype(np.float64) - 250)).astype(np.uint8)


DAMAGES: dict[str, tuple[Callable[[Images, float], Images], tuple[float, ...], str]] = {
    "blur": (blurred, (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3), "standard deviation, pixels"),
    "noise": (noisy, (0, 4, 8, 12, 16, 18, 20, 22, 24, 28, 32), "standard deviation, of 255"),
    "jpeg": (saved, (95, 90, 85, 80, 75, 65, 55, 45, 35, 25, 15), "quality"),
    "fading": (faded, (1, 0.96, 0.92, 0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.75, 0.5), "opacity"),
}
"""How pictures are damaged, by how much, and the unit of that."""


def agreement(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """The share of verdicts in which each atom holds; that of the relation among those that have one."""
    answers = [verdict.atoms() for verdict in verdicts]
    held = {atom: [atoms[atom] for atoms in answers if atoms[atom] is not None] for atom in ATOMS}
    return {atom: sum(map(bool, values)) / len(values) for atom, values in held.items() if values}


def measure(count: int, seed: int) -> dict[str, Any]:
    """Agreement on true captions, over all splits in turn.

    Args:
        count: scenes for each side, and for each amount of damage.
        seed: of the scenes.
    """
    splits = [V1.splits.names[index % len(V1.splits.names)] for index in range(count)]
    pairs = [sample(scene_rng(seed, split, index, world=V1), split, world=V1) for index, split in enumerate(splits)]
    meanings, scenes = [meaning for meaning, _ in pairs], [scene for _, scene in pairs]
    metrics: dict[str, Any] = {"scenes": count, "seed": seed}
    judge(
        render(scenes[:1], DAMAGED_SIDE, world=V1), meanings[:1], world=V1
    )  # what it computes once is not part of its speed
    metrics["clean"] = {str(side): _judged(scenes, meanings, side) for side in SIDES}
    images = render(scenes, DAMAGED_SIDE, world=V1)
    for name, (damage, amounts, _) in DAMAGES.items():
        metrics[name] = {
            str(amount): agreement(judge(damage(images, amount), meanings, world=V1)) for amount in amounts
        }
    return metrics


def _judged(scenes: Sequence[Scene], meanings: Sequence[Meaning], side: int) -> dict[str, float]:
    """Agreement and speed on clean pictures, a few hundred at a time to keep the memory small."""
    verdicts: list[Verdict] = []
    seconds = 0.0
    for start in range(0, len(scenes), 256):
        images = render(scenes[start : start + 256], side, world=V1)
        begin = time.process_time()
        verdicts += judge(images, meanings[start : start + 256], world=V1)
        seconds += time.process_time() - begin
    failed = sum(not verdict.all for verdict in verdicts)
    return agreement(verdicts) | {"failed": failed, "images_per_cpu_second": round(len(scenes) / seconds)}


def draw(metrics: dict[str, Any], path: Path) -> None:
    """Draw agreement by side and by damage."""
    figure = Figure(figsize=(15, 7), layout="constrained")
    panels = figure.subplots(2, 3).flat
    _curves(next(panels), metrics["clean"], "clean pictures", "side, pixels")
    for name, (_, _, unit) in DAMAGES.items():
        _curves(next(panels), metrics[name], f"{name} at {DAMAGED_SIDE} px", unit)
    last = next(panels)
    last.plot(list(SIDES), [row["images_per_cpu_second"] for row in metrics["clean"].values()], marker="o")
    last.set(title="pace", xlabel="side, pixels", ylabel="images per second of one core", ylim=(0, None))
    last.grid(alpha=0.3)
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=90)


def _curves(axes: Axes, rows: dict[str, dict[str, float]], title: str, unit: str) -> None:
    amounts = [float(amount) for amount in rows]
    for atom in ATOMS:
        strong = atom == "all"
        values = [row[atom] for row in rows.values()]
        axes.plot(amounts, values, label=atom, color="black" if strong else None, lw=2.5 if strong else 1.2)
    axes.set(title=title, xlabel=unit, ylabel="share that holds", ylim=(-0.02, 1.03))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    if amounts[0] > amounts[-1]:
        axes.invert_xaxis()
