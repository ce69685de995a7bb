"""Show what a trained model's latents, noise and flow do: ``python -m cvae_lightning.explore run=...``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "explore")
if __name__ == "__main__":
    main()
