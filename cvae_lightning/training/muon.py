"""Muon for the weights of linear layers, AdamW for all others, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

EMBEDDING = "embed"
"""In the name of a table of embeddings: a matrix of which each row is a word's or a code's own."""


class Muon(Optimizer):
    """Orthogonalized momentum (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) for matrices.

    ``torch.optim.Muon`` takes nothing but matrices. This one takes all weights of a model, with their names, and gives
    those that are no matrix, and tables of embeddings, to ``torch.optim.AdamW``. Updates of matrices are scaled to
    AdamW's usual size (Liu et al. 2025, arXiv 2502.16982, equation 4), so that both have one learning rate.

    Args:
        params: pairs of a name and a weight, or groups of them.
        lr: learning rate of both.
        momentum: of Muon.
        betas: of AdamW.
        eps: of AdamW.
        weight_decay: of both.
        fused: whether AdamW updates all weights in one call.

    Raises:
        ValueError: weights without names.

    Example:
        >>> model = torch.nn.Linear(2, 2)
        >>> optimizer = Muon(model.named_parameters(), lr=0.1, weight_decay=0.0)
        >>> model(torch.ones(1, 2)).sum().backward()
        >>> before = model.weight.detach().clone()
        >>> optimizer.step()
        >>> bool((model.weight < before).all())
        True
    """

    takes_names = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        fused: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "fused": fused})
        if any("param_names" not in group for group in self.param_groups):
            raise ValueError("expected weights with their names, such as model.named_parameters()")
        self._by_group: list[list[Optimizer]] = []
        for group in self.param_groups:
            matrices: list[torch.Tensor] = []
            others: list[torch.Tensor] = []
            for name, weight in zip(group["param_names"], group["params"], strict=True):
                (matrices if weight.ndim == 2 and EMBEDDING not in name else others).append(weight)
            own: list[Optimizer] = []
            if matrices:
                own.append(torch.optim.Muon(matrices, lr, momentum=momentum, adjust_lr_fn="match_rms_adamw"))
            if others:
                own.append(AdamW(others, lr, betas=(betas[0], betas[1]), eps=eps, fused=fused))
            self._by_group.append(own)
        self._share_state()

    def _share_state(self) -> None:
        """What the optimizers remember is this one's, which is saved."""
        for each in chain.from_iterable(self._by_group):
            each.state = self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share_state()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update all weights that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group, own in zip(self.param_groups, self._by_group, strict=True):
            for each in own:
                each.param_groups[0].update(lr=group["lr"], weight_decay=group["weight_decay"])
                each.step()
        return loss
