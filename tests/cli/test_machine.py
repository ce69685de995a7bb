"""What a machine cannot do is answered without PyTorch where that is certain."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from cvae_lightning.cli import machine
from cvae_lightning.cli.machine import check_machine
from cvae_lightning.errors import UserError
from cvae_lightning.runs.machine import may_have_gpu


def config(accelerator: str = "auto", precision: str = "auto", devices: object = 1):
    return OmegaConf.create({"trainer": {"accelerator": accelerator, "precision": precision, "devices": devices}})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (config("gpu"), "trainer.accelerator=gpu: PyTorch finds no CUDA device here"),
        (config(precision="fp16"), "a CPU has no fp16"),
        (config(devices=99), "devices=99: this machine has"),
        (config(devices=[0, 1]), "on a CPU, expected a number of processes"),
        (OmegaConf.create({"device": "cuda"}), "device=cuda: PyTorch finds no CUDA device here; use device=cpu"),
    ],
)
def test_what_needs_a_gpu_is_refused_where_no_driver_runs(monkeypatch, asked, message: str) -> None:
    monkeypatch.setattr(machine, "may_have_gpu", lambda: False)
    with pytest.raises(UserError, match=message):
        check_machine(asked)
    monkeypatch.setattr(machine, "may_have_gpu", lambda: True)
    check_machine(asked)  # PyTorch is asked later


def test_a_processor_that_is_asked_for_is_checked_on_every_machine(monkeypatch) -> None:
    monkeypatch.setattr(machine, "may_have_gpu", lambda: True)
    with pytest.raises(UserError, match="a CPU has no fp16"):
        check_machine(config("cpu", "fp16"))


@pytest.mark.parametrize("name", ["nvidiactl", "nvidia0", "nvhost-gpu", "kfd", "dxg"])
def test_a_driver_makes_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "nvme0").touch()
    assert not may_have_gpu(tmp_path, "linux")
    (tmp_path / name).touch()
    assert may_have_gpu(tmp_path, "linux")
