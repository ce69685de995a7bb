"""Training that begins with the weights of a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.models import ConditionalVAE, blueprint

FREE = ("sampler", "draws", "caption_dropout")
"""Arguments of parts that may differ: they say how a part is trained, or how it samples."""


def load_weights(model: ConditionalVAE, words: Sequence[str], path: str | Path) -> None:
    """Give a model all weights of another one that was trained.

    Args:
        model: of the same parts and sizes.
        words: the vocabulary whose ids the model will read.
        path: a run folder (its best checkpoint), a checkpoint, or exported weights.

    Raises:
        UserError: there is no trained model, or it has other words, parts or sizes; the message names the first.
    """
    try:
        painter = load(path)
    except UserError as error:
        raise UserError(f"initial_weights={path}: {error}") from error
    advice = "start with the arguments that it was trained with"
    known = painter.tokenizer.vocabulary
    if list(known) != list(words):
        other = next((word for word in [*known, *words] if (word in known) != (word in words)), words[-1])
        raise UserError(
            f"initial_weights={path}: it reads other words than the training captions have: {other!r}; {advice}"
        )
    for name, trained, wanted in _differences(blueprint(painter.model), blueprint(model)):
        raise UserError(f"initial_weights={path}: its {name} is {trained}, and the config's is {wanted}; {advice}")
    model.load_state_dict(painter.model.state_dict())


def _differences(trained: Any, wanted: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The arguments of parts that differ: dotted name, both values."""
    if isinstance(trained, Mapping) and isinstance(wanted, Mapping):
        for key in [*trained, *(key for key in wanted if key not in trained)]:
            if key not in FREE:
                inner = name if key == "part" else f"{name}.{key}".removeprefix(".")
                yield from _differences(trained.get(key), wanted.get(key), inner)
    elif trained != wanted:
        yield name or "model", _shown(trained), _shown(wanted)


def _shown(value: Any) -> Any:
    return value["part"] if isinstance(value, Mapping) and "part" in value else value
