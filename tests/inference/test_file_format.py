"""A file gives back the very model, whatever it is made of; and what damaged and foreign files get."""

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hydra import compose, initialize_config_dir
from safetensors import safe_open
from support import ROOT

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.inference import PRECISIONS, quantization
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.inference.file_format import Saved, to_file
from cvae_lightning.inference.header import KEY
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE, ResidualDecoder, blueprint
from cvae_lightning.runs.layout import SHIPPED
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.world import DEFAULT, to_plain, word_tables


@pytest.fixture(autouse=True)
def _eight_bits_for_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small models have no tensor that is large."""
    monkeypatch.setattr(quantization, "LARGE", 10_000)


CAPTIONS = ["a large blue square above 3 small red circles", "2 small cyan stars"]


def painter_of(model: ConditionalVAE) -> Painter:
    """A painter whose every weight is something else than a new model's, so that all of them matter."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn(weight.shape, generator=generator)
    return Painter(model, CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary)))


def saved(painter: Painter) -> Saved:
    words = painter.tokenizer.state_dict()
    return Saved(blueprint(painter.model), words, painter.model.state_dict(), to_plain(painter.world))


@pytest.fixture(scope="module")
def flagship() -> Painter:
    """The flagship's own config: a lexicon in its text encoder, buffers that are not saved, a flow for a prior."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train", ["experiment=flagship"])
    words = CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary)).vocabulary
    return painter_of(build_module(config, words, channels_last=True).model)


@pytest.fixture(scope="module")
def small() -> Painter:
    """Parts built in Python, some by default, one with tuples among its arguments."""
    words = CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary))
    sizes = {"image_size": 32, "latent_dim": 8, "caption_dim": 16}
    decoder = ResidualDecoder(**sizes, widths=(8, 16), blocks=(1, 1), conditioning="film")
    return painter_of(ConditionalVAE(len(words), **sizes, base_channels=8, stages=3, decoder=decoder))


@pytest.fixture(params=["flagship", "small"])
def painter(request: pytest.FixtureRequest) -> Painter:
    return request.getfixturevalue(request.param)


def written(painter: Painter, folder: Path, precision: str) -> Path:
    file = folder / f"{precision}.safetensors"
    file.write_bytes(to_file(saved(painter), precision))
    return file


def test_float32_is_the_very_model(painter: Painter, tmp_path: Path) -> None:
    again = load(written(painter, tmp_path, "float32"))
    assert json.dumps(blueprint(again.model)) == json.dumps(blueprint(painter.model))
    assert (again.tokenizer.words, again.tokenizer.max_length) == (painter.tokenizer.words, 32)
    buffers = dict(again.model.named_buffers())
    for name, value in (*painter.model.named_parameters(), *painter.model.named_buffers()):
        other = buffers.get(name, again.model.state_dict().get(name))
        assert torch.equal(value.nan_to_num(9), other.nan_to_num(9)), name
    assert [p.tobytes() for p in again(CAPTIONS[0], 2)] == [p.tobytes() for p in painter(CAPTIONS[0], 2)]


LEVELS = {"mixed": 1.0, "float16": 0.1, "bfloat16": 1.0}


@pytest.mark.parametrize("precision", LEVELS)
def test_pictures_are_the_same_up_to_rounding(painter: Painter, tmp_path: Path, precision: str) -> None:
    again = load(written(painter, tmp_path, precision))
    assert {value.dtype for value in again.model.parameters()} == {torch.float32}
    pairs = zip(painter.paint(CAPTIONS, 2), again.paint(CAPTIONS, 2), strict=True)
    arrays = [[np.asarray([np.asarray(p, dtype=int) for p in row]) for row in pair] for pair in pairs]
    difference = max(float(np.abs(first - second).mean()) for first, second in arrays)
    assert 0 < difference < LEVELS[precision]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_file_of_a_loaded_file_has_the_same_bytes(painter: Painter, tmp_path: Path, precision: str) -> None:
    file = written(painter, tmp_path, precision)
    assert to_file(saved(load(file)), precision) == file.read_bytes()


def test_the_flagship_fits_into_16_megabytes(flagship: Painter, tmp_path: Path) -> None:
    file = written(flagship, tmp_path, "mixed")
    assert file.stat().st_size < 16e6
    with safe_open(file, framework="pt") as opened:
        assert set(opened.metadata()) == {KEY}  # several entries would be written in an order that changes


def test_a_flipped_bit_in_the_shipped_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.safetensors"
    content = bytearray(next(one for one in SHIPPED if one.is_file()).read_bytes())
    monkeypatch.setattr("cvae_lightning.inference.digest.SHIPPED", [file])
    for flipped in (0, 1):
        content[-1000] ^= flipped
        file.write_bytes(content)
        if flipped:
            with pytest.raises(UserError, match="SHA-256 is another"):
                load(file)
        else:
            load(file)


def test_more_than_plain_data_is_refused(small: Painter) -> None:
    strange = saved(small)._replace(blueprint={"part": "ConditionalVAE", "vocab_size": torch.float32})
    with pytest.raises(UserError, match="more than plain data"):
        to_file(strange, "float32")


LACKING = "likelihood.running_error"


def foreign(tensors: dict[str, torch.Tensor], header: str | None) -> bytes:
    return safetensors.torch.save(tensors, None if header is None else {KEY: header})


def damaged(good: bytes, damage: str) -> bytes:
    tensors, length = safetensors.torch.load(good), struct.unpack("<Q", good[:8])[0]
    content = json.loads(json.loads(good[8 : 8 + length])["__metadata__"][KEY])
    first = min(name for name, value in tensors.items() if value.ndim)
    content.pop("sha256")  # as one who edits a file would
    header = json.dumps(content)
    lacking = {name: value for name, value in tensors.items() if name != LACKING}
    return {
        "empty": b"",
        "cut short": good[:-100],
        "cut in the header": good[:200],
        "text": b"hello, I am no model",
        "another program's": foreign(tensors, None),
        "header no JSON": foreign(tensors, "{"),
        "header a list": foreign(tensors, "[1, 2]"),
        "deep header": foreign(tensors, "[" * 100_000),
        "no blueprint": foreign(tensors, json.dumps({"format_version": 1})),
        "newer": foreign(tensors, json.dumps(content | {"format_version": 3})),
        "unknown part": foreign(tensors, header.replace("ResidualDecoder", "subprocess.Popen")),
        "strange argument": foreign(tensors, header.replace('"widths"', '"widhts"')),
        "another part": foreign(tensors, json.dumps(content | {"blueprint": content["blueprint"]["decoder"]})),
        "no words": foreign(tensors, json.dumps(content | {"tokenizer": {"max_length": "long", "words": 3}})),
        "lacking a tensor": foreign(lacking, header),
        "another shape": foreign(tensors | {"likelihood.running_error": torch.zeros(3)}, header),
        "not a number": foreign(tensors | {first: tensors[first] * torch.nan}, header),
        "infinite": foreign(tensors | {first: tensors[first] + torch.inf}, header),
        "whole numbers": foreign(tensors | {LACKING: tensors[LACKING].to(torch.int64)}, header),
        "truth values": foreign(tensors | {LACKING: tensors[LACKING].bool()}, header),
        "endless layers": foreign(tensors, re.sub(r'"part": "ResidualDecoder"', r'\g<0>, "layers": 10000000', header)),
        "endless stages": foreign(tensors, re.sub(r'"part": "ResidualDecoder"', r'\g<0>, "stages": 10000000', header)),
        "a word with two meanings": foreign(tensors, json.dumps(content | {"world": ambiguous(content["world"])})),
        "a name twice": foreign(tensors, header.replace('{"format_version"', '{"format_version": 1, "format_version"')),
        "a tensor twice": repeated(good),
    }[damage]


def ambiguous(world: dict[str, Any]) -> dict[str, Any]:
    return world | {"language": world["language"] | {"sizes": world["language"]["sizes"] | {"small": ["blue"]}}}


def repeated(good: bytes) -> bytes:
    """The file with a second entry for a tensor in its header."""
    length = struct.unpack("<Q", good[:8])[0]
    header = good[8 : 8 + length].rstrip()
    entry = json.dumps(json.loads(header)[LACKING])
    header = header[:-1] + f', "{LACKING}": {entry}}}'.encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + good[8 + length :]


DAMAGES = {
    "empty": "cannot be read as safetensors",
    "cut short": "cannot be read as safetensors",
    "cut in the header": "cannot be read as safetensors",
    "text": "cannot be read as safetensors",
    "another program's": "its header has no entry 'cvae_lightning'",
    "header no JSON": "damaged header",
    "header a list": "damaged header",
    "deep header": "damaged header",
    "no blueprint": "damaged header: KeyError: 'blueprint'",
    "newer": "format version 3, but this package reads 1 and 2",
    "unknown part": r"'subprocess\.Popen' is not a registered part",
    "strange argument": "widhts",
    "another part": "holds a ResidualDecoder, not a ConditionalVAE",
    "no words": "not a trained model",
    "lacking a tensor": LACKING,
    "not a number": "has a weight that is not finite",
    "infinite": "has a weight that is not finite",
    "whole numbers": f"{LACKING} holds torch.int64",
    "truth values": f"{LACKING} holds torch.bool",
    "endless layers": "10000000 layers: expected at most",
    "endless stages": "10000000 stages: expected at most",
    "a word with two meanings": "'blue' is a word of the",
    "a name twice": "'format_version' is in it twice",
    "a tensor twice": "damaged|duplicate|twice",
    "another shape": r"likelihood\.running_error",
}


def edited(good: bytes, *path: str, value: object) -> bytes:
    """The file with another value in its header's content, and without its digest."""
    tensors, length = safetensors.torch.load(good), struct.unpack("<Q", good[:8])[0]
    content = json.loads(json.loads(good[8 : 8 + length])["__metadata__"][KEY])
    content.pop("sha256")
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return foreign(tensors, json.dumps(content))


READER = {
    "part": "LSTMTextEncoder",
    "vocab_size": len(CaptionTokenizer(words=word_tables(DEFAULT).vocabulary)),
    "caption_dim": 16,
}
EDITS = {
    ("blueprint", "stages"): [10**7, -1, 2.5, None, "five", [5], True, 10**400],
    ("blueprint", "prior"): [3, [], "StandardPrior", {"part": "GaussianLikelihood", "scale": None}, {}, {"part": 3}],
    ("blueprint", "text_encoder"): [
        READER | {"pad_id": None},
        READER | {"pad_id": "0"},
        READER | {"vocab_size": 10**6},
        {"part": "LSTMTextEncoder"},
    ],
    ("blueprint", "decoder", "widths"): [[8] * 10_000, [8, "x"], 8, [], [10**7, 8], [[8]]],
    ("blueprint", "decoder", "blocks"): [[10**7, 1], [1] * 100],
    ("blueprint", "image_size"): [2**40, 0, -64, 4096],
    ("blueprint", "latent_dim"): [10**6, 0],
    ("tokenizer", "words"): [[1], "words", [], ["a", "a"], ["two words"], None, {"a": 1}],
    ("tokenizer", "max_length"): [1, 3.5, None, True, 10**9, "32"],
}


@pytest.mark.parametrize("path", EDITS, ids=lambda path: ".".join(path[1:]))
def test_what_no_constructor_takes_is_refused_before_anything_is_built(
    small: Painter, tmp_path: Path, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, file = to_file(saved(small), "float32"), tmp_path / "bad.safetensors"
    monkeypatch.setattr("cvae_lightning.inference.checkpoint.build", lambda plan: pytest.fail("it was built"))
    for value in EDITS[path]:
        file.write_bytes(edited(good, *path, value=value))
        with pytest.raises(UserError, match=r"bad\.safetensors") as caught:
            load(file)
        assert len(str(caught.value)) < 900


def test_a_caption_that_is_too_long_for_the_model_is_a_users_mistake(small: Painter, tmp_path: Path) -> None:
    file = tmp_path / "short.safetensors"
    file.write_bytes(edited(to_file(saved(small), "float32"), "tokenizer", "max_length", value=3))
    with pytest.raises(UserError, match="expected 1 to 1"):
        load(file).stream(["a red star"])


def test_a_flipped_bit_is_refused(small: Painter, tmp_path: Path) -> None:
    good, file = to_file(saved(small), "float32"), tmp_path / "flipped.safetensors"
    length = struct.unpack("<Q", good[:8])[0]
    number = good.index(b'"caption_dim')  # within the blueprint
    for place, bit in ((8 + length + 5, 1), (len(good) - 1, 1), (len(good) // 2, 64), (number + 2, 1)):
        content = bytearray(good)
        content[place] ^= bit
        file.write_bytes(content)
        with pytest.raises(UserError, match=r"SHA-256|cannot be read"):
            load(file)


def test_a_file_is_what_it_holds_whatever_its_name(small: Painter, tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt"
    file.write_bytes(to_file(saved(small), "float32"))
    assert load(file).model.image_size == 32


def test_an_older_file_without_a_digest_is_loaded_with_a_note(
    small: Painter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "old.safetensors"
    file.write_bytes(edited(to_file(saved(small), "float32"), "format_version", value=2))
    with caplog.at_level("INFO"):
        load(file)
    assert "has no checksum" in caplog.text


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_file_gets_one_paragraph(small: Painter, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(damaged(to_file(saved(small), "float32"), damage))
    with pytest.raises(UserError) as caught:
        load(file)
    words = str(caught.value)
    assert str(file) in words
    assert re.search(DAMAGES[damage], words), words
    assert "\n" not in words
