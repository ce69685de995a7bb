"""What the parts of a model give each other: an encoded caption, an encoder's output, and one class per part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.nn.side_thread import SideThread
from cvae_lightning.models.priors.sampler import SamplerConfig


@dataclass(frozen=True)
class Masked:
    """A padded batch of sequences.

    Attributes:
        values: (B, N, C).
        mask: (B, N) True where there is something.

    Example:
        >>> import torch
        >>> Masked(torch.zeros(1, 3, 8), torch.tensor([[True, True, False]])).repeat(2).mask.tolist()
        [[True, True, False], [True, True, False]]
    """

    values: Tensor
    mask: Tensor

    def repeat(self, times: int) -> Masked:
        """Each row ``times`` times in succession: (B * times, N, C)."""
        return Masked(self.values.repeat_interleave(times, dim=0), self.mask.repeat_interleave(times, dim=0))

    def clone(self) -> Masked:
        """The same in new memory, without gradients."""
        return Masked(self.values.detach().clone(), self.mask.clone())


@dataclass(frozen=True)
class CaptionEncoding:
    """An encoded batch of captions.

    Attributes:
        pooled: (B, C) one embedding per caption.
        tokens: (B, T, C) one embedding per token, zero at padding.
        objects: (B, K, C) one embedding per object that the caption names; None where the encoder finds none.

    Example:
        >>> import torch
        >>> tokens = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), tokens)
        >>> tuple(caption.repeat(4).pooled.shape)
        (4, 8)
    """

    pooled: Tensor
    tokens: Masked
    objects: Masked | None = None

    def repeat(self, times: int) -> CaptionEncoding:
        """Each caption ``times`` times in succession: (B * times, ...)."""
        objects = None if self.objects is None else self.objects.repeat(times)
        return CaptionEncoding(self.pooled.repeat_interleave(times, dim=0), self.tokens.repeat(times), objects)

    def clone(self) -> CaptionEncoding:
        """The same in new memory, without gradients."""
        objects = None if self.objects is None else self.objects.clone()
        return CaptionEncoding(self.pooled.detach().clone(), self.tokens.clone(), objects)

    def tensors(self) -> list[Tensor]:
        """The embeddings, for :meth:`with_tensors`."""
        return [self.pooled, self.tokens.values, *([] if self.objects is None else [self.objects.values])]

    def with_tensors(self, tensors: Sequence[Tensor]) -> CaptionEncoding:
        """The same with other embeddings."""
        objects = None if self.objects is None else Masked(tensors[2], self.objects.mask)
        return CaptionEncoding(tensors[0], Masked(tensors[1], self.tokens.mask), objects)


@dataclass(frozen=True)
class EncoderOutput:
    """What an encoder gives; encoders with an auxiliary loss extend it by what that loss needs.

    Attributes:
        posterior: q(z | image, caption) over z (B, Z).

    Example:
        >>> import torch
        >>> output = EncoderOutput(Gaussian(mean=torch.zeros(2, 4), log_sigma=torch.zeros(2, 4)))
        >>> tuple(output.posterior.mean.shape)
        (2, 4)
    """

    posterior: Gaussian


class ModelPart(nn.Module, ABC):
    """A part of a :class:`~cvae_lightning.models.ConditionalVAE` declares the sizes that it was built for.

    Attributes:
        image_size, latent_dim, caption_dim: as the model's; None where the part does not depend on it.
        num_objects: embeddings per caption that the part gives (a text encoder) or needs (others); None for none.

    Example:
        >>> class Half(ModelPart):
        ...     latent_dim = 4  # a model of another latent_dim refuses this part
        >>> Half().latent_dim, Half().image_size
        (4, None)
    """

    image_size: int | None = None
    latent_dim: int | None = None
    caption_dim: int | None = None
    num_objects: int | None = None


class TextEncoder(ModelPart):
    """Captions to vectors.

    Example:
        >>> import torch
        >>> class BagOfWords(TextEncoder):
        ...     def __init__(self) -> None:
        ...         super().__init__()
        ...         self.caption_dim, self.embed = 8, nn.Embedding(10, 8)
        ...     def forward(self, tokens: Tensor) -> CaptionEncoding:
        ...         words = self.embed(tokens)  # (B, T, C)
        ...         return CaptionEncoding(words.mean(dim=1), Masked(words, tokens > 0))
        >>> tuple(BagOfWords()(torch.tensor([[1, 2, 3]])).pooled.shape)
        (1, 8)
    """

    @abstractmethod
    def forward(self, tokens: Tensor) -> CaptionEncoding:
        """Encode (B, T) token ids, padded on the right."""

    def auxiliary_loss(self, tokens: Tensor, encoding: CaptionEncoding) -> Tensor:
        """What the encoder minimises beside the model's objective, nats; (B,). Zero for most."""
        return encoding.pooled.new_zeros(len(tokens))


class Encoder(ModelPart):
    """Images to q(z | image, caption).

    Attributes:
        side_thread: where a part of a training pass may be computed beside the rest; None for nowhere.

    Example:
        >>> import torch
        >>> class MeanColour(Encoder):
        ...     latent_dim = 3
        ...     def forward(self, images: Tensor, caption: CaptionEncoding) -> EncoderOutput:
        ...         mean = images.mean(dim=(2, 3))  # (B, 3)
        ...         return EncoderOutput(Gaussian(mean, torch.zeros_like(mean)))
        >>> tuple(MeanColour()(torch.rand(2, 3, 8, 8), None).posterior.mean.shape)
        (2, 3)
    """

    side_thread: SideThread | None = None

    @abstractmethod
    def forward(self, images: Tensor, caption: CaptionEncoding) -> EncoderOutput:
        """Encode images (B, 3, S, S) in [0, 1]."""

    def auxiliary_loss(self, images: Tensor, output: EncoderOutput) -> Tensor:
        """What the encoder minimises beside the model's objective, nats; (B,). Zero for most."""
        return images.new_zeros(len(images))


class Decoder(ModelPart):
    """Latents and captions to the mean image of p(image | z, caption).

    Example:
        >>> import torch
        >>> class OneColour(Decoder):
        ...     latent_dim = 3
        ...     def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        ...         return z.sigmoid()[:, :, None, None].expand(-1, -1, 8, 8)
        >>> tuple(OneColour()(torch.zeros(2, 3), None).shape)
        (2, 3, 8, 8)
    """

    @abstractmethod
    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) in [0, 1] of latents (B, Z)."""


class Prior(ModelPart):
    """p(z | caption): where latents come from when there is no image.

    Attributes:
        sampler: how :meth:`sample` samples; None where there is nothing to choose.
        base: in words, the density that :meth:`rate` is measured against, where samples are drawn from another one;
            None where they are drawn from it.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import StandardPrior
        >>> prior, noise = StandardPrior(latent_dim=4), torch.zeros(1, 4)
        >>> posterior = Gaussian(mean=torch.ones(1, 4), log_sigma=torch.zeros(1, 4))
        >>> prior.sample(None, noise).tolist(), prior.rate(posterior, None).tolist()
        ([[0.0, 0.0, 0.0, 0.0]], [[0.5, 0.5, 0.5, 0.5]])
    """

    sampler: SamplerConfig | None = None
    base: str | None = None

    @abstractmethod
    def sample(self, caption: CaptionEncoding, noise: Tensor) -> Tensor:
        """Latents (B, Z) made of standard normal noise (B, Z), one row per caption."""

    @abstractmethod
    def rate(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """KL(posterior || base) for each latent in nats, (B, Z); the base is the prior itself unless a subclass says
        otherwise."""

    @abstractmethod
    def log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """log p(z | caption) of latents (B, Z) in nats; (B,)."""

    def base_log_prob(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Log density in nats of the base, which :meth:`rate` is measured against; (B,)."""
        return self.log_prob(z, caption)

    def set_sampler(self, sampler: SamplerConfig) -> None:
        """Sample by other settings from now on.

        Raises:
            ValueError: the prior has no sampler, or cannot sample so.
        """
        raise ValueError(f"this model's prior, {type(self).__name__}, has no sampler to choose settings of")

    def auxiliary_loss(self, posterior: Gaussian, caption: CaptionEncoding) -> Tensor:
        """What the prior minimises beside its rate, for each image; (B,). Zero unless a subclass says otherwise."""
        return posterior.mean.new_zeros(len(posterior.mean))

    def drawn_loss(self, posterior: Gaussian) -> Callable[[CaptionEncoding], Tensor] | None:
        """:meth:`auxiliary_loss` with its random numbers drawn, as a function of the caption; None where there is none.

        Another thread may compute it: it draws nothing, and changes nothing that other parts read.
        """
        return None


def check_images(images: Tensor, image_size: int) -> None:
    """Raises: ValueError: images are not (B, 3, S, S) of this side S."""
    expected = (3, image_size, image_size)
    if images.ndim != 4 or tuple(images.shape[1:]) != expected:
        raise ValueError(f"images have shape {tuple(images.shape)}: expected (batch, *{expected})")


def check_positive(part: str, **numbers: float) -> None:
    """Raises: ValueError: one of a part's numbers is not above 0; the message names it."""
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{part}.{name} is {number}: expected a number above 0")
