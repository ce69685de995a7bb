"""Functions that config files may call, as ``${multiply:2,${model.num_slots}}``."""

from __future__ import annotations

from collections.abc import Mapping

from omegaconf import OmegaConf


def max_things(max_groups: int, max_counts: Mapping[str, int]) -> int:
    """The largest number of things of one caption, as :attr:`cvae_lightning.world.World.max_things`.

    Example:
        >>> max_things(2, {"small": 5, "large": 2})
        10
    """
    return max_groups * max(max_counts.values())


def multiply(first: int, second: int) -> int:
    """The product of two whole numbers.

    Example:
        >>> multiply(2, 10)
        20
    """
    return first * second


for resolver in (max_things, multiply):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)
