"""Write scenes as a data set of captioned pictures: ``python -m cvae_lightning.dataset output=FOLDER``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "dataset")
if __name__ == "__main__":
    main()
