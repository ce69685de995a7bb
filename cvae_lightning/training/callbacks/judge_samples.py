"""At each validation: are samples and reconstructions right, and is there one of the guide's common issues?"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from cvae_lightning.evaluation.consistency_metric import CaptionConsistency
from cvae_lightning.evaluation.diagnostics import Alarm
from cvae_lightning.evaluation.probe import Probe, paired_noise, probe, probe_pictures, share
from cvae_lightning.training.callbacks.tensorboard_writer import board, last_step, scenes
from cvae_lightning.training.module import CVAEModule

log = logging.getLogger(__name__)
END = 1e9
"""An epoch at which every schedule has ended."""


class JudgeSamples(Callback):
    """Judges samples and reconstructions of the first validation scenes, always with the same noise.

    It logs ``val/consistency/...`` of samples painted from the captions, ``val/consistency_reconstructed/...``
    of the scenes' reconstructions, and each alarm's numbers under ``val/``. An alarm that finds something warns once,
    in the log and in TensorBoard, and again only after it has found nothing in between. Each rank probes its share.
    Of pictures that are of no world nothing can be judged, and only the alarms are measured.

    Args:
        count: validation scenes, or all where there are fewer.
        every_n_epochs: epochs between two judgements; the last epoch, where it is validated, always has one.
        seed: seed of the samples' noise.
        after_epochs: alarms stay silent until so many epochs are done and the KL weight is at its final value.
        batch_size: scenes that pass through the model together.
        alarms: alarms by name; None switches one off.

    Example:
        >>> from cvae_lightning.evaluation.diagnostics import BlurryReconstructions, PosteriorCollapse
        >>> alarms = {"posterior_collapse": PosteriorCollapse(latent_dim=8), "blurry_reconstructions": None}
        >>> sorted(JudgeSamples(count=64, alarms=alarms).alarms)
        ['posterior_collapse']
    """

    def __init__(
        self,
        count: int = 256,
        every_n_epochs: int = 1,
        seed: int = 0,
        after_epochs: int = 3,
        batch_size: int = 64,
        alarms: Mapping[str, Alarm | None] | None = None,
    ) -> None:
        for name, value, least in (
            ("count", count, 1),
            ("every_n_epochs", every_n_epochs, 1),
            ("seed", seed, 0),
            ("after_epochs", after_epochs, 0),
            ("batch_size", batch_size, 1),
        ):
            if value < least:
                raise ValueError(f"judge_samples.{name} is {value}: expected {least} or more")
        self.count, self.every_n_epochs, self.seed = count, every_n_epochs, seed
        self.after_epochs, self.batch_size = after_epochs, batch_size
        self.alarms = {name: alarm for name, alarm in (alarms or {}).items() if alarm is not None}
        self.active_alarms: set[str] = set()

    def state_dict(self) -> dict[str, Any]:
        return {"active_alarms": sorted(self.active_alarms)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.active_alarms = set(state_dict["active_alarms"])

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        done = trainer.current_epoch + 1
        if trainer.sanity_checking or (done % self.every_n_epochs and done != trainer.max_epochs):
            return
        assert isinstance(pl_module, CVAEModule)
        world = scenes(trainer).world
        judged = ("consistency/", "consistency_reconstructed/") if world is not None else ()
        metrics = {name: CaptionConsistency(world) for name in judged if world is not None}
        for each in [*metrics.values(), *self.alarms.values()]:
            each.to(pl_module.device).reset()
        for part in self._probes(trainer, pl_module):
            if metrics:
                metrics["consistency/"].update(part.things, part.meanings)
                metrics["consistency_reconstructed/"].update(part.reconstructions, part.meanings)
            for alarm in self.alarms.values():
                alarm.update(part)
        values = {
            prefix + name: value for prefix, metric in metrics.items() for name, value in metric.compute().items()
        }
        measured = {name: alarm.compute() for name, alarm in self.alarms.items()}
        for numbers in [values, *measured.values()]:
            # All ranks have the same values; the mean over them changes nothing.
            pl_module.log_dict({f"val/{name}": v.float() for name, v in numbers.items()}, batch_size=1, sync_dist=True)
        if done >= self.after_epochs and _weight_is_final(pl_module, done):
            for name, numbers in measured.items():
                self._report(trainer, name, {key: float(value) for key, value in numbers.items()})

    def _probes(self, trainer: pl.Trainer, module: CVAEModule) -> Iterator[Probe]:
        data, device = scenes(trainer), module.device
        numbers = share(min(self.count, len(data.datasets["val"])), trainer.global_rank, trainer.world_size)
        step = max(2, self.batch_size // 2 * 2)  # whole pairs
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            batch = data.take("val", some)
            images = batch.images.to(device).contiguous(memory_format=module.memory_format)
            noise = paired_noise(self.seed, some, module.model.latent_dim).to(device)
            moved = batch._replace(images=images, tokens=batch.tokens.to(device))
            if data.world is None:
                yield probe_pictures(module.model, moved, noise)
            else:
                yield probe(module.model, moved, noise, data.world)

    def _report(self, trainer: pl.Trainer, name: str, values: Mapping[str, float]) -> None:
        message = self.alarms[name].message(values) if values else None
        if (message is not None) == (name in self.active_alarms):
            return
        self.active_alarms ^= {name}
        text = message or f"{name.replace('_', ' ')}: no longer"
        if trainer.is_global_zero:
            log.log(logging.WARNING if message else logging.INFO, text)
        if (writer := board(trainer)) is not None:
            writer.add_text(f"alarms/{name}", text, last_step(trainer))


def _weight_is_final(module: CVAEModule, epoch: float) -> bool:
    schedule = module.objective.schedule
    return schedule(epoch) == schedule(END)
