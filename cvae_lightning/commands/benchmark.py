"""The work of ``benchmark``: training speed by precision and memory format."""

import shlex

from omegaconf import DictConfig

from cvae_lightning.cli.result import done


def job(config: DictConfig) -> None:
    """Measure what the config describes."""
    from hydra.core.hydra_config import HydraConfig

    from cvae_lightning.cli.signatures import check_parts
    from cvae_lightning.training.throughput import measure

    check_parts(config)
    files, fastest = measure(config)
    chosen = [text for text in HydraConfig.get().overrides.task if not text.startswith("benchmark.")]
    layout = f"channels_last={str(fastest.channels_last).lower()}"
    following = shlex.join(["train", *chosen, f"trainer.precision={fastest.precision}", layout])
    done(files, f"fastest: {fastest.label}, {fastest.lightning:.1f} images/s", following)
