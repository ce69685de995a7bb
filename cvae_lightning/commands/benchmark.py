"""The work of ``benchmark``: training speed of variants in turns."""

import shlex
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done


def job(config: DictConfig) -> None:
    """Measure what the config describes."""
    from hydra.core.hydra_config import HydraConfig

    from cvae_lightning.cli.signatures import check_parts
    from cvae_lightning.training.speed.measure import measure

    check_parts(config)
    hydra = HydraConfig.get()
    chosen = [text for text in hydra.overrides.task if not text.startswith("benchmark.")]
    measured = measure(config, chosen, Path(hydra.runtime.output_dir))
    fastest = measured.fastest
    speed = f"fastest: {fastest.name}, {fastest.images_per_second:.1f} images/s, {fastest.ratio} times the first"
    done(list(measured.files), speed, shlex.join(["train", *fastest.arguments]))
