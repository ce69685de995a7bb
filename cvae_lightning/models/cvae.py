"""The conditional VAE: text encoder, encoder, prior, decoder and likelihood as one model.

``forward`` is one training pass: z is drawn from the posterior. ``generate`` paints: z is drawn from the prior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cvae_lightning.models.decoders.conv import ConvDecoder
from cvae_lightning.models.encoders.conv import ConvEncoder
from cvae_lightning.models.gaussian import Gaussian, draw
from cvae_lightning.models.interfaces import CaptionEncoding, Decoder, Encoder, Prior, TextEncoder, check_positive
from cvae_lightning.models.likelihood import GaussianLikelihood, Likelihood
from cvae_lightning.models.nn.side_thread import Branch, SideThread, side_of
from cvae_lightning.models.priors.gaussian import StandardPrior
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import LSTMTextEncoder


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """What one pass over images gives.

    Attributes:
        images: (B, 3, S, S) the decoder's mean images in [0, 1].
        distortion: (B,) -log p(image | z, caption), nats per image.
        rate: (B, Z) KL(q || prior), or its base, of each latent, nats.
        posterior: q(z | image, caption).
        prior_loss: (B,) what a prior that the rate does not train minimises; zero for others.
        auxiliary_loss: (B,) what the encoders of text and images minimise besides, nats; zero for most.

    Example:
        >>> model = ConditionalVAE(10, image_size=32, latent_dim=8, caption_dim=16, base_channels=8, stages=3)
        >>> reconstruction = model(torch.rand(2, 3, 32, 32), torch.tensor([[1, 2], [3, 4]]))
        >>> tuple(reconstruction.images.shape), tuple(reconstruction.rate.shape), tuple(reconstruction.distortion.shape)
        ((2, 3, 32, 32), (2, 8), (2,))
    """

    images: Tensor
    distortion: Tensor
    rate: Tensor
    posterior: Gaussian
    prior_loss: Tensor
    auxiliary_loss: Tensor


@part
class ConditionalVAE(nn.Module):
    """p(image | caption) = E over p(z | caption) of p(image | z, caption) (Sohn et al. 2015).

    The sizes alone give the guide's model (about 37 million parameters at the defaults); any part may
    be replaced by another that takes and gives the same tensors (:mod:`cvae_lightning.models.interfaces`).

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        base_channels: channels of the widest-resolution stage.
        stages: stride-2 stages of encoder and decoder.
        text_encoder: (B, T) tokens -> :class:`CaptionEncoding`.
        encoder: images, caption -> :class:`EncoderOutput`, with the posterior over z.
        decoder: z, caption -> mean images.
        prior: ``sample(caption, noise)``, ``rate(posterior, caption)`` and ``log_prob(z, caption)``.
        likelihood: ``nll(mean, images)``.

    Raises:
        ValueError: a part's size does not fit the model's; both numbers are named.

    Example:
        >>> model = ConditionalVAE(10, image_size=32, latent_dim=8, caption_dim=16, base_channels=8, stages=3)
        >>> tuple(model.generate(torch.tensor([[1, 2, 3]]), num_samples=2).shape)
        (2, 3, 32, 32)
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
        self.side_thread: SideThread | None = None
        check_positive("model", image_size=image_size, latent_dim=latent_dim, caption_dim=caption_dim)
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        self.prior: Prior = prior or StandardPrior(latent_dim)
        self.text_encoder: TextEncoder = text_encoder or LSTMTextEncoder(vocab_size, caption_dim)
        self.encoder: Encoder = encoder or ConvEncoder(image_size, latent_dim, base_channels, stages)
        self.decoder: Decoder = decoder or ConvDecoder(image_size, latent_dim, caption_dim, base_channels, stages)
        self.likelihood: Likelihood = likelihood or GaussianLikelihood()
        for name in ("text_encoder", "encoder", "decoder", "prior"):
            self._check_fit(name)
        if self.prior.num_objects and not (self.encoder.num_objects or self.decoder.num_objects):
            raise ValueError(
                f"prior has a slot for each of {self.prior.num_objects} objects, but neither encoder nor decoder has: "
                "choose encoder=slots and decoder=compositing with the same slot_queries, or slot_queries=learned"
            )

    def _check_fit(self, name: str) -> None:
        child = getattr(self, name)
        for size in ("image_size", "latent_dim", "caption_dim"):
            expected, declared = getattr(self, size), getattr(child, size)
            if declared is not None and declared != expected:
                raise ValueError(f"{name}.{size} is {declared}, but the model's {size} is {expected}: make them equal")
        needed, given = child.num_objects, self.text_encoder.num_objects
        if needed is not None and needed != given:
            raise ValueError(
                f"{name} has a slot for each of {needed} objects, but the text encoder gives {given or 'words only'}: "
                "choose text_encoder=attributes or text_encoder=bottleneck (10 objects each: model.num_slots=10), or "
                "slot_queries=learned"
            )

    @property
    def has_branches(self) -> bool:
        """Whether training passes have something that can be computed beside the rest."""
        return type(self.prior).drawn_loss is not Prior.drawn_loss

    def use_side_thread(self, side: SideThread | None) -> None:
        """Compute from now on what can be computed beside the rest of a training pass there."""
        self.side_thread = self.encoder.side_thread = side

    def forward(self, images: Tensor, tokens: Tensor, noise: Tensor | None = None) -> Reconstruction:
        """Encode, draw z, decode and measure.

        Args:
            images: (B, 3, S, S) in [0, 1].
            tokens: (B, T) token ids.
            noise: (B, Z) standard normal noise of the draw; drawn from torch's generator if absent.
        """
        caption = self.text_encoder(tokens)  # pooled (B, C), tokens (B, T, C), objects (B, K, C) or None
        prior_branch = self._branch(caption)
        encoded = self.encoder(images, caption)
        posterior = encoded.posterior  # mean and log sigma, (B, Z) each
        z = draw(posterior, torch.randn_like(posterior.mean) if noise is None else noise)  # (B, Z)
        prior_loss = self._start(prior_branch, posterior, caption)
        mean = self.decoder(z, caption)  # (B, 3, S, S)
        auxiliary = self.encoder.auxiliary_loss(images, encoded) + self.text_encoder.auxiliary_loss(tokens, caption)
        # Divergence and density lose their meaning in 16 bits, so they leave any autocast region.
        with torch.autocast(images.device.type, enabled=False):
            distortion = self.likelihood.nll(mean, images)  # (B,)
            rate = self.prior.rate(posterior, caption)  # (B, Z)
        return Reconstruction(
            images=mean,
            distortion=distortion,
            rate=rate,
            posterior=posterior,
            prior_loss=prior_loss(),
            auxiliary_loss=auxiliary,
        )

    def _branch(self, caption: CaptionEncoding) -> Branch | None:
        """Where the prior's loss is computed beside the rest; None where it is not."""
        side = side_of(self)
        return side.branch(*caption.tensors()) if side is not None and self.has_branches else None

    def _start(self, branch: Branch | None, posterior: Gaussian, caption: CaptionEncoding) -> Callable[[], Tensor]:
        """Begin to compute the prior's loss; what is returned waits for it."""
        loss = None if branch is None else self.prior.drawn_loss(posterior)
        if branch is None or loss is None:
            return lambda: self.prior.auxiliary_loss(posterior, caption)
        branch.start(lambda *tensors: loss(caption.with_tensors(tensors)))
        return branch.result

    def prior_loss(self, images: Tensor, tokens: Tensor) -> Tensor:
        """What prior and text encoder minimise where encoder and decoder are fixed, nats per image; (B,)."""
        caption = self.text_encoder(tokens)
        with torch.no_grad():
            posterior = self.encoder(images, caption).posterior
        return self.prior.auxiliary_loss(posterior, caption) + self.text_encoder.auxiliary_loss(tokens, caption)

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
        """Images of captions: prior, then decoder.

        Args:
            tokens: (B, T).
            num_samples: images of each caption.
            noise: (B * num_samples, Z) standard normal; drawn from torch's generator if absent.

        Returns:
            (B * num_samples, 3, S, S) in [0, 1], the samples of one caption in succession.
        """
        if num_samples < 1:
            raise ValueError(f"num_samples is {num_samples}: expected at least 1")
        caption = self.text_encoder(tokens).repeat(num_samples)
        return self.decoder(self._sample(caption, noise), caption)

    def reconstruct(self, images: Tensor, tokens: Tensor) -> Tensor:
        """The images (B, 3, S, S) decoded from the posterior's mean."""
        caption = self.text_encoder(tokens)
        return self.decoder(self.encoder(images, caption).posterior.mean, caption)

    def _sample(self, caption: CaptionEncoding, noise: Tensor | None) -> Tensor:
        if noise is None:
            noise = torch.randn(caption.pooled.shape[0], self.latent_dim, device=caption.pooled.device)
        return self.prior.sample(caption, noise)
