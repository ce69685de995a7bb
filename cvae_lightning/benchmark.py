"""Training speed by precision and memory format: ``python -m cvae_lightning.benchmark +experiment=guide``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "benchmark")
if __name__ == "__main__":
    main()
