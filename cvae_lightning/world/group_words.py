"""The words that a group is said by, and the form that they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cvae_lightning.world.language import Language
from cvae_lightning.world.scene import Group


class ChosenWords(NamedTuple):
    """The words chosen for a group, before they take a form.

    Attributes:
        number: the group's count.
        count_word, size, colour, noun: its words; of a size or colour that is not specified None.
    """

    number: int
    count_word: str
    size: str | None
    colour: str | None
    noun: str

    def in_form(self, language: Language, case: str) -> str:
        """The group in a case, as part of a caption."""
        kind = language.kind(self.noun, self.number)
        adjectives = {
            part: [] if text is None else [language.adjective(text, case, kind)]
            for part, text in (("size", self.size), ("colour", self.colour))
        }
        words = adjectives | {"shape": [language.form(self.noun, case, kind)]}
        rest = " ".join(word for part in language.order for word in words[part])
        count = language.form(self.count_word, case, kind)
        return f"{language.before_vowel.get(count, count) if rest[0] in 'aeiou' else count} {rest}"


def word_rows(group: Group, language: Language) -> tuple[Sequence[str], ...]:
    """The words of which each part of a group is said by one: count, size, colour and shape.

    A row is empty where the group does not specify the part.
    """
    return (
        language.counts.get(group.count, (str(group.count),)),
        () if group.size is None else language.sizes[group.size],
        () if group.colour is None else language.colours[group.colour],
        language.shapes[group.shape],
    )
