"""Every kind of file that a command reads, with what reads it: functions of bytes, for hypothesis and for atheris."""

from __future__ import annotations

import io
import json
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support.fake_sweep import write_sweep
from torch import nn

from attacks.fuzz import models
from attacks.fuzz.guard import guarded
from cvae_lightning import runs
from cvae_lightning.captioned_images.export import DatasetSettings, begin
from cvae_lightning.captioned_images.read import find_captioned
from cvae_lightning.cli.explain import describe
from cvae_lightning.cli.followed import check_followed
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.judge_pictures import judge_files, read_meanings
from cvae_lightning.evaluation.settings import scene_source_of
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.reports.card_files import card_of
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.reports.kept_samples import read_samples
from cvae_lightning.runs.folder import has_same_config
from cvae_lightning.runs.images import decode_image, read_image
from cvae_lightning.sweeps import criterion, read_sweep
from cvae_lightning.sweeps.failure import read_failure
from cvae_lightning.training.penalties.perceptual import PerceptualPenalty
from cvae_lightning.training.start import check_fits, newest_checkpoint
from cvae_lightning.world import DEFAULT, to_plain
from cvae_lightning.world.captions import CaptionError, parse

ROOT = Path(__file__).parents[3]
EXPERIMENT = ROOT / "experiments" / "quickstart"
ANSWERS = (UserError, CaptionError)
"""What a command answers with a paragraph."""
MOST_CHARACTERS = 1000
Read = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """A kind of file.

    Attributes:
        name: for reports.
        read: reads content in a folder that is new and empty.
        content: of a good file.
        plain: of a good file, as plain data of which single values can be damaged; None where there is none.
        encode: plain data as the content of a file.
    """

    name: str
    read: Read
    content: Callable[[], bytes]
    plain: Callable[[], Any] | None = None
    encode: Callable[[Any], bytes] = bytes

    def __call__(self, content: bytes) -> None:
        """Read content; the only error may be a paragraph.

        Raises:
            Exception: of any other kind.
        """
        with tempfile.TemporaryDirectory() as name, guarded(Path(name)), answered():
            self.read(content, Path(name))


@contextmanager
def answered() -> Iterator[None]:
    """A user's mistake is answered in one paragraph, and only with it."""
    try:
        yield
    except ANSWERS as error:
        paragraph = describe(error)
        if not paragraph or "\n" in paragraph or len(paragraph) > MOST_CHARACTERS:
            raise AssertionError(f"expected one paragraph, found {paragraph!r}") from error


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _yaml(value: Any) -> bytes:
    return yaml.dump(value, Dumper=yaml.SafeDumper).encode("utf-8", "surrogatepass")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _config(content: bytes, folder: Path) -> None:
    file = _file(folder, "checkpoints/best.ckpt", b"")
    config = _file(folder, "config.yaml", content)
    runs.newest_unfinished(folder, {"seed": 1})
    with answered():
        scene_source_of(file)
    with answered():
        card_of(_facts(), folder, {})
    has_same_config(config, {"seed": 1})


def _facts() -> dict[str, Any]:
    plan = models.content()["blueprint"]
    sizes = {"image_size": 32, "latent_dim": 8, "parameters": 9, "precision": "float32", "size": 9}
    return {"blueprint": plan, "parts": {"decoder": "ResidualDecoder"}, "world": to_plain(DEFAULT), **sizes}


def _overrides(content: bytes, folder: Path) -> None:
    _file(folder, "config.yaml", b"seed: 1")
    _file(folder, "overrides.yaml", content)
    arguments = runs.resumed_arguments([f"resume={folder}"], folder)
    check_followed(runs.saved_overrides(folder), [], folder)
    assert all(isinstance(argument, str) for argument in arguments)


def _records(name: str) -> Read:
    def read(content: bytes, folder: Path) -> None:
        _file(folder, name, content)
        card_of(_facts(), folder, {})
        if name == "metrics.json":
            runs.final_metrics(folder)

    return read


def _table(content: bytes, folder: Path) -> None:
    _file(folder, "metrics.csv", content)
    runs.last_metrics(folder)


def _evaluation(content: bytes, folder: Path) -> None:
    _file(folder, "evaluation.json", content)
    card_of(_facts(), None, read_evaluation(folder))


def _samples(content: bytes, folder: Path) -> None:
    _file(folder, "samples.jsonl", content)
    read_samples(folder)


def _job(name: str) -> Read:
    def read(content: bytes, folder: Path) -> None:
        write_sweep(folder / "sweep")
        _file(folder / "sweep", name, content)
        if name.endswith("failure.json"):
            read_failure(folder / "sweep" / "10")
        sweep = read_sweep(folder / "sweep")
        criterion(sweep)

    return read


def _journal(content: bytes, folder: Path) -> None:
    import optuna

    from cvae_lightning.sweeps.optuna.storage import open_storage

    _file(folder, "study.journal", content)
    storage = open_storage(folder, None)
    optuna.study.get_all_study_summaries(storage)


def _journal_content() -> bytes:
    import optuna

    from cvae_lightning.sweeps.optuna.storage import open_storage

    with tempfile.TemporaryDirectory() as name:
        study = optuna.create_study(storage=open_storage(Path(name), None), study_name="a")
        trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
        study.tell(trial, 1.0)
        return (Path(name) / "study.journal").read_bytes()


def _vocabulary(content: bytes, folder: Path) -> None:
    try:
        CaptionTokenizer.load(_file(folder, "tokenizer_vocab.json", content))
    except ValueError as error:  # of Python, where no command is
        raise UserError(" ".join(str(error).split())) from error


def _model(suffix: str) -> Read:
    def read(content: bytes, folder: Path) -> None:
        painter = load(_file(folder, f"model{suffix}", content))
        list(painter.stream(["a large blue square"]))

    return read


def _resumed_checkpoint(content: bytes, folder: Path) -> None:
    _file(folder, "checkpoints/last.ckpt", content)
    module = nn.Module()
    module.model = models.model()
    if file := newest_checkpoint(folder):
        check_fits(file, module)


def _vgg(content: bytes, folder: Path) -> None:
    PerceptualPenalty(weights=str(_file(folder, "vgg.pth", content)), layers=["relu1_2"])


def _vgg_content() -> bytes:
    shapes = {"0.weight": (64, 3, 3, 3), "0.bias": (64,), "2.weight": (64, 64, 3, 3), "2.bias": (64,)}
    return models.written({f"features.{name}": torch.ones(shape) for name, shape in shapes.items()})


def _picture(content: bytes, folder: Path) -> None:
    try:
        decode_image(content, "picture")
    finally:
        read_image(_file(folder, "picture.png", content))


def _png() -> bytes:
    notes = PngInfo()
    notes.add_itxt("caption", "a large blue square")
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "white").save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def _captions_of(name: str) -> Read:
    def read(content: bytes, folder: Path) -> None:
        _file(folder, "images/000000.png", _png())
        _file(folder, f"images/{name}", content)
        sources = find_captioned([str(folder / "images")])
        judge_files(sources, read_meanings(sources), lambda count: None)

    return read


def _parquet(rows: Any) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


def _dataset(content: bytes, folder: Path) -> None:
    _file(folder, "dataset.json", content)
    begin(folder, DATASET)


def _caption(content: bytes, folder: Path) -> None:
    parse(content.decode("utf-8", "replace"))


DATASET = DatasetSettings(splits=("test",), size=1)
ROW = {"file_name": "000000.png", "text": "a large blue square", "index": 0, "objects": [{"x": 0.5}]}


def _saved(name: str) -> Callable[[], bytes]:
    return (EXPERIMENT / name).read_bytes


def _loaded(name: str) -> Callable[[], Any]:
    return lambda: yaml.safe_load((EXPERIMENT / name).read_text())


def _target(name: str, read: Read, plain: Any, encode: Callable[[Any], bytes]) -> Target:
    return Target(
        name,
        read,
        lambda: encode(plain() if callable(plain) else plain),
        plain if callable(plain) else lambda: plain,
        encode,
    )


ENVIRONMENT = {
    "command": "python -m cvae_lightning.train seed=1",
    "git": {"commit": "c0ffee", "changes": ""},
    "packages": {"torch": "2"},
    "machine": {"cores": 2, "processor": "x"},
}
METRICS = {
    "metrics": {"val/loss": 0.5, "val/consistency/all": 0.9},
    "steps": 3,
    "epochs": 1,
    "training_minutes": 1.5,
    "images_per_second": 2.0,
    "hardware": "cpu",
}
SAMPLE = {
    "split": "test",
    "index": 0,
    "caption": "a large blue square",
    "right": True,
    "reason": "saw a large blue square",
    "reconstruction_right": True,
    "png": b64encode(_png()).decode(),
}
OVERRIDES = ["seed=1", "+trainer.max_steps=3", "model.widths=[1,2]"]
STUDY = {"name": "a", "metrics": ["val/loss"], "directions": ["minimize"], "command": "python"}
TRIAL = {"number": 0, "state": "COMPLETE", "values": [1.0], "params": {"x": 1}, "pruned_at": None, "error": None}
TARGETS = {
    target.name: target
    for target in (
        _target("config.yaml", _config, _loaded("config.yaml"), _yaml),
        _target("overrides.yaml", _overrides, OVERRIDES, _yaml),
        _target("environment.json", _records("environment.json"), ENVIRONMENT, _json),
        _target("metrics.json", _records("metrics.json"), METRICS, _json),
        Target("metrics.csv", _table, lambda: b"step,train/loss,val/loss\n1,0.5,\n2,0.25,0.75\n"),
        _target("evaluation.json", _evaluation, _loaded("evaluation/evaluation.json"), _json),
        _target("samples.jsonl", _samples, SAMPLE, _json),
        _target("failure.json", _job("10/failure.json"), {"error": "x", "command": "y"}, _json),
        _target("trial.json", _job("0/trial.json"), TRIAL, _json),
        _target("study.json", _job("study.json"), STUDY, _json),
        Target("study.journal", _journal, _journal_content),
        _target("tokenizer_vocab.json", _vocabulary, {"max_length": 32, "vocabulary": models.TOKENIZER._ids}, _json),
        Target("model.safetensors", _model(".safetensors"), models.export, models.content, models.export_of),
        Target("best.ckpt", _model(".ckpt"), models.checkpoint, models.checkpoint_content, models.checkpoint_of),
        Target("last.ckpt", _resumed_checkpoint, models.checkpoint, models.checkpoint_content, models.checkpoint_of),
        Target("vgg16.pth", _vgg, _vgg_content),
        Target("picture.png", _picture, _png),
        _target("metadata.jsonl", _captions_of("metadata.jsonl"), ROW, _json),
        Target(
            "metadata.csv", _captions_of("metadata.csv"), lambda: b"file_name,text\n000000.png,a large blue square\n"
        ),
        _target("metadata.parquet", _captions_of("metadata.parquet"), [ROW], _parquet),
        Target("caption.txt", _captions_of("000000.txt"), lambda: b"a large blue square"),
        _target("dataset.json", _dataset, DATASET.record(), _json),
        Target("caption", _caption, lambda: b"a large blue square above 3 small red circles"),
    )
}
"""By name; ``docs/files.md`` has the same names."""
