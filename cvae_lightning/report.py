"""Read a sweep or a search: ``python -m cvae_lightning.report sweep=FOLDER``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "report")
if __name__ == "__main__":
    main()
