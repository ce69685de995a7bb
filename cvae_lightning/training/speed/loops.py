"""Training without this package's Trainer: Lightning's bare bones, and a loop as written by hand.

Both do what a run does to learn: the same data, model, seeds, objective, clipping, optimizer and average of the
weights. They lack what a run does to be watched and resumed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, repeat

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig

from cvae_lightning.cli.compose import composed
from cvae_lightning.cli.overrides import plain_choices
from cvae_lightning.data import Batch, CaptionedDataModule
from cvae_lightning.models import SideThread
from cvae_lightning.training.callbacks import UseSideThread, WeightAverage
from cvae_lightning.training.callbacks.side_threads import uses_side_thread
from cvae_lightning.training.factory import check, quieten
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.training.precision import Hardware
from cvae_lightning.training.speed.take_turns import TakeTurns, Turns

HALF = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


def main(arguments: Sequence[str]) -> None:
    """Train in turns: the loop's name, two file descriptors, and ``train``'s arguments."""
    loop, read, write, *overrides = arguments
    quieten()
    config = composed("train", plain_choices(overrides)).config
    hardware, data = check(config)
    data.setup()
    pl.seed_everything(config.seed, verbose=False)
    module = build_module(config, data.tokenizer.vocabulary, hardware.channels_last)
    if loop == "barebones":
        _barebones(config, module, data, hardware, TakeTurns(int(read), int(write)))
    else:
        loop_by_hand(config, module, data, hardware, Turns(int(read), int(write)).next)


def _barebones(
    config: DictConfig, module: CVAEModule, data: CaptionedDataModule, hardware: Hardware, turns: TakeTurns
) -> None:
    average = WeightAverage(config.callbacks.weight_average.decay)
    trainer = pl.Trainer(
        accelerator=hardware.accelerator,
        devices=1,
        precision=hardware.precision,  # type: ignore[arg-type]
        max_epochs=config.trainer.max_epochs,
        gradient_clip_val=config.trainer.gradient_clip_val,
        callbacks=[average, UseSideThread(config.side_thread), turns],
        limit_val_batches=0,
        use_distributed_sampler=False,
        barebones=True,
    )
    trainer.fit(module, datamodule=data)


def loop_by_hand(
    config: DictConfig,
    module: CVAEModule,
    data: CaptionedDataModule,
    hardware: Hardware,
    before_step: Callable[[], None],
) -> None:
    """The plain loop; it ends when ``before_step`` raises."""
    device = torch.device("cuda" if hardware.accelerator in ("gpu", "cuda") else hardware.accelerator)
    module.to(device)
    parameters: list[torch.Tensor] = list(module.model.parameters())
    optimizer = module.optimizer(module.model.parameters())
    scaler = torch.amp.GradScaler(device.type, enabled=hardware.precision == "16-mixed")
    averaged = [parameter.detach().clone() for parameter in parameters]
    decay = config.callbacks.weight_average.decay
    if uses_side_thread(config.side_thread, module, config.data.batch_size):  # the loop never accumulates
        total = torch.get_num_threads()
        module.model.use_side_thread(SideThread(total // 2))
        torch.set_num_threads(max(total - total // 2, 1))
    for step, batch in enumerate(batches(data)):
        before_step()
        torch.manual_seed(step)
        images = batch.images.to(device).contiguous(memory_format=module.memory_format)
        with autocast(hardware, device):
            loss = module.objective(module.model(images, batch.tokens.to(device)), images, 0.0).loss
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.unscale_(optimizer)
        if config.trainer.gradient_clip_val:
            torch.nn.utils.clip_grad_norm_(parameters, config.trainer.gradient_clip_val)
        scaler.step(optimizer)
        scaler.update()
        if decay:
            with torch.no_grad():
                torch._foreach_lerp_(averaged, parameters, 1 - decay)


def autocast(hardware: Hardware, device: torch.device) -> AbstractContextManager[object]:
    """The region in which Lightning would run a step."""
    half = HALF.get(hardware.precision)
    return torch.autocast(device.type, half or torch.bfloat16, enabled=half is not None)


def batches(data: CaptionedDataModule) -> Iterator[Batch]:
    """Training batches without end, as the model takes them."""
    passes = chain.from_iterable(data.train_dataloader() for _ in repeat(None))
    return (data.on_after_batch_transfer(batch, 0) for batch in passes)


if __name__ == "__main__":
    main(sys.argv[1:])
