"""An evaluation as one page with charts, sortable tables and its wrong samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cvae_lightning.reports.charts import svg_file
from cvae_lightning.reports.document import Block, Card, Chart, Document, Gallery, Picture, Section, Shown, Table, Text
from cvae_lightning.reports.evaluation import KINDS
from cvae_lightning.reports.evaluation_charts import confusion_chart, rate_chart, slices_chart
from cvae_lightning.reports.evaluation_files import is_of_pictures
from cvae_lightning.reports.evaluation_pictures import draw_consistency
from cvae_lightning.reports.kept_samples import KeptSample
from cvae_lightning.reports.pictures_evaluation import numbers_table
from cvae_lightning.reports.summary import summary_sentences
from cvae_lightning.reports.templating import percent, with_interval
from cvae_lightning.runs import layout
from cvae_lightning.runs.counted import counted
from cvae_lightning.world import ATOMS

BY_WEIGHT = ("all", *(atom for atom in ATOMS if atom != "all"))
"""The atoms as columns: the whole verdict stands first, where a wide table is not cut."""
MOST_WRONG, MOST_FIRST = 48, 16
"""Pictures of a split that are shown: wrong samples, and the first ones."""


def evaluation_page(results: Mapping[str, Any], samples: Sequence[KeptSample], folder: Path) -> Document:
    """The page.

    Args:
        results: the content of ``evaluation.json``.
        samples: those that it has kept.
        folder: of its pictures; one that is absent is left out.
    """
    settings = results["settings"]
    title = f"Evaluation of {results['checkpoint']['name']}"
    facts = (
        f"{results['image_size']} px, {counted(settings['captions'], 'caption')} of each split, one sample per caption"
        f", seed {settings['seed']}; sha256 {results['checkpoint']['sha256'][:16]}."
    )
    if is_of_pictures(results):
        numbers = Section("Numbers", (Text(facts), *_numbers(results)))
        found = (_retrieved(split, samples) for split in results["splits"])
        return Document(title, (numbers, *found, *_pictures(folder)))
    return Document(
        title,
        (
            Section("In short", (Text(facts), *map(Text, _sentences(results)))),
            Section("Right samples", tuple(consistency(results["splits"]))),
            Section("By what captions name", tuple(_slices(results["splits"]))),
            Section("What is detected instead", tuple(_confusions(results["splits"]))),
            Section("Rate of each latent", tuple(_rate(results["splits"]))),
            *(_samples(split, samples) for split in results["splits"]),
            *_pictures(folder),
        ),
    )


def _sentences(results: Mapping[str, Any]) -> list[str]:
    """The findings in words, without the marks of Markdown; none of an evaluation of version 0.1, which lacks some."""
    sentences = summary_sentences(dict(results)) if "fixed_caption" in results else []
    return [sentence.replace("`", "").replace("*", "") for sentence in sentences]


def consistency(splits: Mapping[str, Any]) -> Iterator[Block]:
    """The share of right samples by split and atom, as a chart and as a table."""
    caption = "Share of samples in which each atom of the verdict holds, with 95 % intervals; diamonds: reconstructions"
    yield Chart(caption, "consistency", svg_file(draw_consistency(splits)))
    rows = [
        [split, words, *(_share(found[kind]["atoms"], atom) for atom in BY_WEIGHT)]
        for split, found in splits.items()
        for kind, words in KINDS.items()
    ]
    yield Table(["split", "of", *BY_WEIGHT], rows, sortable=True)


def _share(atoms: Mapping[str, Any], atom: str) -> str:
    return with_interval(atoms[atom]) if atom in atoms else ""


def _slices(splits: Mapping[str, Any]) -> Iterator[Block]:
    yield Chart("Share of right samples, with 95 % intervals", "slices", svg_file(slices_chart(splits)))
    rows = [
        [split, trait, value, *(percent(cell["all"][key]) for key in ("share", "low", "high")), str(cell["all"]["of"])]
        for split, found in splits.items()
        for trait, values in found["samples"]["by"].items()
        for value, cell in values.items()
    ]
    yield Table(["split", "captions with", "value", "right", "from", "to", "captions"], rows, sortable=True)


def _confusions(splits: Mapping[str, Any]) -> Iterator[Block]:
    split, found = next(iter(splits.items()))
    caption = f"Samples of {split}: what was asked for against what the judge detects; shade: share of the row"
    yield Chart(caption, "confusion", svg_file(confusion_chart(found["samples"]["confusion"])))
    rows = [
        [name, what, asked, detected, str(times), percent(times / sum(line))]
        for name, found in splits.items()
        for what, table in found["samples"]["confusion"].items()
        for asked, line in zip(table["asked"], table["times"], strict=True)
        for detected, times in zip(table["seen"], line, strict=True)
        if times and asked != detected
    ]
    yield Table(["split", "attribute", "asked", "detected", "times", "of those asked"], rows, sortable=True)


def _rate(splits: Mapping[str, Any]) -> Iterator[Block]:
    split, found = next(iter(splits.items()))
    rate = found["latent"]["rate_by_dimension"]
    yield Chart(f"{split}: {sum(rate):.1f} nats in all", "rate", svg_file(rate_chart(rate)))


def _samples(split: str, samples: Sequence[KeptSample]) -> Section:
    """The wrong samples of a split with what the judge saw, and the first samples, none picked."""
    own = [sample for sample in samples if sample.split == split]
    wrong = [sample for sample in own if not sample.right]
    blocks: list[Block] = []
    if own:
        more = f", of which the first {MOST_WRONG} are shown" if len(wrong) > MOST_WRONG else ""
        blocks.append(Text(f"{len(wrong)} of {counted(len(own), 'sample is', 'samples are')} wrong{more}."))
        blocks.append(Gallery([_card(sample) for sample in wrong[:MOST_WRONG]]))
        blocks.append(Text(f"The first {min(len(own), MOST_FIRST)} samples, none picked:"))
        blocks.append(Gallery([_card(sample) for sample in own[:MOST_FIRST]]))
    return Section(f"Samples of {split}", blocks)


def _retrieved(split: str, samples: Sequence[KeptSample]) -> Section:
    """Own pictures whose caption is not found, each beside a sample of its caption."""
    own = [sample for sample in samples if sample.split == split]
    missed = [sample for sample in own if not sample.right]
    if not own:
        return Section(f"Captions of {split} that are not found", ())
    text = (
        f"{len(missed)} of {len(own)}: another caption explains the picture as well or better. Beside each picture is "
        f"a sample of its own caption{f'; the first {MOST_WRONG} are shown' if len(missed) > MOST_WRONG else ''}."
    )
    cards = [
        Card(f"{one.index}. {one.caption}", [Shown(one.original or one.png, "the picture"), Shown(one.png, one.reason)])
        for one in missed[:MOST_WRONG]
    ]
    return Section(f"Captions of {split} that are not found", (Text(text), Gallery(cards)))


def _card(sample: KeptSample) -> Card:
    return Card(f"{sample.index}. {sample.caption}", [Shown(sample.png, sample.reason, sample.right)])


def _numbers(results: Mapping[str, Any]) -> Iterator[Block]:
    header, rows = numbers_table(results["splits"])
    yield Table([cell.strip("`") for cell in header], rows)


def _pictures(folder: Path) -> Iterator[Section]:
    """The pictures that only the evaluation itself can draw."""
    shown = {layout.RECONSTRUCTION_PICTURE: "Reconstructions", layout.POSITIONS_PICTURE: "Positions of objects"}
    shown |= {file.name: f"Reconstructions, {file.stem}" for file in sorted(folder.glob("reconstructions_*.png"))}
    if not (folder / layout.POSITIONS_PICTURE).is_file():
        shown |= {file.name: f"Samples, {file.stem}" for file in sorted(folder.glob("samples_*.png"))}
    for name, title in shown.items():
        if (folder / name).is_file():
            yield Section(title, (Picture(name, (folder / name).read_bytes()),))
