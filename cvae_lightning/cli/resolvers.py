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


def at_most(most: int, number: object, least: int = 1) -> int:
    """A number within limits; ``most`` in place of what is not a number, which is refused where it was given.

    Example:
        >>> at_most(64, 8), at_most(64, 512), at_most(64, 2, 6), at_most(64, None)
        (8, 64, 6, 64)
    """
    return max(least, min(most, number)) if isinstance(number, int) else most


for resolver in (at_most, max_things, multiply):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)
