"""Show pictures as a trained model sees them: ``python -m cvae_lightning.reconstruct images=...``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig
from PIL import Image

from cvae_lightning.cli.app import command
from cvae_lightning.errors import UserError
from cvae_lightning.generate import pick_device
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.runs.images import caption_of, find_images, read_image, refuse_existing, save_image
from cvae_lightning.runs.layout import RECONSTRUCTION_PICTURE


def reconstruct(
    run: str | Path | None,
    images: str | Sequence[str],
    output: Path,
    captions: Sequence[str] | None = None,
    device: str = "cpu",
) -> list[Path]:
    """Write each image's reconstruction and ``reconstruction.png``, originals over reconstructions.

    Args:
        run: a run folder, a checkpoint or exported weights; None takes the model that comes with the package.
        images: files, folders or patterns.
        output: the folder to write into.
        captions: one an image; None takes what the PNG files of ``generate`` hold.
        device: where to run the model.

    Returns:
        the files written, the grid last.

    Raises:
        CaptionError, UserError: what is wrong with the request; nothing is written then.
    """
    paths = find_images(images)
    pictures = [read_image(path) for path in paths]
    said = _captions(paths, pictures, captions)
    names = [output / f"{number:03d}_{path.stem}.png" for number, path in enumerate(paths)]
    refuse_existing([*names, output / RECONSTRUCTION_PICTURE])
    checkpoint = find_checkpoint(run)

    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.reports.grids import paired_grid

    painter = load(checkpoint, pick_device(device))
    seen = painter.reconstruct(pictures, said)
    for picture, caption, path in zip(seen, said, names, strict=True):
        save_image(picture, path, {"caption": caption})
    side = painter.model.image_size
    originals = [picture.convert("RGB").resize((side, side), Image.Resampling.BOX) for picture in pictures]
    save_image(paired_grid(originals, seen), output / RECONSTRUCTION_PICTURE, {})
    return [*names, output / RECONSTRUCTION_PICTURE]


def _captions(paths: list[Path], pictures: list[Image.Image], given: Sequence[str] | None) -> list[str]:
    if given is not None:
        if len(given) != len(paths):
            raise UserError(f"{len(paths)} images but {len(given)} captions: each image needs its own")
        return list(given)
    said = [caption_of(picture) for picture in pictures]
    for path, caption in zip(paths, said, strict=True):
        if caption is None:
            raise UserError(f"{path} holds no caption: name each image's with captions=[...]")
    return [caption for caption in said if caption is not None]


def job(config: DictConfig) -> None:
    """The command's work."""
    given = config.captions
    captions = None if given is None else [given] if isinstance(given, str) else [str(c) for c in given]
    images = config.images if isinstance(config.images, str) else [str(i) for i in config.images]
    for path in reconstruct(config.run, images, Path(config.output), captions, config.device):
        print(path)


def main() -> None:
    """The command line."""
    command("reconstruct", job)


if __name__ == "__main__":
    main()
