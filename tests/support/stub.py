"""A job in place of training: a curve that is known, in a folder like a run's. Run as ``stub.py -m OVERRIDES``."""

import json
import math
import os
import time
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from cvae_lightning.cli.app import command
from cvae_lightning.runs import METRICS

EPOCHS = 3


def curve(beta: float, latent_dim: int, epoch: int) -> float:
    """The stub's metric after an epoch; best at beta 1 and 32 latents."""
    return math.log10(beta) ** 2 + abs(latent_dim - 32) / 32 + 1 / epoch


def job(config: DictConfig) -> None:
    from cvae_lightning.sweeps.optuna.trial import RunningTrial

    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    if (folder / METRICS).exists():
        return
    with (folder / "starts.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    wait_for_workers(folder.parent, int(os.environ.get("STUB_WORKERS", 1)))
    if config.objective.beta > 50:
        raise RuntimeError("beta is too large")
    trial = RunningTrial.of(hydra)
    for epoch in range(1, EPOCHS + 1):
        value = curve(config.objective.beta, config.model.latent_dim, epoch)
        if trial.report(epoch, {"val/loss": value}):
            break
    # Both at once as nearly as can be: a kill between them would be a second end of a trial that had ended.
    part = folder / "metrics.part"
    part.write_text(json.dumps({"epochs": epoch, "metrics": {"val/loss": value}}))
    with (folder / "ends.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    part.replace(folder / METRICS)


def wait_for_workers(study: Path, count: int) -> None:
    """Return when so many workers have begun a trial."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(pids(study, "starts.txt")) < count:
        time.sleep(0.01)


def pids(study: Path, name: str) -> set[str]:
    return {line for file in study.glob(f"*/{name}") for line in file.read_text().split()}


if __name__ == "__main__":
    command("train", job)
