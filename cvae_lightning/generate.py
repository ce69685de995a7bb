"""Paint captions with a trained model: ``python -m cvae_lightning.generate 'captions=[...]'``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from cvae_lightning.cli.app import command
from cvae_lightning.errors import UserError, at_least_one
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.runs.images import refuse_existing, save_image, slug
from cvae_lightning.runs.layout import GRID
from cvae_lightning.world.captions import parse

if TYPE_CHECKING:
    from cvae_lightning.inference.candidates import PaintedImage


def generate(
    run: str | Path | None,
    captions: Sequence[str],
    output: Path,
    num_samples: int = 1,
    seed: int = 0,
    device: str = "cpu",
    best_of: int = 1,
    sampling: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write one PNG a sample with the judge's verdict beside it, and ``grid.png`` with all over their captions.

    The verdict is a JSON file of the same name; the grid has right samples in green frames, others in red ones.

    Args:
        run: a run folder, a checkpoint or exported weights; None takes the model that comes with the package.
        captions: what to paint.
        output: the folder to write into.
        num_samples: pictures of each caption.
        seed: seed of the samples.
        device: where to run the model: ``auto``, ``cpu`` or ``cuda``.
        best_of: candidates of each sample; the first that the judge passes is kept, else the one with the
            most atoms right (of equals the first).
        sampling: see :func:`cvae_lightning.inference.checkpoint.load`.

    Returns:
        the pictures written, the grid last.

    Raises:
        CaptionError, UserError: what is wrong with the request; nothing is written then.
    """
    for caption in captions:
        parse(caption)
    at_least_one(num_samples=num_samples, best_of=best_of)
    names = [
        output / f"{number:03d}_{slug(caption)}_{sample}.png"
        for number, caption in enumerate(captions)
        for sample in range(num_samples)
    ]
    refuse_existing([*names, *(name.with_suffix(".json") for name in names), output / GRID])
    checkpoint = find_checkpoint(run)

    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.reports.grids import captioned_grid

    painter = load(checkpoint, pick_device(device), sampling)
    rows = painter.paint_and_judge(captions, num_samples, seed, best_of=best_of)
    painted = [image for row in rows for image in row]
    for image, path in zip(painted, names, strict=True):
        _save(image, path, best_of)
    right = [image.verdict.all for image in painted]
    columns = num_samples if num_samples > 1 else None
    grid = captioned_grid([image.image for image in painted], [image.caption for image in painted], columns, right)
    save_image(grid, output / GRID, {"seed": str(seed)})
    found = f"{sum(right)} of {len(right)} pictures say what was asked, best of {best_of} each"
    print(f"{found}; painted by {checkpoint}", file=sys.stderr)
    return [*names, output / GRID]


def _save(painted: PaintedImage, path: Path, best_of: int) -> None:
    notes = {"caption": painted.caption, "model_caption": painted.model_caption}
    save_image(painted.image, path, notes | {"seed": str(painted.seed), "index": str(painted.index)})
    with path.with_suffix(".json").open("x") as file:
        file.write(json.dumps(painted.record() | {"best_of": best_of}, indent=1) + "\n")


def pick_device(device: str) -> str:
    """``auto`` to ``cuda`` where there is one, else ``cpu``; checks any other name.

    Raises:
        UserError: there is no such device here.
    """
    import torch

    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"device={device}: expected auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda: PyTorch finds no CUDA device here; use device=cpu")
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def job(config: DictConfig) -> None:
    """The command's work."""
    captions = [config.captions] if isinstance(config.captions, str) else [str(c) for c in config.captions]
    if not captions:
        raise UserError("captions=[]: give at least one caption")
    output = Path(config.output)
    how = (config.num_samples, config.seed, config.device, config.best_of, config.sampling)
    for path in generate(config.run, captions, output, *how):
        print(path)


def main() -> None:
    """The command line."""
    command("generate", job)


if __name__ == "__main__":
    main()
