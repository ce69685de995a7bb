"""Show pictures as a trained model sees them: ``python -m cvae_lightning.reconstruct images=...``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "reconstruct")
if __name__ == "__main__":
    main()
