"""The conditional VAE: text encoder, posterior, prior, decoder and likelihood as one model."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from cvae_lightning.models.decoders.conv import ConvDecoder, Decoder
from cvae_lightning.models.encoders.conv import ConvEncoder, Encoder
from cvae_lightning.models.gaussian import Gaussian, draw
from cvae_lightning.models.likelihood import GaussianLikelihood, Likelihood
from cvae_lightning.models.priors.gaussian import Prior, StandardPrior
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption, LSTMTextEncoder, TextEncoder


class Reconstruction(NamedTuple):
    """What one pass over images tells.

    Attributes:
        images: (B, 3, S, S) the decoder's mean images in [0, 1].
        distortion: (B,) -log p(image | z, caption), nats per image.
        rate: (B, Z) KL(q || prior) of each latent, nats.
        posterior: q(z | image, caption).
        prior_loss: (B,) what a prior that the rate does not train minimises for itself; zero for others.
        encoder_loss: (B,) what the encoders of text and images minimise for themselves besides; zero for most.
    """

    images: Tensor
    distortion: Tensor
    rate: Tensor
    posterior: Gaussian
    prior_loss: Tensor
    encoder_loss: Tensor


@part
class ConditionalVAE(nn.Module):
    """p(image | caption) = E over p(z | caption) of p(image | z, caption) (Sohn et al. 2015).

    The sizes alone give the guide's model (about 37 million parameters at the defaults); any part may
    be replaced by one of your own that takes and gives the same tensors.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        base_channels: channels of the widest-resolution stage.
        stages: stride-2 stages of encoder and decoder.
        text_encoder: (B, T) tokens -> :class:`Caption`.
        encoder: images, caption -> :class:`Encoding`, the posterior over z.
        decoder: z, caption -> mean images.
        prior: ``sample(caption, noise)`` and ``rate(posterior, caption)``.
        likelihood: ``nll(mean, images)``.

    Raises:
        ValueError: a part's size does not fit the model's; both numbers are named.
    """

    def __init__(
        self,
        vocab_size: int,
        image_size: int = 256,
        latent_dim: int = 128,
        caption_dim: int = 256,
        base_channels: int = 64,
        stages: int = 5,
        text_encoder: TextEncoder | None = None,
        encoder: Encoder | None = None,
        decoder: Decoder | None = None,
        prior: Prior | None = None,
        likelihood: Likelihood | None = None,
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        self.prior: Prior = prior or StandardPrior(latent_dim)
        self.text_encoder: TextEncoder = text_encoder or LSTMTextEncoder(vocab_size, caption_dim)
        self.encoder: Encoder = encoder or ConvEncoder(image_size, latent_dim, base_channels, stages)
        self.decoder: Decoder = decoder or ConvDecoder(image_size, latent_dim, caption_dim, base_channels, stages)
        self.likelihood: Likelihood = likelihood or GaussianLikelihood()
        for name in ("text_encoder", "encoder", "decoder", "prior"):
            self._check_fit(name)
        if getattr(self.prior, "things", None) and not any(
            getattr(body, "things", None) for body in (self.encoder, self.decoder)
        ):
            raise ValueError(
                f"prior has a slot for each of {self.prior.things} things, but neither encoder nor decoder has: take "
                "encoder=residual encoder.conditioning=things decoder=residual, or prior.conditioning=cross_attention"
            )

    def _check_fit(self, name: str) -> None:
        child = getattr(self, name)
        for size in ("image_size", "latent_dim", "caption_dim"):
            ours, theirs = getattr(self, size), getattr(child, size, None)
            unconditioned = name == "encoder" and size == "caption_dim" and theirs == 0
            if theirs is not None and not unconditioned and theirs != ours:
                raise ValueError(f"{name}.{size} is {theirs}, but the model's {size} is {ours}: make them equal")

        wanted, given = getattr(child, "things", None), getattr(self.text_encoder, "things", None)
        if wanted != given and wanted is not None:
            raise ValueError(
                f"{name} has a slot for each of {wanted} things, but the text encoder gives {given or 'words'}: take "
                "text_encoder=attributes or text_encoder=things (10 things each), or conditioning=cross_attention"
            )

    def forward(self, images: Tensor, tokens: Tensor, noise: Tensor | None = None) -> Reconstruction:
        """Encode, draw z, decode and measure.

        Args:
            images: (B, 3, S, S) in [0, 1].
            tokens: (B, T) token ids.
            noise: (B, Z) standard normal noise of the draw; drawn from torch's generator if absent.
        """
        caption = self.text_encoder(tokens)
        posterior, encoder_loss = self.encoder(images, caption)
        if caption.lesson is not None:
            encoder_loss = encoder_loss + caption.lesson
        z = draw(posterior, torch.randn_like(posterior.mean) if noise is None else noise)
        mean = self.decoder(z, caption)
        # Divergence and density lose their meaning in 16 bits, so they leave any autocast region.
        with torch.autocast(images.device.type, enabled=False):
            distortion = self.likelihood.nll(mean, images)
            rate = self.prior.rate(posterior, caption)
        return Reconstruction(mean, distortion, rate, posterior, self.prior.loss(posterior, caption), encoder_loss)

    def encode(self, images: Tensor, tokens: Tensor) -> Gaussian:
        """The posterior q(z | image, caption): mean and log sigma, both (B, Z)."""
        return self.encoder(images, self.text_encoder(tokens)).posterior

    def decode(self, z: Tensor, tokens: Tensor) -> Tensor:
        """Mean images (B, 3, S, S) in [0, 1] of latents (B, Z) and captions (B, T)."""
        return self.decoder(z, self.text_encoder(tokens))

    def sample(self, tokens: Tensor, noise: Tensor | None = None) -> Tensor:
        """Latents (B, Z) from the prior p(z | caption)."""
        return self._sample(self.text_encoder(tokens), noise)

    def generate(self, tokens: Tensor, num_samples: int = 1, noise: Tensor | None = None) -> Tensor:
        """Paint captions: prior, then decoder.

        Args:
            tokens: (B, T).
            num_samples: pictures of each caption.
            noise: (B * num_samples, Z) standard normal; drawn from torch's generator if absent.

        Returns:
            (B * num_samples, 3, S, S) in [0, 1], the samples of one caption in a row.
        """
        if num_samples < 1:
            raise ValueError(f"num_samples is {num_samples}: expected at least 1")
        caption = self.text_encoder(tokens).repeat(num_samples)
        return self.decoder(self._sample(caption, noise), caption)

    def reconstruct(self, images: Tensor, tokens: Tensor) -> Tensor:
        """The images (B, 3, S, S) seen through the posterior's mean."""
        caption = self.text_encoder(tokens)
        return self.decoder(self.encoder(images, caption).posterior.mean, caption)

    def _sample(self, caption: Caption, noise: Tensor | None) -> Tensor:
        if noise is None:
            noise = torch.randn(caption.pooled.shape[0], self.latent_dim, device=caption.pooled.device)
        return self.prior.sample(caption, noise)
