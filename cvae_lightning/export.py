"""Write a trained model as one small file: ``python -m cvae_lightning.export run=... output=...``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "export")
if __name__ == "__main__":
    main()
