"""What a penalty is: a term added to the loss, which may have something of its own to train."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class View(NamedTuple):
    """What a penalty reads.

    Attributes:
        fakes: (B, 3, S, S) the decoder's mean images in [0, 1].
        images: (B, 3, S, S) the images that they should be.
        loss: scalar; what is minimised without the penalty.
        decoder: what made the fakes.
        epoch: training time in epochs, fractions included.
        training: whether an update follows.

    Example:
        >>> images = torch.rand(2, 3, 8, 8)
        >>> view = View(images, images, torch.zeros(()), nn.Identity(), epoch=1.5, training=True)
        >>> view.epoch
        1.5
    """

    fakes: Tensor
    images: Tensor
    loss: Tensor
    decoder: nn.Module
    epoch: float
    training: bool


class Term(NamedTuple):
    """What a penalty adds.

    Attributes:
        value: scalar to add to the loss, in its unit.
        logged: scalars to log.

    Example:
        >>> Term(torch.tensor(2.0), {"my_distance": torch.tensor(0.5)}).logged
        {'my_distance': tensor(0.5000)}
    """

    value: Tensor
    logged: dict[str, Tensor]


class Penalty(ABC):
    """A term of the loss beside the objective's.

    It is not part of the LightningModule, so its networks are in neither the model's optimizer nor the model's weights:
    Lightning would otherwise count a discriminator's updates as steps of the run, ask for manual optimization, and put
    frozen networks into every checkpoint. The price is that devices, processes and checkpoints are handled here.

    Args:
        weight: factor of the term; for an ELBO, nats per image that one unit of it is worth.

    Raises:
        ValueError: a negative or non-finite weight.

    Example:
        >>> class MeanError(Penalty):
        ...     def __call__(self, view: View) -> Term:
        ...         error = (view.fakes - view.images).abs().mean()
        ...         return Term(self.weight * error, {"mean_error": error.detach()})
        ...     def to(self, device: torch.device) -> None: ...
        ...     def state(self) -> dict[str, Any]:
        ...         return {}
        ...     def resume(self, state: Mapping[str, Any]) -> None: ...
        >>> view = View(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), torch.zeros(()), nn.Identity(), 0.0, True)
        >>> float(MeanError(weight=10.0)(view).value)
        10.0
    """

    def __init__(self, weight: float) -> None:
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"penalty weight is {weight}: expected a finite number of 0 or more")
        self.weight = weight

    @abstractmethod
    def __call__(self, view: View) -> Term:
        """The term of one batch; trains the penalty's own networks."""

    @abstractmethod
    def to(self, device: torch.device) -> None:
        """Move the penalty's networks."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What training changes, as plain data for the checkpoint; empty if nothing."""

    @abstractmethod
    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue from :meth:`state`; called on the device of training."""


class Penalties:
    """The penalties of a run by name, summed; without any the term is 0.

    Args:
        penalties: name -> penalty.

    Example:
        >>> view = View(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), torch.zeros(()), nn.Identity(), 0.0, True)
        >>> float(Penalties()(view).value)
        0.0
    """

    def __init__(self, penalties: Mapping[str, Penalty] | None = None) -> None:
        self.penalties = dict(penalties or {})

    def __call__(self, view: View) -> Term:
        """The sum of the terms, and all that they log."""
        self.to(view.images.device)
        value, logged = torch.zeros_like(view.loss), dict[str, Tensor]()
        for penalty in self.penalties.values():
            term = penalty(view._replace(loss=view.loss + value))
            value = value + term.value
            logged |= term.logged
        return Term(value, logged)

    def to(self, device: torch.device) -> None:
        """Move all networks."""
        for penalty in self.penalties.values():
            penalty.to(device)

    def state(self) -> dict[str, Any]:
        """The states by name; those that training does not change are left out."""
        return {name: state for name, penalty in self.penalties.items() if (state := penalty.state())}

    def resume(self, states: Mapping[str, Any]) -> None:
        """Continue from :meth:`state`; a penalty that had none starts from its initial state."""
        for name in self.penalties.keys() & states.keys():
            self.penalties[name].resume(states[name])
