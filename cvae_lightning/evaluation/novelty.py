"""Which captions of an evaluation were in the training scenes, and how often samples are right on each kind.

``test`` has other scenes than training, but draws its captions from the same meanings, so many of them occur in
training too. Three ways of comparing, each coarser than the one before: word for word (``wording``), by ``meaning``
(synonyms are equal), and by ``content`` (*A above B* equals *B below A*, *A and B* equals *B and A*).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, Dataset

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.data.dataset import LOT
from cvae_lightning.evaluation.consistency import JudgedImage, tally
from cvae_lightning.evaluation.known_captions import Hashes, contained, hashes, read_known, write_known
from cvae_lightning.evaluation.settings import SceneSource
from cvae_lightning.world import DEFAULT, World, captioned_scenes, content, parse

log = logging.getLogger(__name__)
COMPARISONS: dict[str, Callable[[str, World], Hashable]] = {
    "wording": lambda caption, world: caption,
    "meaning": lambda caption, world: parse(caption, world=world),
    "content": lambda caption, world: content(parse(caption, world=world)),
}
"""Ways of comparing captions, by name; captions are the same where these values are equal."""


class TrainingCaptions:
    """What a run's training captions say; membership is checked by each of :data:`COMPARISONS`.

    Args:
        known: of each comparison the hashes of its values, as ``repr`` writes them.
        world: of the captions.
    """

    def __init__(self, known: Mapping[str, Hashes], world: World = DEFAULT) -> None:
        self.known, self.world = known, world

    @classmethod
    def of(cls, captions: Iterable[str], world: World = DEFAULT) -> TrainingCaptions:
        """Those of all training scenes."""
        wordings = set(captions)
        meanings = {parse(caption, world=world) for caption in wordings}
        contents = {content(meaning) for meaning in meanings}
        values: dict[str, Iterable[Hashable]] = {"wording": wordings, "meaning": meanings, "content": contents}
        return cls({name: hashes(repr(value) for value in some) for name, some in values.items()}, world)

    def split(self, captions: Sequence[str], comparison: str) -> list[bool]:
        """For each caption whether training had the same, by one of :data:`COMPARISONS`."""
        value, known = COMPARISONS[comparison], self.known[comparison]
        return contained([repr(value(caption, self.world)) for caption in captions], known)


def training_captions(source: SceneSource, num_workers: int = 0, file: Path | None = None) -> TrainingCaptions | None:
    """The captions of all training scenes, drawn again without their images; None where the scenes are unknown.

    It takes about 20 seconds for 200,000 scenes on one core, the first time.

    Args:
        source: the scenes.
        num_workers: processes that draw them.
        file: where their hashes are kept; None to keep none.
    """
    if source.train_size is None:
        return None
    if file and (known := read_known(file, source, list(COMPARISONS))):
        return TrainingCaptions(known, source.world)
    log.info("drawing the %d training captions again, to know which captions are new", source.train_size)
    scenes = ShapeSceneDataset(source.train_size, 64, source.seed, "train", source.synonyms, source.world)
    batches = DataLoader(_Captions(scenes), batch_size=LOT, num_workers=num_workers, collate_fn=list)
    training = TrainingCaptions.of((caption for batch in batches for caption in batch), source.world)
    if file:
        write_known(file, source, training.known)
    return training


class _Captions(Dataset[str]):
    """The captions of scenes, for a loader's processes."""

    def __init__(self, scenes: ShapeSceneDataset) -> None:
        self.scenes = scenes

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[str]:
        scenes = self.scenes
        drawn = captioned_scenes(scenes.seed, scenes.split, indices, synonyms=scenes.synonyms, world=scenes.world)
        return drawn.captions


def novelty(captions: Sequence[str], samples: Sequence[JudgedImage], training: TrainingCaptions) -> dict[str, Any]:
    """How often samples are right on captions that training had (``known``) and on others (``new``), as plain data.

    A kind that no caption is of is left out.
    """
    return {name: dict(_shares(samples, training.split(captions, name))) for name in COMPARISONS}


def _shares(samples: Sequence[JudgedImage], known: Sequence[bool]) -> Iterator[tuple[str, dict[str, float]]]:
    for name, wanted in (("known", True), ("new", False)):
        counted = tally((image for image, is_known in zip(samples, known, strict=True) if is_known is wanted), "all")
        if counted.of:
            yield name, counted.plain()
