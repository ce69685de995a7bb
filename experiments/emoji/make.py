"""Pictures with captions from an emoji font: one PNG per emoji, captioned by the Unicode names of its characters.

    python experiments/emoji/make.py FONT OUTPUT

FONT is ``NotoColorEmoji.ttf``, which Debian's package ``fonts-noto-color-emoji`` installs into
``/usr/share/fonts/truetype/noto/`` (``apt-get install fonts-noto-color-emoji``). OUTPUT becomes a Hugging Face
``imagefolder`` with ``train/``, ``validation/`` and ``test/``; which of them an emoji is in, and where, is decided by
the hash of its caption alone. Emoji of which this Python's Unicode data has no name are left out and counted. Needs
fontTools, which matplotlib brings.
"""

from __future__ import annotations

import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

JOINER, VARIANT, KEYCAP, ARROW = 0x200D, 0xFE0F, 0x20E3, 0x27A1
SIGNS = {0x2640: "woman", 0x2642: "man"}
"""Signs that, joined to a person, say who it is."""
PEOPLE = ("adult", "man", "woman")
"""Stand first in a caption."""
TONES = {
    0x1F3FB: "light skin tone",
    0x1F3FC: "medium-light skin tone",
    0x1F3FD: "medium skin tone",
    0x1F3FE: "medium-dark skin tone",
    0x1F3FF: "dark skin tone",
}
LETTERS = {0x1F1E6 + index: chr(ord("a") + index) for index in range(26)}
"""Regional indicators: two of them are a country's flag."""
TAGS = {0xE0020 + code: chr(0x20 + code).strip() for code in range(95)}
"""Tags, of which the flags of parts of a country are made; the last of all ends them."""
SHARES = {"test": 0.1, "validation": 0.05}
"""Of the captions; the rest is ``train``."""


def main(font_file: str, output: str) -> None:
    """Write the folder; a folder that exists is left as it is."""
    folder = Path(output)
    if folder.exists():
        raise SystemExit(f"{folder} exists: choose another folder")
    rows: dict[str, list[dict[str, Any]]] = {"train": [], "validation": [], "test": []}
    captions: set[str] = set()
    pictures: set[bytes] = set()
    nameless = 0
    for codes, png in emoji(TTFont(font_file)):
        if not all(is_named(code) for code in codes):
            nameless += 1
        elif (text := caption(codes)) not in captions and png not in pictures:  # not another spelling of the same
            captions.add(text)
            pictures.add(png)
            split, file = split_of(text), "-".join(f"{code:x}" for code in codes) + ".png"
            (folder / split).mkdir(parents=True, exist_ok=True)
            (folder / split / file).write_bytes(png)
            rows[split].append({"file_name": file, "text": text, "base": base(codes)})
    for split, lines in rows.items():
        lines.sort(key=lambda line: place(line["text"]))
        content = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / split / "metadata.jsonl").write_text(content, encoding="utf-8")
        print(f"{split}: {len(lines)} pictures")
    print(f"left out: {nameless} without a name in Unicode {unicodedata.unidata_version}")


def emoji(font: TTFont) -> Iterator[tuple[tuple[int, ...], bytes]]:
    """Sequences of characters that the font draws as one picture, the shorter first, with the picture's PNG."""
    names = font.getBestCmap()
    characters = {name: code for code, name in reversed(names.items())}
    glyphs: dict[tuple[int, ...], str] = {(code,): name for code, name in names.items() if code > 0xFF}
    for first, ligature in ligatures(font):
        parts = [first, *ligature.Component]
        if all(part in characters for part in parts):
            codes = tuple(code for part in parts if (code := characters[part]) != VARIANT)
            glyphs.setdefault(codes, ligature.LigGlyph)
    pictures = {name: data.imageData for name, data in font["CBDT"].strikeData[0].items()}
    for codes, name in sorted(glyphs.items(), key=lambda item: (len(item[0]), item[0])):
        alone = len(codes) == 1 and (codes[0] in LETTERS or codes[0] in TAGS)
        if name in pictures and not alone:
            yield codes, pictures[name]


def ligatures(font: TTFont) -> Iterator[tuple[str, Any]]:
    """Each ligature of the font with its first glyph."""
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, found in getattr(getattr(table, "ExtSubTable", table), "ligatures", {}).items():
                yield from ((first, ligature) for ligature in found)


def caption(codes: Sequence[int]) -> str:
    """What a sequence of characters is called, such as ``man with rocket, dark skin tone``."""
    tones = [TONES[code] for code in codes if code in TONES]
    tones = tones[:1] if len(set(tones)) == 1 else tones
    bare = len(codes) == 1 and codes[0] in TONES
    return ", ".join(tones) if bare else ", ".join([base(codes), *tones])


def base(codes: Sequence[int]) -> str:
    """The caption without skin tones."""
    if all(code in LETTERS for code in codes):
        return "flag " + " ".join(LETTERS[code] for code in codes)
    if any(code in TAGS for code in codes):
        return "flag " + " ".join(TAGS[code] for code in codes[1:-1])
    if KEYCAP in codes:
        return f"keycap {name(codes[0])}"
    words: list[str] = []
    after: list[str] = []
    for code in codes:
        if code in SIGNS and len(codes) > 1:
            after.append(SIGNS[code])
        elif code == ARROW and len(codes) > 1:
            after.append("facing right")
        elif code != JOINER and (code not in TONES or len(codes) == 1):
            words.append(name(code))
    words.sort(key=lambda word: word not in PEOPLE)  # the font's own order of "adult" and "rocket" varies
    return ", ".join([" with ".join(words), *after])


def name(code: int) -> str:
    """The Unicode name of a character in lower case."""
    return unicodedata.name(chr(code)).lower()


def is_named(code: int) -> bool:
    """Whether a character has a name, or needs none because of what it does."""
    return bool(unicodedata.name(chr(code), "")) or code in LETTERS or code in TAGS


def split_of(text: str) -> str:
    """``test``, ``validation`` or ``train``, by the hash of a caption."""
    where = place(text)
    for split, share in SHARES.items():
        if where < share:
            return split
        where -= share
    return "train"


def place(text: str) -> float:
    """The hash of a text as a number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
