"""Judge pictures of any generator by their captions: ``python -m cvae_lightning.judge images=FOLDER``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "judge")
if __name__ == "__main__":
    main()
