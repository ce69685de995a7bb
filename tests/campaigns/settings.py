"""The settings that the campaign trains: twelve ways in which a resumed run could differ from the unbroken one."""

from __future__ import annotations

from support import TINY

BASE = [
    *(one for one in TINY if not one.startswith(("data.size", "data.batch", "data.num_workers", "trainer.max_ep"))),
    "data.size=60",
    "data.val_fraction=0.2",
    "data.batch_size=8",
    "data.num_workers=0",
    "data.fit_captions=20",
    "trainer.max_epochs=3",
    "trainer.log_every_n_steps=1",
    "callbacks.judge_samples.count=4",
    "callbacks.judge_samples.after_epochs=1",
    "callbacks.log_images.count=2",
    "callbacks.periodic.every_n_epochs=2",
]
"""48 scenes to train, 12 to validate: 6 batches an epoch, 3 epochs."""
BATCHES, EPOCHS = 6, 3
COSINE = ["lr_scheduler=cosine", "lr_scheduler.warmup=4"]
DDP = ["trainer=ddp", "trainer.accelerator=cpu", "data.batch_size=4"]
FLOW = ["prior=flow", "model.num_slots=4", "model.slot_width=16", "prior.layers=1", "prior.sampler.steps=2"]

SETTINGS = {
    "plain": [],
    "cosine": COSINE,
    "one_worker": ["data.num_workers=1", *COSINE],
    "two_workers": ["data.num_workers=2"],
    "accumulation": ["trainer.accumulate_grad_batches=4", *COSINE],
    "average": ["callbacks.weight_average.decay=0.9"],
    "adversarial": ["penalties=[adversarial]", "penalties.adversarial.start=0.5"],
    "flow": [*FLOW, "data.num_workers=1"],
    "max_steps": ["+trainer.max_steps=15", "data.num_workers=1", *COSINE],
    "rare_validation": ["trainer.check_val_every_n_epoch=2", "callbacks.weight_average.decay=0.5"],
    "ddp": DDP,
    "ddp_flow": [*DDP, *FLOW, "data.num_workers=1", "trainer.accumulate_grad_batches=2"],
}
"""Arguments beside those of every setting, by name."""


def arguments(setting: str) -> list[str]:
    """What ``train`` is given; a later argument replaces an earlier one of the same key."""
    own = SETTINGS[setting]
    keys = {one.partition("=")[0] for one in own}
    chosen = [one for one in own if one.startswith("trainer=")]
    rest = [one for one in own if one not in chosen]
    return [*chosen, *(one for one in BASE if one.partition("=")[0] not in keys), *rest]


def is_distributed(setting: str) -> bool:
    return setting.startswith("ddp")
