"""Two evaluations of the same captions, paired caption by caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.paired import PairedTable
from cvae_lightning.reports.evaluation_files import is_of_pictures, read_evaluation
from cvae_lightning.reports.kept_samples import KeptSample, read_samples


class Pair(NamedTuple):
    """What two models painted of one caption."""

    first: KeptSample
    second: KeptSample

    @property
    def changed(self) -> bool:
        """Whether one is right and the other is not."""
        return self.first.right != self.second.right


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two evaluations.

    Attributes:
        names: of the two, as a reader tells them apart.
        results: the content of their ``evaluation.json``.
        splits: the pairs of each split that both have, in the order of captions.
        own_pictures: whether they are of own pictures, where right means that a picture's caption is found.
    """

    names: tuple[str, str]
    results: tuple[dict[str, Any], dict[str, Any]]
    splits: dict[str, list[Pair]]
    own_pictures: bool = False

    def table(self, split: str) -> PairedTable:
        """How often each is right on a split."""
        return PairedTable.over((pair.first.right, pair.second.right) for pair in self.splits[split])


def read_compared(folders: Sequence[str]) -> Compared:
    """Read two evaluations and pair their captions.

    Raises:
        UserError: there are not two folders, one has no evaluation with samples, or what they measured differs.
    """
    if len(folders) != 2:
        raise UserError(
            f"compare names {len(folders)} folders: expected two evaluations, such as "
            "'compare=[outputs/evaluations/first,outputs/evaluations/second]'"
        )
    paths = [Path(folder) for folder in folders]
    first, second = (read_evaluation(path, "compare") for path in paths)
    kinds = [is_of_pictures(results) for results in (first, second)]
    if kinds[0] != kinds[1]:
        own, scenes = folders if kinds[0] else reversed(folders)
        raise UserError(
            f"compare: {own} is of own pictures and {scenes} of scenes that a judge knows: expected two of one kind"
        )
    samples = [_by_split(read_samples(path)) for path in paths]
    splits = {split: list(_pairs(split, samples, folders)) for split in samples[0] if split in samples[1]}
    if not splits:
        raise UserError(f"compare: {folders[0]} and {folders[1]} have no split in common")
    return Compared(names=_names(paths), results=(first, second), splits=splits, own_pictures=kinds[0])


def _by_split(samples: Sequence[KeptSample]) -> dict[str, dict[int, KeptSample]]:
    found: dict[str, dict[int, KeptSample]] = {}
    for sample in samples:
        found.setdefault(sample.split, {})[sample.index] = sample
    return found


def _pairs(split: str, samples: Sequence[dict[str, dict[int, KeptSample]]], folders: Sequence[str]) -> Iterator[Pair]:
    first, second = (one[split] for one in samples)
    if next(iter(first.values())).original is not None and len(first) != len(second):
        raise UserError(
            f"compare: {folders[0]} looks for each caption of {split} among {len(first)} and {folders[1]} among "
            f"{len(second)}: expected the same retrieval_captions"
        )
    for index in sorted(first.keys() & second.keys()):
        pair = Pair(first[index], second[index])
        if pair.first.caption != pair.second.caption:
            raise UserError(
                f"compare: caption {index} of {split} is {pair.first.caption!r} in {folders[0]} and "
                f"{pair.second.caption!r} in {folders[1]}: expected evaluations of the same captions, of one "
                "world and data seed or of one folder of pictures"
            )
        yield pair


def _names(paths: Sequence[Path]) -> tuple[str, str]:
    """The last parts of two paths in which they differ.

    Example:
        >>> _names([Path("experiments/quickstart/evaluation"), Path("experiments/flagship/evaluation")])
        ('quickstart/evaluation', 'flagship/evaluation')
    """
    parts = [path.resolve().parts for path in paths]
    length = next((n for n in range(1, max(map(len, parts)) + 1) if parts[0][-n:] != parts[1][-n:]), 1)
    return "/".join(parts[0][-length:]), "/".join(parts[1][-length:])
