"""Whether a run was trained on a folder of own pictures, by its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OWN_PICTURES = "cvae_lightning.data.CaptionedFolderDataModule"
"""Of ``data`` in the config of such a run."""


def is_of_own_pictures(config: Mapping[str, Any]) -> bool:
    """Whether a run's config says that it was trained on a folder of pictures, whose captions are of no world.

    Example:
        >>> is_of_own_pictures({"data": {"_target_": "cvae_lightning.data.ShapeSceneDataModule"}})
        False
    """
    data = config.get("data")
    return isinstance(data, Mapping) and data.get("_target_") == OWN_PICTURES
