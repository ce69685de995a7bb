"""``cvae COMMAND ...``, the same as ``python -m cvae_lightning COMMAND ...``; without a command, what there is."""

from cvae_lightning.cli.listing import main

if __name__ == "__main__":
    main()
