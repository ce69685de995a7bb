"""The report of an evaluation, for a person to read, from the content of ``evaluation.json`` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

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
SAME = {
    "wording": "word for word",
    "meaning": "meaning: synonyms are equal",
    "content": "content: also *A above B* and *B below A*, *A and B* and *B and A*",
}
"""When two captions are the same, by the names of :data:`cvae_lightning.evaluation.novelty.COMPARISONS`."""
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
        given=results["given"],
        sentences=summary_sentences(results),
        consistency=_consistency(splits),
        novelty=_novelty(splits) if settings["world"].get("train_size") else None,
        slices=list(_slices(splits)),
        numbers=_numbers(splits),
        prior=results["bounds_prior"],
        prior_bound=results["prior_bound"],
        fixed=results["fixed_caption"],
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
    for trait in splits[first]["samples"]["by"]:
        known = dict.fromkeys(value for split in splits.values() for value in split["samples"]["by"][trait])
        rows = [[value, *(_cell(splits[split][kind], trait, value) for split, kind in columns)] for value in known]
        yield trait, [trait, *(f"`{split}`" for split in splits), f"reconstructions, `{first}`"], rows


def _cell(found: dict[str, Any], trait: str, value: str) -> str:
    cell = found["by"][trait].get(value)
    return "" if cell is None else f"{with_interval(cell['all'])}, n {cell['all']['of']}"


def _novelty(splits: dict[str, Any]) -> tuple[Header, Rows]:
    """Right samples on captions that training had and on others, by split and by when two captions are the same."""
    rows = [
        [f"`{split}`", words, *_known_and_new(found["novelty"][name])]
        for split, found in splits.items()
        for name, words in SAME.items()
    ]
    return ["split", "the same by", "in training", "right", "new", "right"], rows


def _known_and_new(kinds: dict[str, Any]) -> Iterator[str]:
    for kind in ("known", "new"):
        yield str(kinds[kind]["of"]) if kind in kinds else "0"
        yield with_interval(kinds[kind]) if kind in kinds else ""


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
        [
            "active units over all captions",
            *(f"{s['latent']['active_units']} of {s['latent']['units']}" for s in splits.values()),
        ],
    ]
    return ["", *(f"`{split}`" for split in splits)], rows


def _tightest(splits: dict[str, Any]) -> dict[str, Any]:
    bound: dict[str, Any] = next(iter(splits.values()))["bounds"]["importance_weighted"]
    return bound


def _diversity(diversity: dict[str, Any]) -> tuple[Header, Rows]:
    def cells(row: dict[str, Any], what: str) -> list[str]:
        return [f"{row[what][side]:.3f}" for side in ("model", "real")] if what in row else ["", ""]

    rows = [
        [
            row["caption"],
            f"{row['right']} of {row['of']}",
            *cells(row, "coverage"),
            *cells(row, "spread"),
            *_variety(row.get("variety")),
        ]
        for row in diversity["rows"]
    ]
    if diversity["measured"]:
        mean = [f"{diversity['variety']['mean']:.2f}", ""]
        rows.append(["**mean**", "", *cells(diversity, "coverage"), *cells(diversity, "spread"), *mean])
    header = ["caption", "right", "coverage", "... of real scenes", "spread", "... of real scenes"]
    return [*header, "variety", "... by object"], rows


def _variety(found: dict[str, Any] | None) -> list[str]:
    """The ratio of spreads with its interval, and of each object."""
    if found is None:
        return ["", ""]
    ratio = f"{found['ratio']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
    return [ratio, " ".join(f"{value:.2f}" for value in found["by_object"])]
