"""Some of a training step in a second thread: forwards while the first one computes something else, and backwards too.

A step of a small model is thousands of small operations, and a second core that takes its share of each of them gains
next to nothing. It can do other ones: those that neither need the first thread's results nor change them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn


class SideThread:
    """A second thread that computes functions of tensors, one after the other.

    Results and gradients are the same bit for bit with a second thread and without one: each thread does its operations
    in their order, and they meet where one needs the other's results.

    Args:
        threads: of PyTorch within the second thread; 0 for no second thread: functions are computed where they are
            started.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> branch = SideThread(threads=1).branch(x)
        >>> branch.start(lambda inner: 3 * inner)
        >>> branch.result().sum().backward()
        >>> x.grad.tolist()
        [3.0, 3.0]
    """

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def __reduce__(self) -> tuple[type[SideThread], tuple[int]]:
        return SideThread, (self.threads,)  # a copy has a thread of its own

    def branch(self, *tensors: Tensor) -> Branch:
        """What will be computed of these tensors. Ask for it before what the first thread does meanwhile: its backward
        pass waits for the second thread's where the branch began."""
        return Branch(self, tensors)

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Do this after what was submitted before."""
        if self.threads:
            self._pool = self._pool or ThreadPoolExecutor(
                1, "side", initializer=torch.set_num_threads, initargs=(self.threads,)
            )
            return self._pool.submit(work)
        done: Future[Any] = Future()
        done.set_result(work())
        return done


def side_of(part: nn.Module) -> SideThread | None:
    """The ``side_thread`` of a model or of its encoder in a training pass; None elsewhere."""
    side = part.side_thread if part.training and torch.is_grad_enabled() else None
    assert side is None or isinstance(side, SideThread)
    return side


class Branch:
    """One function of some tensors, computed by a :class:`SideThread`."""

    def __init__(self, side: SideThread, tensors: tuple[Tensor, ...]) -> None:
        self._side = side
        self._leaves = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in tensors]
        always = tensors[0].new_zeros((), dtype=torch.float32, requires_grad=True)  # parameters may need gradients
        self._begin: Tensor | None = _Begin.apply(self, always, *tensors)
        self._forward: Future[Tensor] | None = None
        self._backward: Future[None] | None = None

    def start(self, function: Callable[..., Tensor]) -> None:
        """Begin to compute a function that draws no random numbers, under the caller's autocast."""
        enabled, dtype = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")

        def forward() -> Tensor:
            with torch.enable_grad(), _Autocast(enabled, dtype):
                return function(*self._leaves)

        self._forward = self._side.submit(forward)

    def result(self) -> Tensor:
        """The function's value, once it is there."""
        assert self._forward is not None
        self.value = self._forward.result()
        begin, self._begin = self._begin, None  # whose node refers to this branch: memory would wait for the collector
        value: Tensor = _End.apply(begin, self)
        return value

    def start_backward(self, gradient: Tensor) -> None:
        """Begin to pass the value's gradient on, to parameters and to the tensors."""

        def backward() -> None:
            with _Autocast(False, torch.bfloat16):
                torch.autograd.backward(self.value, gradient)

        self._backward = self._side.submit(backward)

    def gradients(self) -> list[Tensor | None]:
        """Of the tensors, once they are there."""
        assert self._backward is not None
        self._backward.result()
        return [leaf.grad for leaf in self._leaves]


class _Autocast:
    """Autocast of this thread, without what ``torch.autocast`` does at its end: it empties the cache of casts, which is
    all threads'."""

    def __init__(self, enabled: bool, dtype: torch.dtype) -> None:
        self._inside = enabled, dtype

    def __enter__(self) -> None:
        self._outside = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")
        self._set(*self._inside)

    def __exit__(self, *error: object) -> None:
        self._set(*self._outside)

    def _set(self, enabled: bool, dtype: torch.dtype) -> None:
        torch.set_autocast_enabled("cpu", enabled)
        torch.set_autocast_dtype("cpu", dtype)


class _Begin(torch.autograd.Function):
    """Where a branch leaves the first thread's graph; backwards, where its gradients come back."""

    @staticmethod
    def forward(ctx: Any, branch: Branch, always: Tensor, *tensors: Tensor) -> Tensor:
        ctx.branch = branch
        return always.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return None, None, *ctx.branch.gradients()


class _End(torch.autograd.Function):
    """Where a branch's value enters the first thread's graph; backwards, where its own backward pass begins."""

    @staticmethod
    def forward(ctx: Any, begin: Tensor, branch: Branch) -> Tensor:
        ctx.branch = branch
        return branch.value.detach()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        ctx.branch.start_backward(gradient)
        return gradient.new_zeros((), dtype=torch.float32), None
