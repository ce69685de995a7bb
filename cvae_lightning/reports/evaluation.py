"""The report of an evaluation, for a person to read, from the content of ``evaluation.json`` alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvae_lightning.evaluation.consistency import SLICES
from cvae_lightning.evaluation.coverage import NEIGHBOURS
from cvae_lightning.reports.summary import percent, summary_sentences, with_interval
from cvae_lightning.world import ATOMS

KINDS = {"real": "the split's own images", "samples": "samples", "reconstructions": "reconstructions"}
SHUFFLED = "samples, another caption"


def evaluation_report(results: dict[str, Any]) -> str:
    """Markdown that shows the pictures beside it."""
    parts = [
        f"# Evaluation of {results['checkpoint']['name']}\n",
        _intro(results),
        "## What it gets wrong most\n",
        "\n".join(f"- {sentence}" for sentence in summary_sentences(results)) + "\n",
        "## Caption consistency\n",
        _consistency(results["splits"]),
        "![consistency](consistency.png)\n",
        *_traits(results["splits"]),
        "## Reconstruction and bounds\n",
        _numbers(results["splits"]),
        "![reconstructions](reconstruction.png)\n\n![rate](rate.png)\n",
        "## Diversity given the caption\n",
        _diversity(results["diversity"]),
        "![positions](positions.png)\n",
        *_pictures(results["splits"]),
        "## How it was measured\n",
        _method(results),
    ]
    return "\n".join(parts)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _intro(results: dict[str, Any]) -> str:
    settings = results["settings"]
    sampling = ", ".join(f"{name}={value}" for name, value in settings.get("sampling", {}).items())
    return (
        f"{results['image_size']} px, {settings['captions']} captions of each split, one sample a caption, "
        f"seed {settings['seed']}, scenes of world {settings['world']['seed']}. "
        "In brackets: 95 % intervals over captions, in percent."
        + (f" Sampled otherwise than in training: {sampling}." if sampling else "")
        + "\n"
    )


def _consistency(splits: dict[str, Any]) -> str:
    rows = []
    for split, found in splits.items():
        for kind, words in {**KINDS, "shuffled": SHUFFLED}.items():
            atoms = found[kind]["atoms"]
            cells = [with_interval(atoms[a]) if a == "all" else percent(atoms[a]["share"]) for a in ATOMS if a in atoms]
            rows.append([split, words, *_aligned(cells, atoms)])
    return table(["split", "of", *ATOMS], rows)


def _aligned(cells: Sequence[str], atoms: dict[str, Any]) -> list[str]:
    """A cell for every atom, empty for those that no caption has."""
    given = iter(cells)
    return [next(given) if atom in atoms else "" for atom in ATOMS]


def _traits(splits: dict[str, Any]) -> list[str]:
    """By form, number and attribute value: ``all`` of samples in each split, of reconstructions in the first."""
    first = next(iter(splits.values()))
    parts = []
    for trait in SLICES:
        named = [v for v in SLICES[trait].values if any(v in one["samples"]["by"][trait] for one in splits.values())]
        rows = [[v, *(_cell(one["samples"], trait, v) for one in splits.values())] for v in named]
        for row in rows:
            row.append(_cell(first["reconstructions"], trait, row[0]))
        header = [trait, *(f"`{split}`" for split in splits), f"reconstructions, `{next(iter(splits))}`"]
        parts += [f"By {trait}, all atoms:\n", table(header, rows)]
    return parts


def _cell(found: dict[str, Any], trait: str, value: str) -> str:
    cell = found["by"][trait].get(value)
    return "" if cell is None else f"{with_interval(cell['all'])}, n {cell['all']['of']}"


def _numbers(splits: dict[str, Any]) -> str:
    tight = next(iter(splits.values()))["bounds"]["importance_weighted"]
    rows = [
        ["reconstruction loss (distortion), nats per image", *_each(splits, "bounds", "distortion", ".1f")],
        ["rate, nats per image", *_each(splits, "bounds", "rate", ".1f")],
        ["evidence lower bound, nats per image", *_each(splits, "bounds", "elbo", ".1f")],
        ["... bits per dimension", *_each(splits, "bounds", "bits_per_dim", ".4f")],
        [f"... of the first {tight['images']} images", *_tight(splits, "elbo", ".1f")],
        [f"importance-weighted bound of those, K = {tight['samples']}", *_tight(splits, "bound", ".1f")],
        ["... bits per dimension", *_tight(splits, "bits_per_dim", ".4f")],
        ["mean squared error", *_each(splits, "errors", "mse", ".5f")],
        ["mean absolute error", *_each(splits, "errors", "mae", ".4f")],
        ["PSNR, dB", *_each(splits, "errors", "psnr", ".2f")],
        ["SSIM", *_each(splits, "errors", "ssim", ".4f")],
        ["active units", *(f"{s['latent']['active_units']} of {s['latent']['units']}" for s in splits.values())],
    ]
    return table(["", *(f"`{split}`" for split in splits)], rows)


def _each(splits: dict[str, Any], group: str, name: str, style: str) -> list[str]:
    return [format(found[group][name], style) for found in splits.values()]


def _tight(splits: dict[str, Any], name: str, style: str) -> list[str]:
    return [format(found["bounds"]["importance_weighted"][name], style) for found in splits.values()]


def _diversity(diversity: dict[str, Any]) -> str:
    def cells(row: dict[str, Any], what: str) -> list[str]:
        return [f"{row[what][side]:.3f}" for side in ("model", "real")] if what in row else ["", ""]

    rows = [
        [row["caption"], f"{row['right']} of {row['of']}", *cells(row, "coverage"), *cells(row, "spread")]
        for row in diversity["rows"]
    ]
    if diversity["measured"]:
        rows.append(["**mean**", "", *cells(diversity, "coverage"), *cells(diversity, "spread")])
    return table(["caption", "right", "coverage", "... of real scenes", "spread", "... of real scenes"], rows)


def _pictures(splits: dict[str, Any]) -> list[str]:
    return [
        f"## Pictures of {split}\n\nThe first samples, none picked: green frames are right, red ones wrong.\n\n"
        f"![samples](samples_{split}.png)\n\n![confusion](confusion_{split}.png)\n"
        for split in splits
    ]


def _method(results: dict[str, Any]) -> str:
    tight = next(iter(results["splits"].values()))["bounds"]["importance_weighted"]
    return "\n".join(
        [
            "- Consistency: the judge sees pixels alone; `all` means the things are exactly the caption's and the",
            "  relation holds. Intervals are Wilson's. The split's own images say what a perfect painter gets.",
            "- Another caption: each sample judged against the next caption of another meaning.",
            "- Confusion: asked and seen things are paired one to one, those that agree in most of colour, shape and",
            "  size first (then colour, then shape); without a partner, asked things were seen as nothing and seen",
            "  ones asked as nothing. So tables show the fewest confusions that explain a picture.",
            "- MSE, MAE, PSNR and SSIM are of reconstructions through the posterior's mean, distortion and rate of",
            "  one draw of it. The evidence lower bound is -distortion - rate, with the prior that the rate is",
            "  measured against.",
            f"- The importance-weighted bound (Burda et al. 2016) has K = {tight['samples']} draws; the bound beside",
            "  it is the mean over the same draws.",
            "- Bits per dimension count a density at a grey level times the distance of two levels; no noise is added.",
            "- Active units: the posterior's mean varies by more than 0.01 over images (Burda et al. 2016).",
            f"- Coverage (Naeem et al. 2020, k = {NEIGHBOURS}): the share of real scenes with a right picture of the",
            "  same caption no farther than their k-th nearest real one, by the vector of their things' centres.",
            "  Spread: the root mean square distance from the mean vector. Beside each: as many other real scenes.",
            f"- Checkpoint sha256 {results['checkpoint']['sha256']}.\n",
        ]
    )
