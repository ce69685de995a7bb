"""The LightningModule that trains a flow's sampler, where the rest of the model has been trained."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from cvae_lightning.data import Batch
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.training.distribution_matching import DistributionMatching
from cvae_lightning.training.module import CVAEModule, clip, is_logged


class SamplerModule(CVAEModule):
    """Trains the sampler of a trained model's prior by :class:`DistributionMatching`, and nothing else of the model.

    Validation, checkpoints and pictures are a :class:`CVAEModule`'s, so that the sampler is judged as any model is.

    Args:
        model: a trained model with a flow prior.
        distribution_matching: of that prior.
        settings: of :class:`CVAEModule`.

    Example:
        >>> from cvae_lightning.models import FlowPrior, LatentLayout, LearnedQueries
        >>> layout, queries = LatentLayout(latent_dim=8, num_slots=2), LearnedQueries(2, width=16, caption_dim=16)
        >>> prior = FlowPrior(layout, queries, caption_dim=16, layers=1)
        >>> sizes = {"image_size": 32, "latent_dim": 8, "caption_dim": 16, "base_channels": 8, "stages": 3}
        >>> module = SamplerModule(ConditionalVAE(10, prior=prior, **sizes), DistributionMatching(prior))
        >>> sorted({name.split(".")[0] for name in module.weights_to_optimize()})
        ['distribution_matching', 'prior']
    """

    def __init__(self, model: ConditionalVAE, distribution_matching: DistributionMatching, **settings: Any) -> None:
        super().__init__(model, **settings)
        self.distribution_matching = distribution_matching
        self.model.requires_grad_(False)
        self.model.prior.requires_grad_(True)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        with torch.no_grad():
            caption = self.model.text_encoder(batch.tokens)
        # The difference of two velocities loses its meaning in 16 bits.
        with torch.autocast(batch.tokens.device.type, enabled=False):
            caption = caption.with_tensors([tensor.float() for tensor in caption.tensors()])
            terms = self.distribution_matching(self.model.prior, caption)
        if is_logged(self.trainer):
            logged = {"sampled_flow_loss": terms.sampled_flow, "velocity_difference": terms.difference}
            self.log_dict({f"train/{name}": value for name, value in logged.items()}, batch_size=len(batch.tokens))
        return terms.loss

    def weights_to_optimize(self) -> dict[str, Any]:
        """The weights of the prior and of the flow of its samples."""
        named = {f"prior.{name}": weight for name, weight in self.model.prior.named_parameters()}
        sampled = self.distribution_matching.sampled_flow.named_parameters()
        named |= {f"distribution_matching.{name}": weight for name, weight in sampled}
        return self.as_optimizer_takes(named)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the sampler's gradients, and those of the flow of its samples by themselves."""
        super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)
        if gradient_clip_val:
            clip(self.distribution_matching.sampled_flow, gradient_clip_val, gradient_clip_algorithm)
