"""Live help while a caption is typed: what it says so far, which words may follow, and the nearest ones to a typo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import chain, islice, zip_longest

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.spelling import nearest
from cvae_lightning.world import CaptionError, Meaning, World, describe, parse, word_tables
from cvae_lightning.world.words import read_words

MOST_OFFERS = 14
"""Words offered at a time."""
MOST_CHANGES = 8
"""Changes of one word offered at a time."""
CHANGES_OF_A_WORD = 2


class State(Enum):
    """What a text is so far."""

    COMPLETE = "complete"
    UNFINISHED = "unfinished"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Offer:
    """A word that may come next, and the caption that it would make."""

    word: str
    caption: str


@dataclass(frozen=True, slots=True)
class CaptionHelp:
    """What is shown below a caption.

    Attributes:
        state: of the text.
        message: one sentence.
        offers: words that may follow, or that are near to a misspelt one; the usual ones first.
    """

    state: State
    message: str
    offers: tuple[Offer, ...] = ()


def help_for(text: str, tokenizer: CaptionTokenizer, world: World | None) -> CaptionHelp:
    """The help for a caption that is being typed.

    Args:
        text: as far as it is typed; a space at its end ends the last word.
        tokenizer: the model's.
        world: the model's; None where captions are any text.

    Example:
        >>> from cvae_lightning.world import DEFAULT
        >>> shown = help_for("a red sq", CaptionTokenizer(), DEFAULT)
        >>> shown.state.value, [(offer.word, offer.caption) for offer in shown.offers]
        ('unfinished', [('square', 'a red square')])
        >>> help_for("a red sqare ", CaptionTokenizer(), DEFAULT).offers[0].word
        'square'
    """
    return _in_any_text(text, tokenizer) if world is None else _in_world(text, world)


def _in_world(text: str, world: World) -> CaptionHelp:
    words, ended = read_words(text), text.endswith(" ") or not text.strip()
    meaning, error = _read(text, world)
    if meaning is not None:
        offers = _followed_by(words, next_words(words, world))
        return CaptionHelp(State.COMPLETE, f"It says: {describe(meaning, world=world)}", offers)
    begun = [] if ended else [word for word in next_words(words[:-1], world) if word.startswith(words[-1])]
    if begun and words[-1] not in begun:
        return CaptionHelp(State.UNFINISHED, "Words that begin so:", _followed_by(words[:-1], begun))
    if error.unfinished and (following := next_words(words, world)):
        return CaptionHelp(State.UNFINISHED, "Words that may follow:", _followed_by(words, following))
    return CaptionHelp(State.WRONG, error.why, tuple(islice(_corrections(words, world), MOST_OFFERS)))


def _corrections(words: Sequence[str], world: World) -> Iterator[Offer]:
    """Words in place of the first one that is not known, or of the first that cannot stand where it is."""
    vocabulary = usual_words(world)
    unknown = [index for index, word in enumerate(words) if word not in vocabulary and not word.isdigit()]
    if unknown:
        before, word, after = words[: unknown[0]], words[unknown[0]], words[unknown[0] + 1 :]
        near = nearest(word, vocabulary, at_most=4)
        fitting = set(next_words(before, world))
        for option in [word for word in near if word in fitting] or near:
            yield Offer(option, " ".join([*before, option, *after]))
    elif words:
        right = next(n for n in range(len(words) - 1, -1, -1) if _may_become_caption(" ".join(words[:n]), world))
        before = words[:right]
        if _read(shorter := " ".join(before), world)[0] is not None:
            yield Offer(shorter, shorter)
        yield from _followed_by(before, next_words(before, world))


def next_words(words: Sequence[str], world: World) -> list[str]:
    """The words after which a text is a caption, or the beginning of one; the usual ones first.

    Example:
        >>> from cvae_lightning.world import DEFAULT
        >>> next_words(["2", "small"], DEFAULT)[:3]
        ['red', 'orange', 'yellow']
    """
    return [word for word in usual_words(world) if _may_become_caption(" ".join([*words, word]), world)]


def _may_become_caption(text: str, world: World) -> bool:
    meaning, error = _read(text, world)
    return meaning is not None or error.unfinished


def _read(text: str, world: World) -> tuple[Meaning | None, CaptionError]:
    """The meaning of a caption, or why it has none."""
    try:
        return parse(text, world=world), CaptionError("")
    except CaptionError as error:
        return None, error


@cache
def usual_words(world: World) -> tuple[str, ...]:
    """All words of a world's language, the first one for each meaning before its synonyms and other forms."""
    tables = word_tables(world)
    roles = (tables.counts, tables.sizes, tables.colours, tables.singulars, tables.plurals)
    first: dict[str, None] = {}
    for table in roles:
        by_meaning = {meaning: word for word, meaning in reversed(list(table.items()))}
        first |= dict.fromkeys(sorted(by_meaning.values(), key=list(table).index))
    links = {relation: phrase for phrase, relation in reversed(list(tables.links.items()))}
    first |= dict.fromkeys(phrase[0] for phrase in sorted(links.values(), key=list(tables.links).index))
    return tuple(dict.fromkeys([*first, *chain(*roles), *chain(*tables.links)]))


def one_word_changes(caption: str, world: World | None) -> tuple[Offer, ...]:
    """Captions that differ from this one in one word and in meaning, named by what changes.

    Example:
        >>> from cvae_lightning.world import DEFAULT
        >>> [offer.word for offer in one_word_changes("a red star", DEFAULT)][:2]
        ['red → small', 'star → circle']
    """
    if world is None or (meaning := _read(caption, world)[0]) is None:
        return ()
    words = read_words(caption)
    changes = [islice(_changes(words, index, meaning, world), CHANGES_OF_A_WORD) for index in range(len(words))]
    by_turns = (offer for row in zip_longest(*changes) for offer in row if offer is not None)
    return tuple(islice(by_turns, MOST_CHANGES))


def _changes(words: list[str], index: int, meaning: Meaning, world: World) -> Iterator[Offer]:
    for word in usual_words(world):
        changed = " ".join([*words[:index], word, *words[index + 1 :]])
        found = _read(changed, world)[0]
        if found is not None and found != meaning:
            yield Offer(f"{words[index]} → {word}", changed)


def _in_any_text(text: str, tokenizer: CaptionTokenizer) -> CaptionHelp:
    words = tokenizer.split(text)
    if not words:
        return CaptionHelp(State.UNFINISHED, "Type a caption.", _followed_by([], tokenizer.words))
    typing = words[-1] if not text.endswith(" ") else ""
    begun = [word for word in tokenizer.words if typing and word.startswith(typing) and word != typing]
    unknown = [word for word in tokenizer.unknown(text) if not (begun and word == typing)]
    if unknown:
        near = nearest(unknown[0], tokenizer.words, at_most=4)
        offers = tuple(Offer(word, text.lower().replace(unknown[0], word)) for word in near)
        names = ", ".join(f"“{word}”" for word in unknown[:5])
        return CaptionHelp(State.WRONG, f"Never in the training captions: {names}", offers)
    message = "All of these words were in the training captions."
    return CaptionHelp(State.COMPLETE, message, _followed_by(words[:-1], begun))


def _followed_by(words: Sequence[str], options: Iterable[str]) -> tuple[Offer, ...]:
    return tuple(Offer(word, " ".join([*words, word])) for word in islice(options, MOST_OFFERS))
