"""The work of ``evaluate``: judge a trained model."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done, stopwatch
from cvae_lightning.cli.values import settings_of, texts
from cvae_lightning.commands.evaluate_pictures import evaluate_own
from cvae_lightning.evaluation.pictures_settings import pictures_source_of
from cvae_lightning.evaluation.settings import EvaluationSettings, scene_source_of, withheld_splits
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.evaluation_files import evaluation_files, headline, write_evaluation
from cvae_lightning.runs import find_checkpoint, run_dir_of
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.runs.layout import TRAINING_CAPTIONS


def job(config: DictConfig) -> None:
    """Measure a model and write the numbers, a report and its pictures."""
    checkpoint = find_checkpoint(config.run)
    pictures = pictures_source_of(checkpoint, config.pictures)
    if pictures is None:
        evaluate_scenes(config, checkpoint)
    else:
        evaluate_own(config, checkpoint, pictures)


def evaluate_scenes(config: DictConfig, checkpoint: Path) -> None:
    """Judge a model on scenes of its world."""
    output, minutes = Path(config.output), stopwatch()
    source = scene_source_of(checkpoint)
    splits = withheld_splits(source.world) if config.splits is None else tuple(texts(config.splits))
    settings = EvaluationSettings(splits, **settings_of(EvaluationSettings, config, "splits"))
    settings.check(source)
    refuse_existing(evaluation_files(output))

    from cvae_lightning.evaluation.evaluate import evaluate
    from cvae_lightning.evaluation.source import with_source
    from cvae_lightning.inference.checkpoint import load

    folder = run_dir_of(checkpoint)
    painter = load(checkpoint, pick_device(config.device), config.sampler)
    evaluation = evaluate(painter, settings, source, folder / TRAINING_CAPTIONS if folder else None)
    results = with_source(evaluation.results, checkpoint, config.sampler)
    report = write_evaluation(results, evaluation.splits, output, minutes())
    done([report], headline(results), f"export run={checkpoint} evaluation={output}")
