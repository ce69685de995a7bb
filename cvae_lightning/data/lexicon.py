"""What each word of a tokenizer means in the shape world's language, in the numbers of the models' lexicon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cvae_lightning.models.text.lexicon import COLOUR, COUNT, LINK, NO_ROLE, SHAPE, SIZE
from cvae_lightning.world import DEFAULT, World, word_tables


def lexicon(words: Sequence[str], world: World = DEFAULT) -> list[list[int]]:
    """The rows that :class:`~cvae_lightning.models.text.lexicon.Lexicon` takes.

    Args:
        words: a tokenizer's vocabulary, special tokens included.
        world: whose language it is.

    Returns:
        [role, value] of each word: values count from 1 in the world's order; [0, 0] for a word without a
        meaning. A linking phrase is recognised by the words that phrases of other relations
        do not have: "left" of "to the left of".

    >>> lexicon(["<PAD>", "tiny", "red", "of"])
    [[0, 0], [2, 1], [3, 1], [0, 0]]
    """
    tables = word_tables(world)
    meanings = {word: [COUNT, count] for word, count in tables.counts.items()}
    nouns = {**tables.singulars, **tables.plurals}
    roles: tuple[tuple[int, Mapping[str, str | None], Iterable[str | None]], ...] = (
        (SIZE, dict(tables.sizes), world.sizes),
        (COLOUR, dict(tables.colours), world.colours),
        (SHAPE, dict(nouns), world.shapes),
        (LINK, _link_words(world), (None, *world.relations)),
    )
    for role, known, values in roles:
        numbers = {value: number for number, value in enumerate(values, start=1)}
        meanings |= {word: [role, numbers[value]] for word, value in known.items()}
    return [meanings.get(word, [NO_ROLE, 0]) for word in words]


def _link_words(world: World) -> dict[str, str | None]:
    """Words that stand in phrases of one link only, with that link."""
    found: dict[str, set[str | None]] = {}
    for phrase, link in word_tables(world).links.items():
        for word in phrase:
            found.setdefault(word, set()).add(link)
    return {word: next(iter(links)) for word, links in found.items() if len(links) == 1}
