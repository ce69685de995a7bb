"""What is asked of the machine is checked; ``auto`` gives what it can do."""

import pytest
import torch

from cvae_lightning.errors import UserError
from cvae_lightning.training import precision as hardware
from cvae_lightning.training.precision import Hardware, check_compiler, choose, native_precisions


@pytest.fixture
def cpu_without_bf16(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(hardware, "_multiplies_bf16", lambda accelerator: False)


@pytest.fixture
def gpu(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(hardware, "_multiplies_bf16", lambda accelerator: accelerator == "gpu")


def test_auto_on_a_plain_cpu(cpu_without_bf16) -> None:
    assert choose() == Hardware("cpu", "32-true", True)


def test_auto_on_a_gpu(gpu) -> None:
    assert choose() == Hardware("gpu", "bf16-mixed", True)
    assert choose("cpu") == Hardware("cpu", "32-true", True)


def test_native_precisions_leave_out_what_is_emulated(cpu_without_bf16, monkeypatch) -> None:
    assert native_precisions() == ["fp32"]
    monkeypatch.setattr(hardware, "_multiplies_bf16", lambda accelerator: True)
    assert native_precisions("cpu") == ["fp32", "bf16"]


def test_what_is_asked_for_is_taken(cpu_without_bf16) -> None:
    assert choose("cpu", "bf16", False) == Hardware("cpu", "bf16-mixed", False)


@pytest.mark.parametrize(
    ("accelerator", "precision", "message"),
    [
        ("gpu", "fp32", "no CUDA device"),
        ("cpu", "fp16", "a CPU has no fp16"),
        ("cpu", "fp31", "nearest is 'fp3"),
    ],
)
def test_what_the_machine_lacks_is_named(cpu_without_bf16, accelerator: str, precision: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        choose(accelerator, precision)


def test_a_gpu_without_bf16_says_so(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(hardware, "_multiplies_bf16", lambda accelerator: False)
    with pytest.raises(UserError, match="this GPU has no bf16"):
        choose("gpu", "bf16")


def test_compiling_needs_a_compiler(monkeypatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match=r"compile=true: .* there is no no-such-compiler here"):
        check_compiler()
