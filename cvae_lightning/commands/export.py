"""The work of ``export``: write a trained model as one small file."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.progress import loading
from cvae_lightning.cli.result import done
from cvae_lightning.evaluation.pictures_settings import pictures_source_of
from cvae_lightning.inference.export import check_dtype, check_evaluated, check_format, exported
from cvae_lightning.reports.card_files import card_of
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.runs import CARD, CONFIG, ONNX, WEIGHTS, find_checkpoint, run_dir_of, write_new
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Write the weights, the run's config and a model card; or the model as an ONNX file."""
    check_format(config.format)
    check_dtype(config.dtype)
    checkpoint, output = find_checkpoint(config.run), Path(config.output)
    folder = run_dir_of(checkpoint)
    evaluation = read_evaluation(Path(config.evaluation)) if config.evaluation is not None else {}
    refuse_existing([output / name for name in ([ONNX] if config.format == "onnx" else [WEIGHTS, CONFIG, CARD])])
    loading(f"PyTorch and {checkpoint}")
    if config.format == "onnx":
        from cvae_lightning.inference.onnx_export import onnx_file

        content, parity = onnx_file(checkpoint, config.sampler)
        return done(write_new(output, {ONNX: content}), f"{len(content) / 1e6:.1f} MB; {parity}")
    model = exported(checkpoint, config.dtype, config.sampler)
    if evaluation:
        check_evaluated(evaluation, checkpoint, model.weights)
    files = {WEIGHTS: model.weights, CARD: card_of(model.facts, folder, evaluation).encode()}
    if folder and (folder / CONFIG).is_file():
        files[CONFIG] = (folder / CONFIG).read_bytes()
    size = f"{len(model.weights) / 1e6:.1f} MB, {model.facts['precision']}"
    example = "..." if pictures_source_of(checkpoint) else '"a large blue square"'
    return done(write_new(output, files), size, f"generate run={output} 'captions=[{example}]'")
