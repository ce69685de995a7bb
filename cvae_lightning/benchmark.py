"""Training speed by precision and memory format: ``python -m cvae_lightning.benchmark +experiment=guide``."""

from functools import partial

from omegaconf import DictConfig

from cvae_lightning.cli.app import command


def job(config: DictConfig) -> None:
    """Measure what the config describes."""
    from cvae_lightning.cli.signatures import check_parts
    from cvae_lightning.training.throughput import measure

    check_parts(config)
    measure(config)


main = partial(command, "benchmark", job)
if __name__ == "__main__":
    main()
