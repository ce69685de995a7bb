"""The findings of an evaluation in sentences: above all, what the model gets wrong most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cvae_lightning.evaluation.confusion import extra, missing, worst
from cvae_lightning.evaluation.coverage import NEIGHBOURS
from cvae_lightning.reports.templating import percent, with_interval
from cvae_lightning.runs.counted import counted

FEW = 5
"""Entries of a list in a sentence."""
CLOSE = 0.1
"""Coverage that differs from that of real scenes by less than this share is called equal."""
KINDS = (("known", "captions that training had"), ("new", "new captions"))


def summary_sentences(results: dict[str, Any]) -> list[str]:
    """Sentences on the first split of an evaluation, the most important first."""
    split, found = next(iter(results["splits"].items()))
    return [
        _headline(split, found),
        *_atoms(found["samples"]["failures"]),
        *_weakest(found["samples"]),
        *_confusions(found["samples"]["confusion"]),
        _shuffled(found),
        _reconstruction(found),
        *_novel(results["splits"]),
        *_new_captions(split, found),
        _latent(found["latent"], results["fixed_caption"]),
        _positions(results["diversity"]),
    ]


def _headline(split: str, found: dict[str, Any]) -> str:
    made = found["samples"]["atoms"]["all"]
    return (
        f"Of {counted(made['of'], 'caption')} of `{split}`, {with_interval(made)} are painted right at the first try."
    )


def _atoms(failures: dict[str, Any]) -> Iterator[str]:
    if not failures["of"]:
        return
    ordered = sorted(failures["fails"].items(), key=lambda item: -item[1])
    atoms = ", ".join(
        f"{atom} in {percent(times / failures['of'])} (alone in {failures['alone'][atom]})"
        for atom, times in ordered
        if times
    )
    wrong = "wrong sample" if failures["of"] == 1 else f"{failures['of']} wrong samples"
    yield f"What is wrong in the {wrong}: {atoms or 'no single atom'}."
    if failures["binding"]:
        yield (
            f"In {failures['binding']} of them every atom holds but not together: "
            "the right words on the wrong objects (binding)."
        )


def _weakest(samples: dict[str, Any]) -> Iterator[str]:
    """Values whose whole interval lies below the share of all captions."""
    overall = samples["atoms"]["all"]["share"]
    rows = [
        (cell["all"]["share"], f"{trait} {value}: {with_interval(cell['all'])}")
        for trait, values in samples["by"].items()
        for value, cell in values.items()
        if cell["all"]["high"] < overall
    ]
    if rows:
        weakest = "; ".join(text for _, text in sorted(rows)[:FEW])
        yield f"With their whole interval below the average of {percent(overall)}: {weakest}."


def _confusions(tables: dict[str, Any]) -> Iterator[str]:
    lost, more = missing(tables), extra(tables)
    missed, added = f"{lost.times} are missing", f"{more.times} were not asked for"
    yield f"Of {lost.of} objects asked for, {missed}; of {more.of} objects detected, {added}."
    if found := worst(tables, FEW):
        pairs = "; ".join(
            f"{pair.what} {pair.asked} seen as {pair.detected}, {pair.times} of {pair.of}" for pair in found
        )
        yield f"The most frequent confusions: {pairs}."


def _shuffled(found: dict[str, Any]) -> str:
    made, other = found["samples"]["atoms"]["all"], found["shuffled"]["atoms"].get("all")
    if other is None:
        return "There is no second meaning to judge the samples against."
    used = "so captions are used" if made["low"] > other["high"] else "so nothing shows that captions are used"
    return f"Judged against another caption, {with_interval(other)} of the samples pass, {used}."


def _reconstruction(found: dict[str, Any]) -> str:
    rebuilt, made = (found[kind]["atoms"]["all"] for kind in ("reconstructions", "samples"))
    cause = "; the rest of the samples' errors comes from the prior" if rebuilt["low"] > made["high"] else ""
    return f"Reconstructions are right in {with_interval(rebuilt)}{cause}."


def _novel(splits: dict[str, Any]) -> Iterator[str]:
    (_, first), *others = splits.items()
    if others:
        shares = ", ".join(f"`{name}` {with_interval(result['samples']['atoms']['all'])}" for name, result in others)
        yield f"The other splits: {shares}; the first has {percent(first['samples']['atoms']['all']['share'])}."


def _new_captions(split: str, found: dict[str, Any]) -> Iterator[str]:
    """Where the training captions are known."""
    kinds = found.get("novelty", {}).get("content", {})
    shares = [f"{with_interval(kinds[kind])} of {kinds[kind]['of']} {words}" for kind, words in KINDS if kind in kinds]
    if shares:
        yield f"By content, on `{split}` right are {' and '.join(shares)}."


def _latent(latent: dict[str, Any], fixed: dict[str, Any]) -> str:
    text = (
        f"{fixed['active_units']} of {fixed['units']} latents are active at a fixed caption "
        f"({latent['active_units']} over all captions)"
    )
    return f"{text}: the posterior has collapsed." if fixed["active_units"] == 0 else f"{text}."


def _positions(diversity: dict[str, Any]) -> str:
    if not diversity["measured"]:
        most = max(row["right"] for row in diversity["rows"])
        return (
            f"Coverage of the positions cannot be measured: no caption has more than {NEIGHBOURS} right pictures "
            f"(the most is {most} of {diversity['rows'][0]['of']})."
        )
    ratios = {what: diversity[what]["ratio"] for what in ("coverage", "spread")}
    worst = diversity["variety"]["worst"]
    equal = "within" if abs(ratios["coverage"] - 1) <= CLOSE else "not within"
    return (
        f"Over {diversity['measured']} of {counted(diversity['captions'], 'caption')}, right pictures cover "
        f"{percent(ratios['coverage'])} of what real scenes cover, {equal} {percent(CLOSE)} of them, "
        f"and spread {percent(ratios['spread'])} as wide; the least varied caption is "
        f"*{worst['caption']}* with {percent(worst['ratio'])} ({100 * worst['low']:.0f} to {100 * worst['high']:.0f})."
    )
