"""The words of a world: which there are for each count, size, colour, shape and relation, and how they inflect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cvae_lightning.world.frozen import FrozenMapping
from cvae_lightning.world.plain import mapping, sequence, whole, word, words

MAX_COUNT = 20
JOINED = "joined"
PLURAL = "plural"
PARTS = ("size", "colour", "shape")
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language for captions, as tables. The first word of a row is the canonical one, the others its synonyms.

    A group is said as its count, then size, colour and shape in the language's ``order``. Its words take the form of
    the group: its case, which the phrase before the group decides, and its shape's gender, or ``plural`` for more
    than one. A form is looked up as ``"dative plural"``, then ``"plural"``, then ``"dative"``.

    Attributes:
        counts: words of each count, from 1 on.
        sizes, colours: words of each size and colour.
        shapes: nouns of each shape, singular.
        links: phrases between two groups: those of each relation, and ``joined``, which is none.
        forms: other forms of counts and nouns, by word and form: ``{"circle": {"plural": "circles"}}``.
        endings: what is added to the words for sizes and colours, by form; nothing for other forms.
        genders: of each noun, where the language has genders.
        cases: which case each phrase in ``links`` is followed by, where the language has cases.
        first_case: the case of a caption's first group, and after phrases that ``cases`` does not list.
        before_vowel: words that change before a vowel: ``{"a": "an"}``.
        order: ``size``, ``colour`` and ``shape`` as the language orders them.
        examples: two captions for messages about captions that cannot be read.

    Raises:
        ValueError: a table is not what is said here; the message names it.

    >>> from cvae_lightning.world import DEFAULT
    >>> DEFAULT.language.sizes["small"]
    ('small', 'tiny', 'little')
    """

    counts: Mapping[int, Words]
    sizes: Mapping[str, Words]
    colours: Mapping[str, Words]
    shapes: Mapping[str, Words]
    links: Mapping[str, Words]
    forms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    endings: Mapping[str, str] = field(default_factory=dict)
    genders: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, str] = field(default_factory=dict)
    first_case: str = ""
    before_vowel: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = PARTS
    examples: tuple[str, ...]

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        counts = mapping("language.counts", self.counts)
        put(
            "counts", _rows("counts", {whole("a count of language.counts", k, 1, MAX_COUNT): counts[k] for k in counts})
        )
        for name in ("sizes", "colours", "shapes", "links"):
            put(name, _rows(name, getattr(self, name)))
        for name in ("endings", "genders", "cases", "before_vowel"):
            put(name, _table(f"language.{name}", getattr(self, name)))
        forms = mapping("language.forms", self.forms)
        put("forms", FrozenMapping({key: _table(f"language.forms.{key}", row) for key, row in forms.items()}))
        put("examples", words("language.examples", self.examples))
        put("order", tuple(sequence("language.order", self.order)))
        if sorted(self.order) != sorted(PARTS):
            raise ValueError(f"language.order is {list(self.order)}: expected {', '.join(PARTS)}, each once")

    def form(self, text: str, case: str, kind: str) -> str:
        """A count or noun in a form.

        Args:
            text: the word as in ``counts`` or ``shapes``.
            case: of the group.
            kind: ``plural``, or the gender of the noun.

        >>> from cvae_lightning.world import DEFAULT
        >>> DEFAULT.language.form("circle", "", "plural")
        'circles'
        """
        rows = self.forms.get(text, {})
        return next((rows[key] for key in _keys(case, kind) if key in rows), text)

    def adjective(self, text: str, case: str, kind: str) -> str:
        """A size or colour in a form, as in :meth:`form`."""
        if text in self.forms:
            return self.form(text, case, kind)
        return text + next((self.endings[key] for key in _keys(case, kind) if key in self.endings), "")

    def kind(self, noun: str, count: int) -> str:
        """``plural``, or the gender of the noun, which is an empty word in a language without genders."""
        return self.genders.get(noun, "") if count == 1 else PLURAL

    def all_cases(self) -> list[str]:
        """Every case that a group can have, the first group's first."""
        return list(dict.fromkeys([self.first_case, *self.cases.values()]))

    def all_kinds(self) -> list[str]:
        """Every gender, and ``plural`` last."""
        return [*dict.fromkeys(self.genders.values() or [""]), PLURAL]


def _keys(case: str, kind: str) -> Iterable[str]:
    return f"{case} {kind}".strip(), kind, case


def _rows(name: str, value: object) -> FrozenMapping[object, Words]:
    what = f"language.{name}"
    rows = FrozenMapping({key: words(f"{what}.{key}", row) for key, row in mapping(what, value).items()})
    empty = [key for key, row in rows.items() if not row]
    if empty:
        raise ValueError(f"{what}.{empty[0]} has no words: expected one or more")
    return rows


def _table(what: str, value: object) -> FrozenMapping[str, str]:
    rows = mapping(what, value)
    return FrozenMapping({word(f"a key of {what}", key): word(f"{what}.{key}", rows[key]) for key in rows})
