"""p(z | caption): where latents come from when there is no image."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from cvae_lightning.models.blueprint import part
from cvae_lightning.models.gaussian import Gaussian, kl_to_standard
from cvae_lightning.models.text_encoder import Caption


class Prior(nn.Module, ABC):
    """What a model needs of a prior."""

    @abstractmethod
    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        """Latents (B, Z) made of standard normal noise (B, Z), one row a caption."""

    @abstractmethod
    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        """KL(posterior || prior) for each latent in nats; (B, Z)."""


@part
class StandardPrior(Prior):
    """The guide's prior: N(0, I) whatever the caption says.

    Args:
        latent_dim: Z.
    """

    def __init__(self, latent_dim: int = 128) -> None:
        super().__init__()
        if latent_dim < 1:
            raise ValueError(f"latent_dim is {latent_dim}: expected at least 1")
        self.latent_dim = latent_dim

    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        return noise

    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        return kl_to_standard(posterior)
