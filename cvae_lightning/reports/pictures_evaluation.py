"""The report and the pictures of an evaluation of a model of own pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvae_lightning.reports.templating import percent, render
from cvae_lightning.runs.images import write_picture
from cvae_lightning.runs.layout import split_reconstructions, split_samples

if TYPE_CHECKING:
    from cvae_lightning.evaluation.pictures import PicturesResult

SHOWN = 16
"""Pictures of a split that figures show."""
SAMPLE = "(a sample)"
"""Under the picture that the model has painted."""


def draw_split(result: PicturesResult, split: str, folder: Path) -> None:
    """Write the first pictures above their reconstructions, and each beside a sample of its caption."""
    from cvae_lightning.pictures.grids import captioned_grid, paired_grid
    from cvae_lightning.reports.run import pictures_of

    originals, samples = (pictures_of(images[:SHOWN]) for images in (result.originals, result.painted))
    pairs = paired_grid(originals, pictures_of(result.stats.reconstructions[:SHOWN]))
    write_picture(pairs, folder / split_reconstructions(split))
    beside = [picture for pair in zip(originals, samples, strict=True) for picture in pair]
    captions = [text for caption in result.captions[:SHOWN] for text in (caption, SAMPLE)]
    write_picture(captioned_grid(beside, captions), folder / split_samples(split))


def pictures_report(results: dict[str, Any]) -> str:
    """Markdown that shows the pictures beside it.

    Args:
        results: the content of ``evaluation.json``.
    """
    splits = results["splits"]
    return render(
        "pictures_evaluation.md.j2",
        checkpoint=results["checkpoint"],
        image_size=results["image_size"],
        settings=results["settings"],
        prior=results["bounds_prior"],
        features=results["features"],
        numbers=numbers_table(splits),
        splits={split: (split_reconstructions(split), split_samples(split)) for split in splits},
    )


def numbers_table(splits: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of the numbers of each split, as Markdown shows them."""

    def row(name: str, group: str, key: str, style: str) -> list[str]:
        return [name, *("" if found[group] is None else format(found[group][key], style) for found in splits.values())]

    tight = [found["bounds"]["importance_weighted"] for found in splits.values()]
    rows = [
        ["pictures", *(str(found["pictures"]) for found in splits.values())],
        ["captions with words never seen in training", *(str(f["with_unknown_words"]) for f in splits.values())],
        ["own caption found, of N captions", *(_retrieval(found["retrieval"]) for found in splits.values())],
        ["... among the five best", *(_top_5(found["retrieval"]) for found in splits.values())],
        row("... mean rank of the own caption", "retrieval", "mean_rank", ".1f"),
        row("reconstruction loss (distortion), nats per image", "bounds", "distortion", ".1f"),
        row("rate, nats per image", "bounds", "rate", ".1f"),
        row("evidence lower bound, nats per image", "bounds", "elbo", ".1f"),
        [f"importance-weighted bound, K = {tight[0]['samples']}", *(f"{one['bound']:.1f}" for one in tight)],
        row("mean squared error", "errors", "mse", ".5f"),
        row("PSNR, dB", "errors", "psnr", ".2f"),
        row("SSIM", "errors", "ssim", ".4f"),
        ["active units", *(f"{f['latent']['active_units']} of {f['latent']['units']}" for f in splits.values())],
        row("Fréchet distance of samples", "distances", "fid", ".2f"),
        row("kernel distance of samples", "distances", "kid", ".4f"),
    ]
    return ["", *(f"`{split}`" for split in splits)], rows


def _retrieval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    interval = f"{100 * found['low']:.1f} to {100 * found['high']:.1f}"
    return f"{percent(found['accuracy'])} ({interval}) of {found['captions']}; chance {percent(found['chance'])}"


def _top_5(found: Mapping[str, Any] | None) -> str:
    return "" if found is None else percent(found["top_5"])


def pictures_headline(results: Mapping[str, Any]) -> str:
    """Caption retrieval on the first split, in one sentence."""
    split, found = next(iter(results["splits"].items()))
    if found["retrieval"] is None:
        return f"{found['pictures']} picture of {split}: too few to choose captions from"
    return f"{_retrieval(found['retrieval'])}: pictures of {split} whose own caption explains them best"
