"""Attack: a file names a function to call, as ``_target_`` or as a part. It must be refused or mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from attacks.fuzz import models
from cvae_lightning.cli.followed import check_followed
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.settings import scene_source_of
from cvae_lightning.inference.checkpoint import load

CALL = {"_target_": "pathlib.Path.mkdir", "_args_": ["called"]}
NAMES = ["os.system", "pathlib.Path", "builtins.eval", "cvae_lightning.runs.atomic.write_atomic", "torch.hub.load", ""]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["blueprint", "prior", "decoder", "text_encoder"])
def test_a_blueprint_names_registered_parts_only(tmp_path: Path, name: str, place: str) -> None:
    content, plan = models.content(), {"part": name, **CALL}
    if place == "blueprint":
        content["blueprint"] = plan
    else:
        content["blueprint"][place] = plan
    for suffix, encode in ((".safetensors", models.export_of), (".ckpt", _checkpoint_of)):
        file = tmp_path / f"model{suffix}"
        file.write_bytes(encode(content))
        with pytest.raises(UserError, match="is not a registered part"):
            load(file)


def _checkpoint_of(content: object) -> bytes:
    return models.checkpoint_of({**models.checkpoint_content(), "cvae_lightning": content})


def test_a_target_in_a_config_that_is_read_means_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``evaluate`` reads which scenes a run was trained on, and builds nothing of its config."""
    monkeypatch.chdir(tmp_path)
    data = {"seed": 0, "size": 100, "val_fraction": 0.1, "synonyms": True, "mix": {**CALL, "one": 1, "joined": 1}}
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"data": {**data, **CALL}, **CALL}))
    with pytest.raises(UserError, match="does not say which scenes"):
        scene_source_of(tmp_path / "checkpoints" / "best.ckpt")
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_target_in_saved_arguments_is_not_followed(name: str) -> None:
    """More kinds of them are in ``tests/cli/test_followed.py``, with a whole command."""
    for argument in (f"+callbacks.x._target_={name}", f"+callbacks.x={{_target_:{name}}}", f"prior._target_={name}"):
        with pytest.raises(UserError, match="is not followed"):
            check_followed([argument], [], Path("run"))
