"""Where the time of a training step goes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import torch
from torch import nn

from cvae_lightning.data import CaptionedDataModule
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.precision import Hardware
from cvae_lightning.training.speed.loops import batches
from cvae_lightning.training.speed.machine import training_loss

PARTS = ("text_encoder", "encoder", "decoder")
"""Parts of the model that a step calls once."""


class Stopwatch:
    """Seconds by name, in the order of their first use."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Count the time that passes within."""
        started = time.perf_counter()
        yield
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds.setdefault(name, []).append(time.perf_counter() - started)


def time_parts(
    module: CVAEModule, data: CaptionedDataModule, hardware: Hardware, clip: float | None, steps: int
) -> dict[str, float]:
    """Median milliseconds per step of each part, by a bare loop.

    What the forward pass does besides its parts is "prior, likelihood, loss".

    Args:
        module: on its device.
        data: set up.
        hardware: precision.
        clip: the gradients' norm.
        steps: how many, after one that is not counted.
    """
    watch = Stopwatch()
    optimizer = module.optimizer(module.model.parameters())
    stream = batches(data)
    with _timed_calls(module.model, watch):
        for _ in range(steps + 1):
            with watch.time("data"):
                (batch,) = islice(stream, 1)
            with watch.time("forward"):
                loss = training_loss(module, batch, hardware)
            with watch.time("backward"):
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
            with watch.time("clip"):
                if clip:
                    torch.nn.utils.clip_grad_norm_(module.model.parameters(), clip)
            with watch.time("optimizer"):
                optimizer.step()
    medians = {name: 1000 * statistics.median(seconds[1:]) for name, seconds in watch.seconds.items()}
    rest = max(0.0, medians.pop("forward") - sum(medians[name] for name in PARTS))
    order = ("data", *PARTS, "prior, likelihood, loss", "backward", "clip", "optimizer")
    return {name: round((medians | {"prior, likelihood, loss": rest})[name], 2) for name in order}


@contextmanager
def _timed_calls(model: nn.Module, watch: Stopwatch) -> Iterator[None]:
    """Calls of the model's parts are timed within."""
    before: dict[nn.Module, float] = {}

    def start(part: nn.Module, arguments: object) -> None:
        before[part] = time.perf_counter()

    def stop(part: nn.Module, arguments: object, output: object) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        name = next(name for name, child in model.named_children() if child is part)
        watch.seconds.setdefault(name, []).append(time.perf_counter() - before[part])

    parts = [getattr(model, name) for name in PARTS]
    handles = [part.register_forward_pre_hook(start) for part in parts]
    handles += [part.register_forward_hook(stop) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
