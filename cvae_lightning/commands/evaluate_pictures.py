"""The work of ``evaluate`` for a model of own pictures."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done, stopwatch
from cvae_lightning.cli.values import settings_of, texts
from cvae_lightning.evaluation.pictures_settings import PicturesSettings, PicturesSource, chosen_splits
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.evaluation_files import evaluation_files
from cvae_lightning.reports.pictures_evaluation import pictures_headline, write_pictures_evaluation
from cvae_lightning.runs.images import refuse_existing


def evaluate_own(config: DictConfig, checkpoint: Path, source: PicturesSource) -> None:
    """Measure a model on the pictures of its folder, and write the numbers, a report and its pictures."""
    output, minutes = Path(config.output), stopwatch()
    images = source.images()
    given = None if config.splits is None or "novel_pair" in config.splits else texts(config.splits)
    splits = chosen_splits(given, images)
    settings = PicturesSettings(splits=splits, **settings_of(PicturesSettings, config, "splits"))
    refuse_existing(evaluation_files(output))

    from cvae_lightning.data import CaptionedFolder
    from cvae_lightning.evaluation.features import FeatureNetwork
    from cvae_lightning.evaluation.pictures import evaluate_pictures
    from cvae_lightning.evaluation.source import with_source
    from cvae_lightning.inference.checkpoint import load

    network = None
    if config.features is not None:
        network = FeatureNetwork(str(config.feature_network), Path(config.features))
    painter = load(checkpoint, pick_device(config.device), config.sampler)
    datasets = {split: CaptionedFolder(images[split], painter.model.image_size) for split in splits}
    evaluation = evaluate_pictures(painter, settings, datasets, network)
    results = with_source(evaluation.results, checkpoint, config.sampler)
    report = write_pictures_evaluation(results, evaluation.splits, output, minutes())
    done([report], pictures_headline(results), f"generate run={checkpoint} 'captions=[...]'")
