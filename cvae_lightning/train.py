"""Train a model: ``python -m cvae_lightning.train +experiment=quickstart``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "train", resumable=True)
if __name__ == "__main__":
    main()
