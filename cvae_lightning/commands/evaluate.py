"""The work of ``evaluate``: measure a trained model, with the judge where its captions are of a world."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.progress import loading, progress
from cvae_lightning.cli.result import done, stopwatch
from cvae_lightning.cli.values import settings_of, texts
from cvae_lightning.evaluation.pictures_settings import PicturesSettings, pictures_plan
from cvae_lightning.evaluation.settings import EvaluationSettings, scene_source_of, withheld_splits
from cvae_lightning.inference.device import pick_device
from cvae_lightning.reports.evaluation_files import evaluation_files, headline, write_evaluation
from cvae_lightning.runs import find_checkpoint, kept_captions
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Measure a model and write the numbers, a report and its pictures."""
    checkpoint, output, minutes = find_checkpoint(config.run), Path(config.output), stopwatch()
    named = None if config.splits is None else tuple(texts(config.splits))
    own = pictures_plan(checkpoint, config.pictures, named, settings_of(PicturesSettings, config, "splits"))
    if own is None:
        source = scene_source_of(checkpoint)
        splits = withheld_splits(source.world) if named is None else named
        settings = EvaluationSettings(splits, **settings_of(EvaluationSettings, config, "splits"))
        settings.check(source)
    refuse_existing(evaluation_files(output))
    loading(f"PyTorch and {checkpoint}")
    from cvae_lightning.evaluation.evaluate import evaluate
    from cvae_lightning.evaluation.pictures import evaluate_folder
    from cvae_lightning.evaluation.source import with_source
    from cvae_lightning.inference.checkpoint import load

    painter, kept = load(checkpoint, pick_device(config.device), config.sampler), kept_captions(checkpoint)
    with progress("pictures", own.steps if own else settings.num_samples) as advance:
        measured = evaluate_folder(painter, own, advance) if own else evaluate(painter, settings, source, kept, advance)
    results = with_source(measured.results, checkpoint, config.sampler)
    report = write_evaluation(results, measured.splits, output, minutes())
    done([report], headline(results), f"export run={checkpoint} evaluation={output}")
