"""Judge a trained model: ``python -m cvae_lightning.evaluate``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "evaluate")
if __name__ == "__main__":
    main()
