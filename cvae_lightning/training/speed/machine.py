"""What this machine can do: its matrix products, and its reference figure."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from omegaconf import DictConfig
from torch.utils.flop_counter import FlopCounterMode

from cvae_lightning.cli.compose import composed
from cvae_lightning.data import Batch, CaptionedDataModule
from cvae_lightning.training.factory import check
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.training.precision import Hardware
from cvae_lightning.training.speed.loops import autocast

REFERENCE_BATCH = 8
REFERENCE = ("model.image_size=256", f"data.batch_size={REFERENCE_BATCH}", "data.num_workers=0")
"""The guide's model at the guide's size. An image costs at batch 8 what it costs at 32, within a few percent."""
REFERENCE_SPEED = 20.0
"""Images per second of the machine whose minutes are the reference minutes."""
MATRIX_SIDE = 2048


def matrix_gflops(dtype: torch.dtype, device: torch.device) -> float:
    """GFLOP/s of the product of two square matrices, the best of three."""
    first, second = (torch.randn(MATRIX_SIDE, MATRIX_SIDE, device=device).to(dtype) for _ in range(2))
    return 2 * MATRIX_SIDE**3 / 1e9 / best_seconds(lambda: first @ second, 3, device)


def reference_speed(accelerator: str) -> float:
    """Training images per second of the guide's model, 256 px, at its best precision here: some seconds of work."""
    config = composed("train", [*REFERENCE, f"trainer.accelerator={accelerator}"]).config
    module, data, hardware = built(config)
    batch = data.first("train", REFERENCE_BATCH)
    optimizer = module.optimizer(module.model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        training_loss(module, batch, hardware).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return REFERENCE_BATCH / best_seconds(step, 2, module.device)


def built(config: DictConfig) -> tuple[CVAEModule, CaptionedDataModule, Hardware]:
    """What a config trains, on its device."""
    hardware, data = check(config)
    data.setup()
    module = build_module(config, data.tokenizer.vocabulary, hardware.channels_last)
    return module.to("cuda" if hardware.accelerator in ("gpu", "cuda") else hardware.accelerator), data, hardware


def training_loss(module: CVAEModule, batch: Batch, hardware: Hardware) -> torch.Tensor:
    """The loss of a batch, as a training step has it."""
    images = batch.images.to(module.device).contiguous(memory_format=module.memory_format)
    with autocast(hardware, module.device):
        return module.objective(module.model(images, batch.tokens.to(module.device)), images, 0.0).loss


def gflop_per_image(module: CVAEModule, batch: Batch, hardware: Hardware) -> float:
    """GFLOP of matrix products and convolutions that a training image costs, forwards and backwards."""
    with FlopCounterMode(display=False) as counter:
        training_loss(module, batch, hardware).backward()  # type: ignore[no-untyped-call]
    return counter.get_total_flops() / 1e9 / len(batch.images)


def best_seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """The shortest of some repetitions, after one that is not counted: what disturbs a machine only adds time."""
    seconds = []
    for _ in range(times + 1):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])
