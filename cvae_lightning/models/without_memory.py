"""Building a model for its shapes alone: weights without memory, and without drawing their initial values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

FILLING = {
    *("normal_", "uniform_", "trunc_normal_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_"),
    *("xavier_normal_", "orthogonal_", "zeros_", "ones_", "constant_", "zero_", "fill_"),
}
"""Functions that give their first argument initial values."""


class _NoValues(TorchFunctionMode):
    """Memory that is about to get initial values is not taken, and gets none.

    What is computed, such as a table of positions, is small and stays on the CPU: PyTorch computes shapes of the meta
    device with its compiler, whose import takes longer than to paint.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func is torch.empty and given.get("device") is None:
            return func(*args, **given | {"device": "meta"})
        first = args[0] if args else given.get("tensor")
        if getattr(func, "__name__", "") in FILLING and isinstance(first, torch.Tensor) and first.is_meta:
            return first
        return func(*args, **given)


@contextmanager
def without_memory() -> Iterator[None]:
    """Weights of modules that are made here have a shape and no values.

    Example:
        >>> with without_memory():
        ...     weight = torch.nn.Linear(1000, 1000).weight
        >>> tuple(weight.shape), weight.is_meta
        ((1000, 1000), True)
    """
    with _NoValues():
        yield
