"""A discriminator that learns to separate reconstructions from images, and the term that it adds to the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cvae_lightning.models.discriminator import PatchDiscriminator
from cvae_lightning.training.penalties.penalty import Penalty, Term, View

LARGEST_BALANCE = 1e4
DELTA = 1e-6


class AdversarialPenalty(Penalty):
    """Patch discriminator (Isola et al. 2017) with the hinge loss (Lim & Ye 2017), trained in turn with the model.

    In each training batch the discriminator takes a step of its own on the model's reconstructions, then the new
    discriminator's score of them is added to the model's loss. The trainer's optimizer, clipping, accumulation and
    step count know only the model's updates; the discriminator steps once per batch, whatever is accumulated.

    Args:
        weight: factor of the term; relative to the objective's gradient if ``adaptive``, else in its unit.
        start: epochs before the discriminator and its term begin.
        adaptive: scale the term so that its gradient at the decoder's last layer is ``weight`` times the
            objective's (Esser et al. 2021, eq. 7).
        discriminator: images -> scores; None for the default one.
        optimizer: parameters -> the discriminator's optimizer; Adam as Isola et al. set it if None.

    Raises:
        ValueError: a negative start or an impossible weight.

    Example:
        >>> fakes, images = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
        >>> view = View(fakes, images, torch.zeros(()), nn.Identity(), epoch=0.5, training=False)
        >>> sorted(AdversarialPenalty(weight=0.5)(view).logged)
        ['adversarial', 'adversarial_weight', 'discriminator']
    """

    def __init__(
        self,
        weight: float = 0.5,
        start: float = 0.0,
        adaptive: bool = True,
        discriminator: nn.Module | None = None,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None,
    ) -> None:
        super().__init__(weight)
        if not start >= 0:
            raise ValueError(f"adversarial.start is {start}: expected 0 epochs or more")
        self.start, self.adaptive = start, adaptive
        self.discriminator = discriminator or PatchDiscriminator()
        make = optimizer or (lambda parameters: torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999)))
        self.optimizer = make(self.discriminator.parameters())
        self.balance = torch.ones(())

    def __call__(self, view: View) -> Term:
        """Logs ``discriminator`` (its hinge loss), ``adversarial`` (minus the mean score) and its whole weight."""
        if view.epoch < self.start or (view.epoch == self.start and not view.training):
            return Term(torch.zeros_like(view.loss), {})
        # The discriminator's gradients are not scaled as the model's are in 16 bits, so it stays in 32.
        with torch.autocast(view.images.device.type, enabled=False):
            fakes, images = view.fakes.float(), view.images.float()
            self.discriminator.requires_grad_(view.training)
            hinge = hinge_loss(self.discriminator(images), self.discriminator(fakes.detach()))
            if view.training:
                self._step(hinge)
            self.discriminator.requires_grad_(False)
            score = -self.discriminator(fakes).mean()
        if view.training and self.adaptive:
            self.balance = balance(view.loss, score, last_layer(view.decoder))
        weight = self.weight * self.balance
        logged = {"discriminator": hinge, "adversarial": score, "adversarial_weight": weight}
        return Term(weight * score, {name: value.detach() for name, value in logged.items()})

    def _step(self, hinge: Tensor) -> None:
        self.optimizer.zero_grad()
        hinge.backward()  # type: ignore[no-untyped-call]
        mean_over_processes(p.grad for p in self.discriminator.parameters() if p.grad is not None)
        self.optimizer.step()

    def to(self, device: torch.device) -> None:
        self.discriminator.to(device)
        self.balance = self.balance.to(device)

    def state(self) -> dict[str, Any]:
        return {
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "balance": self.balance,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.balance = state["balance"].to(self.balance.device)


def hinge_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What a discriminator minimises: scores of real patches above 1, of fake ones below -1 (Lim & Ye 2017)."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def balance(loss: Tensor, score: Tensor, layer: nn.Parameter) -> Tensor:
    """Ratio of the two terms' gradient norms at a layer (Esser et al. 2021, eq. 7); scalar, at most 1e4."""
    loss_norm, score_norm = (
        torch.autograd.grad(term, layer, retain_graph=True)[0].float().norm() for term in (loss, score)
    )
    ratio = (loss_norm / (score_norm + DELTA)).clamp(max=LARGEST_BALANCE)
    mean_over_processes([ratio])
    return ratio


def last_layer(decoder: nn.Module) -> nn.Parameter:
    """The weights of the decoder's last layer: its last convolution's kernel, or its last matrix where it has none."""
    parameters = list(decoder.parameters())
    kernels = [parameter for parameter in parameters if parameter.ndim == 4]
    return (kernels or [parameter for parameter in parameters if parameter.ndim == 2])[-1]


def mean_over_processes(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its mean over the processes of a distributed run."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        for tensor in tensors:
            torch.distributed.all_reduce(tensor)
            tensor /= torch.distributed.get_world_size()
