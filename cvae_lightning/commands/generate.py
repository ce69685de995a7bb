"""The work of ``generate``: paint captions with a trained model."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.progress import loading, progress
from cvae_lightning.cli.result import done
from cvae_lightning.cli.values import captions_of
from cvae_lightning.errors import at_least_one
from cvae_lightning.inference.declared_world import check_captions
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.samples import SampleFiles, write_samples
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.runs.counted import counted


def job(config: DictConfig) -> None:
    """Paint each caption, judge the pictures and write them."""
    captions, output = captions_of(config.captions), Path(config.output)
    at_least_one(num_samples=config.num_samples, best_of=config.best_of)
    files = SampleFiles(output, captions, config.num_samples)
    files.refuse_existing()
    checkpoint = find_checkpoint(config.run)
    check_captions(captions, checkpoint)
    loading(f"PyTorch and {checkpoint}")

    from cvae_lightning.inference.checkpoint import load

    painter = load(checkpoint, pick_device(config.device), config.sampler)
    painted = painter.stream(captions, config.num_samples, config.seed, best_of=config.best_of)
    with progress("pictures", files.total) as advance:
        right = write_samples(painted, files, config.best_of, advance)
    pictures = counted(files.total, "picture says", "pictures say")
    result = f"{right} of {pictures} what was asked, best of {config.best_of} each"
    if painter.world is None:
        result = f"{counted(files.total, 'picture')}, which no judge can check"
    done(files.shown(), f"{result}; painted by {checkpoint}", f"reconstruct 'images={output}/0*.png'")
