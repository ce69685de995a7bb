"""Gaussian priors: N(0, I), and one learned Gaussian per caption."""

from __future__ import annotations

from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian, draw, kl, kl_to_standard, log_density, standard_log_density
from cvae_lightning.models.interfaces import CaptionEncoding, Prior
from cvae_lightning.models.serialization import part


def check_latent(latent_dim: int) -> None:
    """Raises: ValueError: a latent of no numbers."""
    if latent_dim < 1:
        raise ValueError(f"latent_dim is {latent_dim}: expected at least 1")


@part
class StandardPrior(Prior):
    """The guide's prior: N(0, I) for every caption.

    Args:
        latent_dim: Z.

    Example:
        >>> import torch
        >>> noise = torch.tensor([[0.5, -1.0]])
        >>> StandardPrior(latent_dim=2).sample(None, noise).tolist()
        [[0.5, -1.0]]
    """

    def __init__(self, latent_dim: int = 128) -> None:
        super().__init__()
        check_latent(latent_dim)
        self.latent_dim = latent_dim

    def sample(self, caption: CaptionEncoding, noise: Tensor) -> Tensor:
        return noise

    def rate(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        return kl_to_standard(posterior)

    def log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        return standard_log_density(z)


@part
class ConditionalPrior(Prior):
    """A learned diagonal Gaussian p(z | caption) (Sohn et al. 2015, section 4.1), trained by the rate.

    It starts as N(0, I).

    Args:
        latent_dim: Z.
        caption_dim: C.
        hidden: width of the network's hidden layer.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> prior = ConditionalPrior(latent_dim=4, caption_dim=8, hidden=8)
        >>> prior.given(caption).mean.tolist()  # N(0, I) before training
        [[0.0, 0.0, 0.0, 0.0]]
    """

    def __init__(self, latent_dim: int = 128, caption_dim: int = 256, hidden: int = 256) -> None:
        super().__init__()
        check_latent(latent_dim)
        self.latent_dim, self.caption_dim = latent_dim, caption_dim
        last = nn.Linear(hidden, 2 * latent_dim)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.network = nn.Sequential(nn.Linear(caption_dim, hidden), nn.SiLU(), last)

    def given(self, caption: CaptionEncoding) -> Gaussian:
        """p(z | caption), (B, Z)."""
        return Gaussian.from_raw(*self.network(caption.pooled).chunk(2, dim=1))

    def sample(self, caption: CaptionEncoding, noise: Tensor) -> Tensor:
        return draw(self.given(caption), noise)

    def rate(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        return kl(posterior, self.given(caption))

    def log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        return log_density(self.given(caption), z)
