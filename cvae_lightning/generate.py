"""Paint captions with a trained model: ``python -m cvae_lightning.generate run=... 'captions=[...]'``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli import command
from cvae_lightning.errors import UserError
from cvae_lightning.files import refuse_existing, save_image, slug
from cvae_lightning.world.language import parse

GRID = "grid.png"


def generate(
    run: str | Path, captions: Sequence[str], output: Path, num_samples: int = 1, seed: int = 0, device: str = "cpu"
) -> list[Path]:
    """Write one PNG a sample and ``grid.png`` with all of them over their captions.

    Args:
        run: a run folder or a checkpoint.
        captions: what to paint.
        output: the folder to write into.
        num_samples: pictures of each caption.
        seed: seed of the samples.
        device: where to run the model.

    Returns:
        the files written, the grid last.

    Raises:
        CaptionError, UserError: what is wrong with the request; nothing is written then.
    """
    for caption in captions:
        parse(caption)
    if num_samples < 1:
        raise UserError(f"num_samples={num_samples}: expected at least 1")
    names = [
        output / f"{number:03d}_{slug(caption)}_{sample}.png"
        for number, caption in enumerate(captions)
        for sample in range(num_samples)
    ]
    refuse_existing([*names, output / GRID])

    from cvae_lightning.painter import load
    from cvae_lightning.reports.grids import captioned_grid

    painter = load(run, device)
    pictures = [one for row in painter.paint(captions, num_samples, seed) for one in row]
    asked = [(caption, sample) for caption in captions for sample in range(num_samples)]
    for picture, (caption, sample), path in zip(pictures, asked, names, strict=True):
        notes = {"caption": painter.words(caption, seed, sample), "asked": caption}
        save_image(picture, path, notes | {"seed": str(seed), "sample": str(sample)})
    columns = num_samples if num_samples > 1 else None
    save_image(captioned_grid(pictures, [caption for caption, _ in asked], columns), output / GRID, {"seed": str(seed)})
    return [*names, output / GRID]


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
    files = generate(
        config.run, captions, Path(config.output), config.num_samples, config.seed, pick_device(config.device)
    )
    for path in files:
        print(path)


def main() -> None:
    """The command line."""
    command("generate", job)


if __name__ == "__main__":
    main()
