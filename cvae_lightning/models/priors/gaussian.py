"""p(z | caption): where latents come from when there is no image."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian, draw, kl, kl_to_standard
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption


class Prior(nn.Module, ABC):
    """What a model needs of a prior."""

    @abstractmethod
    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        """Latents (B, Z) made of standard normal noise (B, Z), one row a caption."""

    @abstractmethod
    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        """KL(posterior || prior) for each latent in nats; (B, Z)."""

    def loss(self, posterior: Gaussian, caption: Caption) -> Tensor:
        """What the prior minimises beside its rate, for each image; (B,). Zero unless a prior says otherwise."""
        return torch.zeros(len(posterior.mean), device=posterior.mean.device)


def check_latent(latent_dim: int) -> None:
    """Raises: ValueError: a latent of no numbers."""
    if latent_dim < 1:
        raise ValueError(f"latent_dim is {latent_dim}: expected at least 1")


@part
class StandardPrior(Prior):
    """The guide's prior: N(0, I) whatever the caption says.

    Args:
        latent_dim: Z.
    """

    def __init__(self, latent_dim: int = 128) -> None:
        super().__init__()
        check_latent(latent_dim)
        self.latent_dim = latent_dim

    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        return noise

    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        return kl_to_standard(posterior)


@part
class ConditionalPrior(Prior):
    """A learned diagonal Gaussian p(z | caption) (Sohn et al. 2015, section 4.1), trained by the rate.

    It starts as N(0, I).

    Args:
        latent_dim: Z.
        caption_dim: C.
        hidden: width of the network's hidden layer.
    """

    def __init__(self, latent_dim: int = 128, caption_dim: int = 256, hidden: int = 256) -> None:
        super().__init__()
        check_latent(latent_dim)
        self.latent_dim, self.caption_dim = latent_dim, caption_dim
        last = nn.Linear(hidden, 2 * latent_dim)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.network = nn.Sequential(nn.Linear(caption_dim, hidden), nn.SiLU(), last)

    def given(self, caption: Caption) -> Gaussian:
        """p(z | caption), (B, Z)."""
        return Gaussian.from_raw(*self.network(caption.pooled).chunk(2, dim=1))

    def sample(self, caption: Caption, noise: Tensor) -> Tensor:
        return draw(self.given(caption), noise)

    def rate(self, posterior: Gaussian, caption: Caption) -> Tensor:
        return kl(posterior, self.given(caption))
