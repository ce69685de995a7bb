"""Write a trained model as one small file: ``python -m cvae_lightning.export run=... output=...``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig

from cvae_lightning.cli.app import command
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.inference import PRECISIONS
from cvae_lightning.runs import CONFIG, ENVIRONMENT, METRICS, RESULTS, WEIGHTS, find_checkpoint, run_dir_of
from cvae_lightning.runs.images import refuse_existing

CARD = "README.md"


def export(
    run: str | Path,
    output: Path,
    dtype: str = "mixed",
    evaluation: str | Path | None = None,
    sampling: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write ``model.safetensors``, the run's ``config.yaml`` if there is one, and ``README.md``, a model card.

    Args:
        run: a run folder, a checkpoint or exported weights.
        output: the folder to write into.
        dtype: how weights are stored, one of :data:`cvae_lightning.inference.PRECISIONS`.
        evaluation: a folder that ``evaluate`` wrote about the checkpoint, or about its file of the same ``dtype``.
        sampling: how the file's flow shall sample, see :func:`cvae_lightning.inference.checkpoint.load`.

    Returns:
        the files written, the weights first.

    Raises:
        UserError: what is wrong with the request; nothing is written then.
    """
    if dtype not in PRECISIONS:
        raise UserError(f"dtype={dtype}: expected one of {', '.join(PRECISIONS)}{nearest_hint(dtype, PRECISIONS)}")
    checkpoint = find_checkpoint(run)
    folder = run_dir_of(checkpoint)
    config, ran, metrics = (_read(folder / name) if folder else {} for name in (CONFIG, ENVIRONMENT, METRICS))
    judged = _evaluation(Path(evaluation)) if evaluation is not None else {}
    refuse_existing([output / name for name in (WEIGHTS, CONFIG, CARD)])

    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.inference.file_format import Saved, to_file
    from cvae_lightning.models import blueprint
    from cvae_lightning.reports.card import CardFacts, model_card

    painter = load(checkpoint, sampling=sampling)
    model, tokenizer = painter.model, painter.tokenizer
    weights = to_file(Saved(blueprint(model), tokenizer.state_dict(), model.state_dict()), dtype)
    if judged:
        _check_same(judged, checkpoint, weights)
    parts = {name: type(one).__name__ for name, one in model.named_children()}
    size = sum(one.numel() for one in model.parameters())
    shape = (model.image_size, model.latent_dim, parts, size, PRECISIONS[dtype], len(weights))
    files = {WEIGHTS: weights, CARD: model_card(CardFacts(*shape, config, ran, metrics, judged)).encode()}
    if folder and (folder / CONFIG).is_file():
        files[CONFIG] = (folder / CONFIG).read_bytes()
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with (output / name).open("xb") as file:
            file.write(content)
    return [output / name for name in files]


def _read(file: Path) -> dict[str, Any]:
    """A record of a run, empty where there is none.

    Raises:
        UserError: the file is damaged.
    """
    if not file.is_file():
        return {}
    try:
        return dict(yaml.safe_load(file.read_text()) if file.name == CONFIG else json.loads(file.read_text()))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error


def _evaluation(folder: Path) -> dict[str, Any]:
    """The results in an evaluation's folder.

    Raises:
        UserError: there are none.
    """
    if not (folder / RESULTS).is_file():
        raise UserError(f"evaluation={folder}: the folder has no {RESULTS}")
    results = _read(folder / RESULTS)
    if lacking := {"checkpoint", "settings", "splits", "diversity"} - set(results):
        raise UserError(f"{folder / RESULTS} is no evaluation: it lacks {', '.join(sorted(lacking))}")
    return results


def _check_same(judged: dict[str, Any], checkpoint: Path, weights: bytes) -> None:
    """Raise where the evaluation is of another model than the one in these files.

    Raises:
        UserError: it is.
    """
    ours = [hashlib.sha256(one).hexdigest() for one in (checkpoint.read_bytes(), weights)]
    if judged["checkpoint"]["sha256"] not in ours:
        raise UserError(
            f"the evaluation is of another model, {judged['checkpoint']['name']} with sha256 "
            f"{judged['checkpoint']['sha256'][:12]}...; evaluate run={checkpoint} anew"
        )


def job(config: DictConfig) -> None:
    """The command's work."""
    for path in export(config.run, Path(config.output), config.dtype, config.evaluation, config.sampling):
        print(path)


def main() -> None:
    """The command line."""
    command("export", job)


if __name__ == "__main__":
    main()
