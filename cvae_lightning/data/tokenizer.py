"""Captions to token ids and back: a word-level tokenizer with the interface of the guide's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.errors import UserError
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

    Raises:
        ValueError: ``max_length`` has no room for a word.

    >>> tokenizer = CaptionTokenizer().fit(["a red circle"])
    >>> tokenizer.encode("A red star.")
    [2, 4, 6, 1, 3]
    >>> tokenizer.decode([2, 4, 6, 5, 3])
    'a red circle'
    """

    pad_id, unk_id, sos_id, eos_id = range(4)

    def __init__(self, max_length: int = 32, words: Iterable[str] = ()) -> None:
        if max_length < 3:
            raise ValueError(f"tokenizer max_length is {max_length}: expected at least 3, for <SOS>, a word and <EOS>")
        self.max_length = max_length
        self._set_words(words)

    def fit(self, captions: Iterable[str]) -> CaptionTokenizer:
        """Replace the vocabulary by the words of the captions; returns itself."""
        self._set_words({word for caption in captions for word in self.split(caption)})
        return self

    def encode(self, caption: str) -> list[int]:
        """Token ids of a caption between ``<SOS>`` and ``<EOS>``; words outside the vocabulary become ``<UNK>``.

        Raises:
            UserError: the caption has no word, or more tokens than ``max_length``.
        """
        words = self.split(caption)
        length = len(words) + 2
        if not words or length > self.max_length:
            raise UserError(f"caption {caption[:80]!r} has {len(words)} words: expected 1 to {self.max_length - 2}")
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
            ``max_length`` and the fitted ``words``, without the special tokens.
        """
        return {"max_length": self.max_length, "words": list(self.words)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CaptionTokenizer:
        """The tokenizer of a :meth:`state_dict`.

        Raises:
            KeyError, ValueError: the state is not one of a tokenizer.
        """
        length, words = state["max_length"], state["words"]
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
        return cls(max_length=length, words=words)

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON: ``{"max_length": 32, "vocabulary": {"<PAD>": 0, ...}}``."""
        content = {"max_length": self.max_length, "vocabulary": self._ids}
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
            tokenizer = cls.from_state({"max_length": content["max_length"], "words": ordered[len(SPECIAL_TOKENS) :]})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a tokenizer vocabulary: {error}") from error
        if tokenizer._ids != content["vocabulary"]:
            raise ValueError(f"{path} is not a tokenizer vocabulary: its ids are not the special tokens, then a to z")
        return tokenizer

    @staticmethod
    def split(caption: str) -> list[str]:
        """Lower-case words of a caption, without a final full stop."""
        return caption.lower().strip().removesuffix(".").split()

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
