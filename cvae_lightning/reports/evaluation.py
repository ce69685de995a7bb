"""The report of an evaluation, for a person to read, from the content of ``evaluation.json`` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from cvae_lightning.evaluation.consistency import SLICES
from cvae_lightning.evaluation.coverage import NEIGHBOURS
from cvae_lightning.reports.summary import summary_sentences
from cvae_lightning.reports.templating import percent, render, with_interval
from cvae_lightning.world import ATOMS

KINDS = {
    "real": "the split's own images",
    "samples": "samples",
    "reconstructions": "reconstructions",
    "shuffled": "samples, another caption",
}
"""What is judged, as the table of consistency names it."""
Header: TypeAlias = Sequence[str]
Rows: TypeAlias = Sequence[Sequence[str]]


def evaluation_report(results: dict[str, Any]) -> str:
    """Markdown that shows the pictures beside it.

    Args:
        results: the content of ``evaluation.json``.
    """
    splits, settings = results["splits"], results["settings"]
    return render(
        "evaluation.md.j2",
        checkpoint=results["checkpoint"],
        image_size=results["image_size"],
        settings=settings,
        sampler=", ".join(f"{name}={value}" for name, value in settings.get("sampler", {}).items()),
        sentences=summary_sentences(results),
        consistency=_consistency(splits),
        slices=list(_slices(splits)),
        numbers=_numbers(splits),
        diversity=_diversity(results["diversity"]),
        splits=list(splits),
        num_draws=_tightest(splits)["samples"],
        neighbours=NEIGHBOURS,
    )


def _consistency(splits: dict[str, Any]) -> tuple[Header, Rows]:
    """A row per split and kind of picture; a cell stays empty where no caption has the atom."""
    rows = [
        [split, words, *(_share(found[kind]["atoms"], atom) for atom in ATOMS)]
        for split, found in splits.items()
        for kind, words in KINDS.items()
    ]
    return ["split", "of", *ATOMS], rows


def _share(atoms: dict[str, Any], atom: str) -> str:
    if atom not in atoms:
        return ""
    return with_interval(atoms[atom]) if atom == "all" else percent(atoms[atom]["share"])


def _slices(splits: dict[str, Any]) -> Iterator[tuple[str, Header, Rows]]:
    """By form, number and attribute value: ``all`` of samples in each split, of reconstructions in the first."""
    first = next(iter(splits))
    columns = [(name, "samples") for name in splits] + [(first, "reconstructions")]
    for trait, described in SLICES.items():
        known = {value for split in splits.values() for value in split["samples"]["by"][trait]}
        rows = [
            [value, *(_cell(splits[split][kind], trait, value) for split, kind in columns)]
            for value in described.values
            if value in known
        ]
        yield trait, [trait, *(f"`{split}`" for split in splits), f"reconstructions, `{first}`"], rows


def _cell(found: dict[str, Any], trait: str, value: str) -> str:
    cell = found["by"][trait].get(value)
    return "" if cell is None else f"{with_interval(cell['all'])}, n {cell['all']['of']}"


def _numbers(splits: dict[str, Any]) -> tuple[Header, Rows]:
    tight = _tightest(splits)

    def row(name: str, group: str, key: str, style: str) -> list[str]:
        return [name, *(format(found[group][key], style) for found in splits.values())]

    def tight_row(name: str, key: str, style: str) -> list[str]:
        return [name, *(format(found["bounds"]["importance_weighted"][key], style) for found in splits.values())]

    rows = [
        row("reconstruction loss (distortion), nats per image", "bounds", "distortion", ".1f"),
        row("rate, nats per image", "bounds", "rate", ".1f"),
        row("evidence lower bound, nats per image", "bounds", "elbo", ".1f"),
        row("... bits per dimension", "bounds", "bits_per_dim", ".4f"),
        tight_row(f"... of the first {tight['images']} images", "elbo", ".1f"),
        tight_row(f"importance-weighted bound of those, K = {tight['samples']}", "bound", ".1f"),
        tight_row("... bits per dimension", "bits_per_dim", ".4f"),
        row("mean squared error", "errors", "mse", ".5f"),
        row("mean absolute error", "errors", "mae", ".4f"),
        row("PSNR, dB", "errors", "psnr", ".2f"),
        row("SSIM", "errors", "ssim", ".4f"),
        ["active units", *(f"{s['latent']['active_units']} of {s['latent']['units']}" for s in splits.values())],
    ]
    return ["", *(f"`{split}`" for split in splits)], rows


def _tightest(splits: dict[str, Any]) -> dict[str, Any]:
    bound: dict[str, Any] = next(iter(splits.values()))["bounds"]["importance_weighted"]
    return bound


def _diversity(diversity: dict[str, Any]) -> tuple[Header, Rows]:
    def cells(row: dict[str, Any], what: str) -> list[str]:
        return [f"{row[what][side]:.3f}" for side in ("model", "real")] if what in row else ["", ""]

    rows = [
        [row["caption"], f"{row['right']} of {row['of']}", *cells(row, "coverage"), *cells(row, "spread")]
        for row in diversity["rows"]
    ]
    if diversity["measured"]:
        rows.append(["**mean**", "", *cells(diversity, "coverage"), *cells(diversity, "spread")])
    return ["caption", "right", "coverage", "... of real scenes", "spread", "... of real scenes"], rows
