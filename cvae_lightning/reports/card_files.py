"""The model card of an exported model, composed from what its run folder and its evaluation recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvae_lightning.runs import CONFIG, ENVIRONMENT, METRICS, content_of, read_mapping


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

    records = {name: read_mapping(folder / name) if folder else {} for name in (CONFIG, ENVIRONMENT, METRICS)}
    facts = CardFacts(
        **model,
        config=records[CONFIG],
        environment=records[ENVIRONMENT],
        metrics=records[METRICS],
        evaluation=evaluation,
    )
    with content_of(folder or Path("evaluation.json")):
        return model_card(facts)
