"""The work of ``reconstruct``: show pictures as a trained model sees them."""

from pathlib import Path

from omegaconf import DictConfig
from PIL.Image import Image

from cvae_lightning.cli.progress import loading, progress
from cvae_lightning.cli.result import done
from cvae_lightning.cli.values import texts
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.reconstructions import reconstruction_files, write_reconstructions
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.images import captions_of, find_images, read_image, refuse_existing

AT_ONCE = 64
"""Pictures that go through the model together."""


def job(config: DictConfig) -> None:
    """Encode and decode each image and write what comes out."""
    paths = find_images(texts(config.images))
    images = [read_image(path) for path in paths]
    captions = captions_of(paths, images, None if config.captions is None else texts(config.captions))
    files = reconstruction_files(Path(config.output), paths)
    refuse_existing(files)
    checkpoint = find_checkpoint(config.run)
    loading(f"PyTorch and {checkpoint}")

    from cvae_lightning.inference.checkpoint import load

    painter, pictures = load(checkpoint, pick_device(config.device)), list[Image]()
    with progress("pictures", len(images)) as advance:
        for start in range(0, len(images), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            pictures += painter.reconstruct(images[part], captions[part])
            advance(len(images[part]))
    write_reconstructions(images, pictures, captions, files)
    done(files, f"{counted(len(pictures), 'reconstruction')} by {checkpoint}", f"evaluate run={checkpoint}")
