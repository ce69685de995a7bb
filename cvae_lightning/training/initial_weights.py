"""Training that begins with the weights of a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.training.start import shape_text


def load_weights(model: ConditionalVAE, words: Sequence[str], path: str | Path) -> None:
    """Give a model all weights of another one that was trained.

    Args:
        model: of the same parts and sizes.
        words: the vocabulary whose ids the model will read.
        path: a run folder (its best checkpoint), a checkpoint, or exported weights.

    Raises:
        UserError: there is no trained model, or it has other parts, sizes or words; the message names the first.
    """
    find_checkpoint(path, key="initial_weights")
    painter = load(path)
    trained = painter.model.state_dict()
    shapes = {name: tuple(weight.shape) for name, weight in trained.items()}
    expected = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    for name in sorted(shapes.keys() | expected.keys()):
        if shapes.get(name) != expected.get(name):
            raise UserError(
                f"initial_weights={path}: it is another model: its {name} is {shape_text(shapes.get(name))}, and the "
                f"config's is {shape_text(expected.get(name))}; start with the arguments that it was trained with"
            )
    known = painter.tokenizer.vocabulary
    if list(known) != list(words):
        other = next((pair for pair in zip(known, words, strict=False) if pair[0] != pair[1]), (known[-1], words[-1]))
        raise UserError(
            f"initial_weights={path}: it reads other words: {other[0]!r} has the place that {other[1]!r} has in the "
            "training captions; start with the same data"
        )
    model.load_state_dict(trained)
