"""Which ways to train a benchmark compares."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cvae_lightning.errors import UserError
from cvae_lightning.training.precision import Hardware, native_precisions
from cvae_lightning.training.speed.alternate import PACKAGE_ROOT, Variant

COMPARISONS = ("loops", "precision", "memory_format", "threads", "side_thread", "compile", "clip_by_part")
NAMES = {"32-true": "fp32", "bf16-mixed": "bf16", "16-mixed": "fp16"}


def variants(arguments: Sequence[str], hardware: Hardware, compare: Sequence[str]) -> list[Variant]:
    """The command as given, and one variant for each other choice of what is compared.

    Args:
        arguments: of ``train``.
        hardware: what the command chooses here.
        compare: some of ``COMPARISONS``.
    """
    given = Variant(name="train", arguments=tuple(arguments))
    return [given, *(variant for what in compare for variant in _others(given, hardware, what))]


def _others(given: Variant, hardware: Hardware, what: str) -> Iterator[Variant]:
    def changed(name: str, *more: str) -> Variant:
        return replace(given, name=name, arguments=(*given.arguments, *more))

    if what == "loops":
        yield replace(given, name="barebones Trainer", loop="barebones")
        yield replace(given, name="bare loop", loop="bare")
    elif what == "precision":
        for precision in native_precisions(hardware.accelerator):
            if precision != NAMES[hardware.precision]:
                yield changed(precision, f"trainer.precision={precision}")
    elif what == "memory_format":
        other = not hardware.channels_last
        yield changed("channels_last" if other else "contiguous", f"channels_last={str(other).lower()}")
    elif what == "threads":
        for threads in sorted({1, os.cpu_count() or 1}):
            yield replace(given, name=f"{threads} thread{'s' * (threads > 1)}", threads=threads)
    elif what == "side_thread":
        yield changed("no side thread", "side_thread=false")
    else:
        yield changed(what, f"{what}=true")


def of_revision(given: Variant, revision: str, folder: Path) -> Variant:
    """The same command at another revision of this checkout, whose files are written into the folder.

    Raises:
        UserError: the package is not in a git checkout, or git knows no such revision.
    """
    packed = subprocess.run(["git", "archive", revision], cwd=PACKAGE_ROOT, capture_output=True)
    if packed.returncode:
        reason = packed.stderr.decode(errors="replace").strip()
        raise UserError(
            f"benchmark.against={revision}: expected a revision of the package's git checkout; git: {reason}"
        )
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return replace(given, name=revision, code=folder)
