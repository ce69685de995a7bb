"""A model goes to a hub and comes back; the hub is a folder here, and nothing uses a network."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import torch
from huggingface_hub import ModelCard
from huggingface_hub.errors import EntryNotFoundError, RemoteEntryNotFoundError
from support import ROOT

from cvae_lightning import load
from cvae_lightning.errors import UserError
from cvae_lightning.runs import layout

hub = pytest.importorskip("cvae_lightning.hub")
CAPTION = "a large blue square above 3 small red circles"
FLAGSHIP = ROOT / "experiments" / "flagship"
FILES = {"README.md", "config.json", "config.yaml", "model.safetensors"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the hub: repositories are its folders."""
    store = tmp_path / "store"

    class Api:
        def __init__(self, token: str | None = None) -> None:
            assert token == "secret"

        def create_repo(self, repo_id: str, private: bool | None, exist_ok: bool) -> SimpleNamespace:
            (store / repo_id).mkdir(parents=True, exist_ok=exist_ok)
            return SimpleNamespace(repo_id=repo_id)

        def upload_folder(self, *, repo_id: str, folder_path: Path, repo_type: str, **_: object) -> str:
            assert repo_type == "model"
            shutil.copytree(folder_path, store / repo_id, dirs_exist_ok=True)
            return f"commit of {repo_id}"

    def download(repo_id: str, filename: str, **options: object) -> str:
        assert options["revision"] == "main"
        file = store / repo_id / filename
        if not file.exists():
            raise RemoteEntryNotFoundError(filename, response=MagicMock())
        return str(file)

    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Api)
    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", download)
    monkeypatch.setattr(hub, "hf_hub_download", download)
    return store


def test_a_model_goes_to_the_hub_and_comes_back(store: Path) -> None:
    painter = hub.HubPainter.from_pretrained(FLAGSHIP, sampler={"steps": 1, "restarts": 0})
    assert painter.push_to_hub("someone/shapes", token="secret") == "commit of someone/shapes"
    assert {path.name for path in (store / "someone" / "shapes").iterdir()} == FILES
    again = hub.HubPainter.from_pretrained("someone/shapes", revision="main")
    assert again(CAPTION)[0].tobytes() == painter(CAPTION)[0].tobytes()
    assert load(store / "someone" / "shapes")(CAPTION)[0].tobytes() == painter(CAPTION)[0].tobytes()
    for name, value in painter.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


def evaluation(sha256: str, folder: Path) -> Path:
    """The flagship's evaluation as if it were of a file of this hash."""
    content = json.loads((FLAGSHIP / "evaluation" / "evaluation.json").read_text())
    content["checkpoint"]["sha256"] = sha256
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps(content))
    return folder


def test_a_hub_reads_the_card(tmp_path: Path) -> None:
    judged = evaluation(hashlib.sha256(layout.SHIPPED[-1].read_bytes()).hexdigest(), tmp_path / "judged")
    painter = hub.HubPainter.from_pretrained(FLAGSHIP, evaluation=judged)
    painter.save_pretrained(tmp_path / "saved")
    data = ModelCard.load(tmp_path / "saved" / "README.md").data
    assert (data.library_name, data.pipeline_tag, data.license) == ("cvae_lightning", "text-to-image", "mit")
    assert "text-to-image" in data.tags
    measured = json.loads((FLAGSHIP / "evaluation" / "evaluation.json").read_text())["splits"]["test"]["samples"]
    shares = [result.metric_value for result in data.eval_results if result.dataset_split == "test"]
    assert round(measured["atoms"]["all"]["share"], 6) in shares
    assert json.loads((tmp_path / "saved" / "config.json").read_text())["facts"]["latent_dim"] == 20


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    painter = hub.HubPainter.from_pretrained(FLAGSHIP)
    for name in FILES:
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(UserError, match=rf"{name} exists and is not overwritten"):
            painter.save_pretrained(folder)
        assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_a_repository_without_a_config_is_loaded_and_one_without_weights_is_not(store: Path) -> None:
    folder = store / "someone" / "plain"
    folder.mkdir(parents=True)
    with pytest.raises(EntryNotFoundError):
        hub.HubPainter.from_pretrained("someone/plain", revision="main")
    shutil.copy(layout.SHIPPED[-1], folder)
    assert hub.HubPainter.from_pretrained("someone/plain", revision="main").model.latent_dim == 20


def test_the_evaluation_of_another_model_is_refused(tmp_path: Path) -> None:
    judged = evaluation("0" * 64, tmp_path / "judged")
    with pytest.raises(UserError, match="the evaluation is of another model"):
        hub.HubPainter.from_pretrained(FLAGSHIP, evaluation=judged)
