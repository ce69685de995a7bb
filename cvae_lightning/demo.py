"""Try a trained model in a browser: ``python -m cvae_lightning.demo``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "demo")
if __name__ == "__main__":
    main()
