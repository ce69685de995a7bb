"""The card of an exported data set: what it holds, where it comes from and how it is loaded.

Its header is the metadata that model hubs read (https://huggingface.co/docs/hub/datasets-cards).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from cvae_lightning.reports.templating import render

SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
HUB_NAMES = {"val": "validation"}
"""Splits that a hub knows under another name."""


def dataset_card(record: Mapping[str, Any]) -> str:
    """The card as Markdown under its metadata.

    Args:
        record: the data set's settings, as ``dataset.json`` has them.
    """
    return render(
        "dataset_card.md.j2",
        metadata=yaml.safe_dump(metadata(record), sort_keys=False),
        record=record,
        splits=[[f"`{split}/`", hub_split(split), f"{record['size']:,}"] for split in record["splits"]],
        shapes=list(record["world"]["shapes"]),
        colours=list(record["world"]["colours"]),
        sizes=list(record["world"]["sizes"]),
    )


def metadata(record: Mapping[str, Any]) -> dict[str, Any]:
    """The card's header, with which files make which split."""
    files = [{"split": hub_split(split), "path": f"{split}/**"} for split in record["splits"]]
    return {
        "license": "mit",
        "language": ["en"],
        "pretty_name": f"Shape world {record['world']['name']}, {record['image_size']} px",
        "task_categories": ["text-to-image"],
        "size_categories": [size_category(record["size"] * len(record["splits"]))],
        "tags": ["synthetic", "compositional", "shape-world"],
        "configs": [{"config_name": "default", "data_files": files}],
    }


def hub_split(split: str) -> str:
    """A split's name on a hub.

    Example:
        >>> hub_split("val"), hub_split("novel_pair")
        ('validation', 'novel_pair')
    """
    return HUB_NAMES.get(split, split)


def size_category(count: int) -> str:
    """A hub's word for a number of examples.

    Example:
        >>> size_category(10_000)
        '10K<n<100K'
    """
    return next((name for limit, name in SIZE_CATEGORIES if count < limit), "1M<n<10M")
