"""What changed from one evaluation to another, as a page: how much, whether by chance, and which captions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from cvae_lightning.evaluation.paired import holm
from cvae_lightning.reports.charts import PALETTE, svg_file, tip
from cvae_lightning.reports.compared import Compared, Pair
from cvae_lightning.reports.document import Block, Card, Chart, Document, Gallery, Section, Shown, Table, Text
from cvae_lightning.reports.figures import new_figure
from cvae_lightning.reports.pictures_evaluation import numbers_table
from cvae_lightning.reports.templating import percent
from cvae_lightning.runs.counted import counted
from cvae_lightning.world import ATOMS

LEVEL = 0.05
"""A difference whose corrected p-value is below it is called more than chance."""
MOST_CARDS = 60
"""Captions of a split that are shown with their pictures."""
CAUTION = (
    "The test is about these two models, with one sample per caption. Whether one recipe is better than the other is "
    "another question: trainings with other random seeds differ too, so repeat them before you claim it."
)
OWN_PICTURES = (
    "No judge knows what these pictures should show. Right means here that the model finds a picture's own caption: "
    "it explains the picture better, by the model's own likelihood, than the captions of the other pictures do. The "
    "pictures compete for the same captions, so that they are not quite independent, and p is approximate."
)
Rows = dict[str, dict[str, Any]]


def compare_report(compared: Compared) -> Document:
    """The page about two evaluations."""
    rows = _rows(compared)
    return Document(
        f"{compared.names[0]} and {compared.names[1]}",
        (
            Section("In short", tuple(_summary(compared, rows))),
            Section("Difference by split", tuple(_difference(compared, rows))),
            Section("Numbers", tuple(_numbers(compared)))
            if compared.own_pictures
            else Section("By atom of the verdict", (_atoms(compared),)),
            Section("What differs in how they were made", (_settings(compared),)),
            *(Section(f"Captions of {split} that changed", tuple(_changed(compared, split))) for split in rows),
        ),
    )


def headline(compared: Compared) -> str:
    """The difference on the first split in one sentence."""
    split, row = next(iter(_rows(compared).items()))
    return _sentence(compared.names, split, row)


def _rows(compared: Compared) -> Rows:
    """Counts, interval and p-value of each split, the latter also corrected for the number of splits."""
    rows = {split: {"of": len(pairs)} | compared.table(split).plain() for split, pairs in compared.splits.items()}
    for row, corrected in zip(rows.values(), holm([row["p"] for row in rows.values()]), strict=True):
        row["corrected"] = corrected
    return rows


def _sentence(names: Sequence[str], split: str, row: Mapping[str, Any]) -> str:
    shares = [percent((row["both"] + row[key]) / row["of"]) for key in ("first_only", "second_only")]
    is_more = "more than chance" if row["corrected"] < LEVEL else "not more than chance gives"
    return (
        f"On {split} {names[0]} has {shares[0]} of {counted(row['of'], 'caption')} right and {names[1]} {shares[1]}: "
        f"a difference of {_points(row['difference'])} points ({_points(row['low'])} to {_points(row['high'])}). "
        f"{names[0]} alone is right on {row['first_only']} and {names[1]} alone on {row['second_only']}, "
        f"which is {is_more} ({_p('p', row['p'])}, {_p('corrected', row['corrected'])})."
    )


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign.

    >>> _points(0.0123), _points(-0.5), _points(0)
    ('+1.2', '-50.0', '0.0')
    """
    return f"{100 * share:+.1f}" if round(share, 3) else "0.0"


def _p(name: str, value: float) -> str:
    """A p-value as it is written.

    >>> _p("p", 0.0123), _p("p", 1e-9)
    ('p = 0.012', 'p < 0.0001')
    """
    return f"{name} < 0.0001" if value < 1e-4 else f"{name} = {value:.2g}"


def _summary(compared: Compared, rows: Rows) -> Iterator[Block]:
    for split, row in rows.items():
        yield Text(_sentence(compared.names, split, row))
    yield Text(
        "Differences are second minus first, in percentage points, with 95 % intervals for paired shares (Newcombe "
        "1998, method 10). p is of McNemar's exact test on the captions where only one is right; it is also corrected "
        f"for {len(rows)} split{'s' * (len(rows) > 1)} (Holm 1979); more than chance means that it is below {LEVEL}."
    )
    if compared.own_pictures:
        yield Text(OWN_PICTURES)
    yield Text(CAUTION)


def _difference(compared: Compared, rows: Rows) -> Iterator[Block]:
    caption = f"Share of right samples: {compared.names[1]} less {compared.names[0]}, with 95 % intervals"
    yield Chart(caption, "difference", svg_file(_drawn(rows)))
    first, second = compared.names
    header = ["split", "captions", f"{first} right", f"{second} right", "difference", "from", "to"]
    header += [f"only {first}", f"only {second}", "both", "neither", "p", "corrected"]
    yield Table(header, [[split, *_cells(row)] for split, row in rows.items()], sortable=True)


def _cells(row: Mapping[str, Any]) -> list[str]:
    shares = [percent((row["both"] + row[key]) / row["of"]) for key in ("first_only", "second_only")]
    difference = [_points(row[key]) for key in ("difference", "low", "high")]
    counts = [str(row[key]) for key in ("first_only", "second_only", "both", "neither")]
    return [str(row["of"]), *shares, *difference, *counts, *(f"{row[key]:.2g}" for key in ("p", "corrected"))]


def _drawn(rows: Rows) -> Figure:
    """A dot with its interval per split; filled where the difference is more than chance."""
    figure = new_figure(8, 1.2 + 0.45 * len(rows))
    axes = figure.subplots()
    for y, (split, row) in enumerate(rows.items()):
        value, low, high = (100 * row[key] for key in ("difference", "low", "high"))
        clear = row["corrected"] < LEVEL
        axes.plot([low, high], [y, y], color=PALETTE[0], lw=1.5)
        (dot,) = axes.plot([value], [y], "o", ms=9, mec=PALETTE[0], mfc=PALETTE[0] if clear else "white", mew=1.5)
        words = "more than chance" if clear else "not more than chance gives"
        tip(dot, f"{split}: {value:+.1f} points ({low:+.1f} to {high:+.1f})\n{_p('p', row['p'])}: {words}")
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="difference in percentage points; filled: more than chance")
    axes.grid(axis="x", alpha=0.3)
    return figure


def _atoms(compared: Compared) -> Table:
    header = ["split", "atom", *compared.names]
    rows = []
    for split in compared.splits:
        found = [results["splits"][split]["samples"]["atoms"] for results in compared.results]
        rows += [[split, atom, *(percent(f[atom]["share"]) for f in found)] for atom in ATOMS if atom in found[0]]
    return Table(header, rows, sortable=True)


def _numbers(compared: Compared) -> Iterator[Block]:
    """Each split's numbers of both, side by side."""
    for split in compared.splits:
        tables = [numbers_table({split: results["splits"][split]})[1] for results in compared.results]
        rows = [[first[0], first[1], second[1]] for first, second in zip(*tables, strict=True)]
        yield Table([split, *compared.names], rows)


def _settings(compared: Compared) -> Block:
    """What the two evaluations do not have in common."""
    first, second = (_flat(results) for results in compared.results)
    keys = [key for key in dict.fromkeys([*first, *second]) if first.get(key) != second.get(key)]
    rows = [[key, first.get(key, "-"), second.get(key, "-")] for key in keys]
    return Table(["", *compared.names], rows) if rows else Text("Nothing: the same checkpoint, settings and seed.")


def _flat(results: Mapping[str, Any]) -> dict[str, str]:
    settings = {key: value for key, value in results["settings"].items() if key not in ("world", "sampler")}
    found = {"checkpoint": results["checkpoint"]["name"], "sha256": results["checkpoint"]["sha256"][:16]}
    found |= {"image_size": str(results["image_size"]), "given": " ".join(results.get("given", []))}
    for group in ("world", "sampler"):
        found |= {f"{group}.{key}": str(value) for key, value in results["settings"].get(group, {}).items()}
    return found | {key: str(value) for key, value in settings.items()}


def _changed(compared: Compared, split: str) -> Iterator[Block]:
    """Pictures side by side: what the second model repaired, then what it lost."""
    changed = sorted((pair for pair in compared.splits[split] if pair.changed), key=lambda pair: pair.first.right)
    if not changed:
        yield Text("None.")
        return
    more = f"; the first {MOST_CARDS} are shown" if len(changed) > MOST_CARDS else ""
    yield Text(
        f"{len(changed)} of {len(compared.splits[split])}, those that only {compared.names[1]} has right first{more}."
    )
    yield Gallery([_card(pair, compared.names) for pair in changed[:MOST_CARDS]])


def _card(pair: Pair, names: Sequence[str]) -> Card:
    shown = [] if pair.first.original is None else [Shown(pair.first.original, "the picture")]
    shown += [
        Shown(one.png, f"{name}{'' if one.right else f'; {one.reason}'}", one.right)
        for one, name in zip(pair, names, strict=True)
    ]
    return Card(f"{pair.first.index}. {pair.first.caption}", shown)
