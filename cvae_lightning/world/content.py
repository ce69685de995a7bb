"""What a meaning says of a scene, whatever the order in which it says it."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from cvae_lightning.world.scene import OPPOSITES, Group, Meaning


class Content(NamedTuple):
    """Two meanings have equal contents where they are true of the same scenes.

    Attributes:
        groups: in a standard order.
        relations: the index of one group, ``above`` or ``left of``, and the index of another one; sorted.

    >>> round(Content((Group(1, None, "red", "circle"),), ()).fraction(), 4)
    0.4498
    """

    groups: tuple[Group, ...]
    relations: tuple[tuple[int, str, int], ...]

    def fraction(self) -> float:
        """A number in [0, 1) that looks random and is the same everywhere: what decides who is held out.

        It is the first 8 bytes of the SHA-256 of a text, as a fraction of their range. The text has a line for each
        group (count, size, colour and shape by their names in the world, ``any`` for what is not specified) and one
        for each relation: ``1 large blue square``, ``3 small red circle``, ``0 above 1``.
        """
        lines = [group_line(group) for group in self.groups]
        lines += [f"{first} {relation} {second}" for first, relation, second in self.relations]
        return int.from_bytes(sha256("\n".join(lines).encode()).digest()[:8], "big") / 2**64


def content(meaning: Meaning) -> Content:
    """The content of a meaning.

    >>> from cvae_lightning.world import parse
    >>> content(parse("a small red star below a large blue square")) == content(
    ...     parse("a large blue square above a small red star"))
    True
    """
    order = sorted(range(len(meaning.groups)), key=lambda i: group_key(meaning.groups[i]))
    place = {i: index for index, i in enumerate(order)}
    relations = [_forward(place[i], link, place[i + 1]) for i, link in enumerate(meaning.links) if link]
    return Content(tuple(meaning.groups[i] for i in order), tuple(sorted(relations)))


def _forward(first: int, relation: str, second: int) -> tuple[int, str, int]:
    """The relation said from the upper or left group."""
    forward = relation in ("above", "left of")
    return (first, relation, second) if forward else (second, OPPOSITES[relation], first)


def group_key(group: Group) -> tuple[str, str, str, int]:
    """By which the groups of a content are ordered."""
    return group.shape, group.colour or "", group.size or "", group.count


def group_line(group: Group) -> str:
    """A group in the text that a content's fraction is the hash of."""
    return f"{group.count} {group.size or 'any'} {group.colour or 'any'} {group.shape}"
