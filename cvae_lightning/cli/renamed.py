"""Config keys and choices of earlier releases, and what they are called now."""

from __future__ import annotations

RENAMED: dict[str, str] = {
    "callbacks.seeds": "callbacks.seed_each_batch",
    "callbacks.pace": "callbacks.throughput",
    "callbacks.pictures": "callbacks.log_images",
    "callbacks.checkup": "callbacks.judge_samples",
    "callbacks.stop": "callbacks.save_on_signal",
    "callbacks.average": "callbacks.weight_average",
    "logger.table": "logger.csv",
    "learning_rate": "lr_scheduler",
    "data.order_seed": "data.shuffle_seed",
}
"""Old name -> new name: a dotted key (keys below it moved with it), a group, or ``group=choice``."""
