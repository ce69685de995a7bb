"""The model card of a model that was trained on own pictures: it says nothing of the shape world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from cvae_lightning.reports.pictures_evaluation import numbers_table
from cvae_lightning.reports.templating import render
from cvae_lightning.runs import WEIGHTS

if TYPE_CHECKING:
    from cvae_lightning.reports.card import CardFacts


def pictures_card(facts: CardFacts, sections: Mapping[str, Any]) -> str:
    """The card as Markdown under its metadata.

    Args:
        facts: of the model.
        sections: what every card has: ``name``, ``metadata``, ``model``, ``command``, ``training`` and ``validation``.
    """
    found = facts.evaluation
    return render(
        "card_pictures.md.j2",
        **{**sections, "metadata": yaml.safe_dump(sections["metadata"], sort_keys=False, allow_unicode=True)},
        image_size=facts.image_size,
        weights=WEIGHTS,
        evaluation=numbers_table(found["splits"]) if found else None,
        seed=found["settings"]["seed"] if found else None,
    )
