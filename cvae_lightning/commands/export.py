"""The work of ``export``: write a trained model as one small file."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done
from cvae_lightning.inference.export import check_dtype, check_evaluated, exported
from cvae_lightning.reports.card_files import card_of
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.runs import CARD, CONFIG, WEIGHTS, find_checkpoint, run_dir_of, write_new
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Write the weights, the run's config and a model card."""
    check_dtype(config.dtype)
    checkpoint, output = find_checkpoint(config.run), Path(config.output)
    folder = run_dir_of(checkpoint)
    evaluation = read_evaluation(Path(config.evaluation)) if config.evaluation is not None else {}
    refuse_existing([output / name for name in (WEIGHTS, CONFIG, CARD)])
    model = exported(checkpoint, config.dtype, config.sampler)
    if evaluation:
        check_evaluated(evaluation, checkpoint, model.weights)
    files = {WEIGHTS: model.weights, CARD: card_of(model.facts, folder, evaluation).encode()}
    if folder and (folder / CONFIG).is_file():
        files[CONFIG] = (folder / CONFIG).read_bytes()
    written = write_new(output, files)
    size = f"{len(model.weights) / 1e6:.1f} MB, {model.facts['precision']}"
    done(written, size, f"generate run={output} 'captions=[\"a large blue square\"]'")
