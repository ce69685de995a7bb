"""The model card of an exported model, composed from what its run folder and its evaluation recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from cvae_lightning.errors import UserError
from cvae_lightning.runs import CONFIG, ENVIRONMENT, METRICS, content_of, read_mapping

KINDS: dict[str, dict[str, type]] = {
    CONFIG: {"name": str, "data": dict},
    ENVIRONMENT: {"command": str, "git": dict, "packages": dict, "machine": dict},
    METRICS: {"metrics": dict},
}
"""What a card reads of each record, and what it must be."""


def card_of(model: Mapping[str, Any], folder: Path | None, evaluation: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        model: of :attr:`cvae_lightning.inference.export.Exported.facts`.
        folder: its run folder, or None.
        evaluation: the content of its ``evaluation.json``; empty without one.

    Raises:
        UserError: a record of the run is damaged.
    """
    from cvae_lightning.reports.card import CardFacts, model_card

    records = {name: read_mapping(folder / name, kinds) if folder else {} for name, kinds in KINDS.items()}
    facts = CardFacts(
        **model,
        config=records[CONFIG],
        environment=records[ENVIRONMENT],
        metrics=records[METRICS],
        evaluation=evaluation,
    )
    source = folder or Path("evaluation.json")
    try:
        with content_of(source):
            return model_card(facts)
    except TemplateError as error:  # a value that the card's text refers to is absent
        raise UserError(f"{source} is not what this package writes: {error}") from error
