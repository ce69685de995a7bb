"""Training speed by precision and memory format: ``python -m cvae_lightning.benchmark +experiment=guide``."""

from __future__ import annotations

from omegaconf import DictConfig

from cvae_lightning.cli.app import command


def job(config: DictConfig) -> None:
    """The command's work."""
    from cvae_lightning.training.throughput import measure

    measure(config)


def main() -> None:
    """The command line."""
    command("benchmark", job)


if __name__ == "__main__":
    main()
