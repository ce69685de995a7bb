"""Captions to token ids and back: a word-level tokenizer with the interface of the guide's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.data.words import free_words, most_frequent, spaced_words
from cvae_lightning.errors import UserError
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.plain import read_mapping

SPECIAL_TOKENS = ("<PAD>", "<UNK>", "<SOS>", "<EOS>")
"""Padding, unknown word, start and end of a sequence; their ids are their indices."""
LONGEST_CAPTION = 10_000
"""Tokens; a file that asks for more room was not written by this package."""


class CaptionTokenizer:
    """Words to ids: the four special tokens first, then the fitted words in alphabetical order.

    Args:
        max_length: the largest number of tokens of an encoded caption, ``<SOS>`` and ``<EOS>`` included.
        words: the words, where they are known already; otherwise call :meth:`fit`.
        free_text: whether captions are any text (:func:`cvae_lightning.data.words.free_words`), of which what exceeds
            ``max_length`` is left out; else they are of the shape world, where a longer one is a mistake.

    Raises:
        ValueError: ``max_length`` has no room for a word.

    >>> tokenizer = CaptionTokenizer().fit(["a red circle"])
    >>> tokenizer.encode("A red star.")
    [2, 4, 6, 1, 3]
    >>> tokenizer.decode([2, 4, 6, 5, 3])
    'a red circle'
    >>> CaptionTokenizer(max_length=5, free_text=True).fit(["Rex, my dog"]).encode("My dog, REX")
    [2, 6, 5, 4, 3]
    """

    pad_id, unk_id, sos_id, eos_id = range(4)

    def __init__(self, max_length: int = 32, words: Iterable[str] = (), free_text: bool = False) -> None:
        if max_length < 3:
            raise ValueError(f"tokenizer max_length is {max_length}: expected at least 3, for <SOS>, a word and <EOS>")
        self.max_length, self.free_text = max_length, free_text
        self._set_words(words)

    def fit(self, captions: Iterable[str], most_words: int | None = None) -> CaptionTokenizer:
        """Replace the vocabulary by the captions' words, or by so many of the most frequent ones; returns itself."""
        self._set_words(most_frequent(map(self.split, captions), most_words))
        return self

    def encode(self, caption: str) -> list[int]:
        """Token ids of a caption between ``<SOS>`` and ``<EOS>``; words outside the vocabulary become ``<UNK>``.

        Raises:
            UserError: the caption has no word, or more tokens than ``max_length`` and is not free text.
        """
        words = self.split(caption)[: self.max_length - 2 if self.free_text else None]
        length = len(words) + 2
        if not words or length > self.max_length:
            raise UserError(
                f"caption {caption[:80]!r} has {counted(len(words), 'word')}: expected 1 to {self.max_length - 2}"
            )
        return [self.sos_id, *(self._ids.get(word, self.unk_id) for word in words), self.eos_id]

    def encode_batch(self, captions: Sequence[str]) -> Tensor:
        """Token ids (B, T), int64, of B captions, padded on the right to the longest."""
        rows = [self.encode(caption) for caption in captions]
        longest = max(map(len, rows))
        return torch.tensor([row + [self.pad_id] * (longest - len(row)) for row in rows])  # (B, T)

    def decode(self, ids: Iterable[int], skip_special: bool = True) -> str:
        """The words of token ids, without the special tokens unless they are asked for.

        Raises:
            ValueError: an id beyond the vocabulary.
        """
        ids = [int(i) for i in ids]
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"token id {i} is outside the vocabulary of {len(self)} words")
        return " ".join(self.vocabulary[i] for i in ids if not skip_special or i >= len(SPECIAL_TOKENS))

    def state_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`from_state` rebuilds this tokenizer from; what checkpoints and exported files hold.

        Returns:
            ``max_length`` and the fitted ``words``, without the special tokens; ``free_text`` where it is true.
        """
        free = {"free_text": True} if self.free_text else {}
        return {"max_length": self.max_length, "words": list(self.words)} | free

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CaptionTokenizer:
        """The tokenizer of a :meth:`state_dict`.

        Raises:
            KeyError, ValueError: the state is not one of a tokenizer.
        """
        length, words, free_text = state["max_length"], state["words"], state.get("free_text", False)
        if type(length) is not int or not 3 <= length <= LONGEST_CAPTION:
            raise ValueError(
                f"tokenizer max_length is {str(length)[:80]}: expected a whole number of 3 to {LONGEST_CAPTION}"
            )
        if not isinstance(words, list | tuple) or not all(
            isinstance(word, str) and word.split() == [word] for word in words
        ):
            raise ValueError("tokenizer words: expected a list of single words")
        if len(set(words)) < len(words):
            raise ValueError("tokenizer words: expected each of them once")
        if not isinstance(free_text, bool):
            raise ValueError("tokenizer free_text: expected true or false")
        return cls(max_length=length, words=words, free_text=free_text)

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON: ``{"max_length": 32, "vocabulary": {"<PAD>": 0, ...}}``."""
        content = {"max_length": self.max_length, "vocabulary": self._ids}
        content |= {"free_text": True} if self.free_text else {}
        Path(path).write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> CaptionTokenizer:
        """Read a vocabulary that :meth:`save` wrote.

        Raises:
            ValueError: the file is not such a vocabulary.
        """
        Path(path).stat()  # an absent file is not an empty vocabulary
        try:
            content = read_mapping(Path(path), {"vocabulary": dict})
            ordered = sorted(content["vocabulary"], key=content["vocabulary"].get)
            free = {"free_text": content["free_text"]} if "free_text" in content else {}
            words = ordered[len(SPECIAL_TOKENS) :]
            tokenizer = cls.from_state({"max_length": content["max_length"], "words": words} | free)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a tokenizer vocabulary: {error}") from error
        if tokenizer._ids != content["vocabulary"]:
            raise ValueError(f"{path} is not a tokenizer vocabulary: its ids are not the special tokens, then a to z")
        return tokenizer

    def split(self, caption: str) -> list[str]:
        """The words of a caption, all of them, without regard to case."""
        return free_words(caption) if self.free_text else spaced_words(caption)

    def unknown(self, caption: str) -> list[str]:
        """The words of a caption that are not in the vocabulary, each once."""
        return list(dict.fromkeys(word for word in self.split(caption) if word not in self._ids))

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All words, each at the index that is its id."""
        return SPECIAL_TOKENS + self.words

    def get_vocab_size(self) -> int:
        """Number of words, the four special tokens included."""
        return len(self)

    def __len__(self) -> int:
        return len(SPECIAL_TOKENS) + len(self.words)

    def _set_words(self, words: Iterable[str]) -> None:
        self.words = tuple(sorted(set(words)))
        self._ids = {word: i for i, word in enumerate(self.vocabulary)}
