"""Paint captions with a trained model: ``python -m cvae_lightning.generate 'captions=[...]'``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "generate")
if __name__ == "__main__":
    main()
