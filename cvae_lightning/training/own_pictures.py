"""What own pictures cannot be trained with, because it needs the shape world."""

from __future__ import annotations

from hydra.utils import get_class
from omegaconf import DictConfig

from cvae_lightning.errors import UserError


def check_world(config: DictConfig) -> None:
    """See that nothing needs the shape world where the data are own pictures, and that they have the model's size.

    Raises:
        UserError: the text encoder reads the world's words, a checkpoint is chosen by the judge, or sizes differ.
    """
    if getattr(get_class(config.data._target_), "has_world", True):
        return
    if config.data.resolution != config.model.image_size:
        raise UserError(
            f"data.resolution={config.data.resolution}, but the model's pictures have model.image_size="
            f"{config.model.image_size}: choose the size with model.image_size alone"
        )
    if "lexicon" in config.text_encoder:
        part = str(config.text_encoder._target_).rpartition(".")[2]
        raise UserError(
            f"text_encoder: {part} reads the shape world's words only, and own pictures have captions of any words: "
            "choose text_encoder=transformer or text_encoder=lstm with "
            "slot_queries=learned, or a recipe that does: +experiment=baseline, guide or emoji"
        )
    for name in map(str, config.callbacks):
        monitor = str((config.callbacks[name] or {}).get("monitor", ""))
        if monitor.startswith("val/consistency"):
            raise UserError(
                f"callbacks.{name}.monitor={monitor} is the judge's, who knows the shape world only: for own pictures "
                "choose val/loss_at_beta with mode=min, or val/retrieval with mode=max"
            )
