"""Measure how far the judge can be trusted: ``python -m cvae_lightning.judge_reliability output=FOLDER``."""

from functools import partial

from cvae_lightning.cli.app import command

main = partial(command, "judge_reliability")
if __name__ == "__main__":
    main()
