"""Captions of many meanings, with the words that ``captions.describe`` chooses for one."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.meanings import NONE
from cvae_lightning.world.batch.streams import Streams
from cvae_lightning.world.batch.tables import tables
from cvae_lightning.world.captions import CANONICAL
from cvae_lightning.world.group_words import ChosenWords, word_rows
from cvae_lightning.world.language import JOINED
from cvae_lightning.world.world import World

Ints = NDArray[np.int64]
ROLES = 4
"""Parts of a group that are said by a word each: count, size, colour and shape."""


class _Wording(dict[int, str]):
    """The words of a world by number, and each group in each wording once it was asked for.

    Args:
        world: whose words.

    Attributes:
        lengths: (M + 1, 4) how many words each group has for each part; the last row is for no group.
        links: of each relation, and last of none, the phrases between two groups.
        base: one more than the largest number of a word in its row.
        case: of the groups after each phrase, by number: (R + 1, base).
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        language = self._language = world.language
        self._groups = tables(world).groups
        self._rows = [word_rows(group, language) for group in self._groups]
        self.links = [language.links[name] for name in (*world.relations, JOINED)]
        self.base = max(len(row) for rows in (*self._rows, self.links) for row in rows)
        self.lengths = np.array([*(list(map(len, rows)) for rows in self._rows), [1] * ROLES])
        self._cases = language.all_cases()
        self.case = np.zeros((len(self.links), self.base), np.int64)
        for number, row in enumerate(self.links):
            for choice, phrase in enumerate(row):
                self.case[number, choice] = self._cases.index(language.cases.get(phrase, language.first_case))

    def codes(self, groups: Ints, choices: list[Ints], case: Ints | int) -> list[int]:
        """Keys of groups, by which word each of their parts is said, and in which case."""
        code = groups
        for choice in choices:
            code = code * self.base + choice
        codes: list[int] = (code * len(self._cases) + case).tolist()
        return codes

    def __missing__(self, code: int) -> str:
        rest, case = divmod(code, len(self._cases))
        choices = []
        for _ in range(ROLES):
            rest, choice = divmod(rest, self.base)
            choices.append(choice)
        words = [row[choice] for row, choice in zip(self._rows[rest], reversed(choices), strict=True)]
        self[code] = ChosenWords(self._groups[rest].count, *words).in_form(self._language, self._cases[case])
        return self[code]


@cache
def _wording(world: World) -> _Wording:
    return _Wording(world)


def draw_captions(groups: Ints, links: Ints, streams: Streams | None, world: World) -> list[str]:
    """Captions.

    Args:
        groups, links: (N, G) and (N, G - 1) meanings, as ``draw_meanings`` gives them.
        streams: the N generators, which draw the words; None always gives the canonical ones.
        world: whose words the captions have.
    """
    wording = _wording(world)
    lengths = np.array([len(row) for row in wording.links])
    words = [[_choose(wording.lengths[column, role], streams) for role in range(ROLES)] for column in groups.T]
    phrases = [
        _choose(np.where(groups[:, k + 1] == NONE, 1, lengths[column]), streams) for k, column in enumerate(links.T)
    ]
    texts = [wording[code] for code in wording.codes(groups[:, 0], words[0], 0)]
    for k, (_, column) in enumerate(pairwise(groups.T)):
        rows = np.flatnonzero(column != NONE)
        link, phrase = links[rows, k], phrases[k][rows]
        codes = wording.codes(column[rows], [choice[rows] for choice in words[k + 1]], wording.case[link, phrase])
        for row, number, choice, code in zip(rows.tolist(), link.tolist(), phrase.tolist(), codes, strict=True):
            texts[row] += f" {wording.links[number][choice]} {wording[code]}"
    return texts


def _choose(lengths: Ints, streams: Streams | None) -> Ints:
    """(N,) which of so many words are chosen; see ``captions.describe``."""
    chosen = np.zeros(len(lengths), np.int64)
    lanes = np.flatnonzero(lengths > 1)
    if streams is not None and len(lanes):
        others = lanes[streams.doubles(lanes) >= CANONICAL]
        chosen[others] = 1 + streams.integers(others, lengths[others] - 1)
    return chosen
