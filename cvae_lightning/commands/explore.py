"""The work of ``explore``: show what a trained model's latents, noise and flow do."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.progress import loading
from cvae_lightning.cli.result import done
from cvae_lightning.errors import at_least_one
from cvae_lightning.inference.declared_world import check_captions
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.explored import explored_files, write_explored
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Paint the variations and write a picture of each kind."""
    at_least_one(latents=config.latents, num_samples=config.num_samples)
    output = Path(config.output)
    refuse_existing(explored_files(output))
    checkpoint, captions = find_checkpoint(config.run), (str(config.caption), str(config.edited))
    check_captions(captions, checkpoint)
    loading(f"PyTorch and {checkpoint}")

    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.inference.explore import explore

    painter = load(checkpoint, pick_device(config.device))
    shown = explore(painter, *captions, config.seed, config.latents, config.num_samples)
    written = write_explored(shown, output)
    done(written, f"{len(written)} files about {checkpoint}", f"evaluate run={checkpoint}")
