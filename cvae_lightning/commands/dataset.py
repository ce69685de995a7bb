"""The work of ``dataset``: write scenes as a data set of captioned pictures."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.captioned_images.export import DatasetSettings, begin, prompts, write_split
from cvae_lightning.captioned_images.records import json_lines
from cvae_lightning.cli.progress import progress
from cvae_lightning.cli.result import done
from cvae_lightning.cli.values import settings_of, texts, world_of
from cvae_lightning.reports.dataset_card import dataset_card
from cvae_lightning.runs import CARD, write_atomic, write_new
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.runs.layout import IMAGES_METADATA


def job(config: DictConfig) -> None:
    """Write pictures, metadata and card, or prompts alone."""
    numbers = settings_of(DatasetSettings, config, "splits", "world")
    settings = DatasetSettings(splits=tuple(texts(config.split)), world=world_of(config.world), **numbers)
    output = Path(config.output)
    if config.prompts:
        refuse_existing([output / IMAGES_METADATA])
        lines = list(prompts(settings))
        files = write_new(output, {IMAGES_METADATA: json_lines(lines).encode()})
        return done(files, counted(len(lines), "prompt"), "judge images=FOLDER, with the pictures that were painted")
    with progress("pictures", begin(output, settings)) as advance:
        files = [path for split in settings.splits for path in write_split(output, split, settings, advance)]
    write_atomic(output / CARD, dataset_card(settings.record()))
    pictures = f"{counted(settings.size * len(settings.splits), 'picture')} of {settings.image_size} px"
    return done([*files, output / CARD], pictures, f"judge images={output}")
