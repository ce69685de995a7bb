"""Caption retrieval by the model's own likelihood: of N captions, which one explains a picture best?

It needs no judge and no other network: log p(picture | caption) is what the model is trained to raise, and a picture's
own caption should give more of it than the captions of other pictures do. This is the generative classifier of a
conditional model (as in Li et al. 2023, "Your diffusion model is secretly a zero-shot classifier", with the evidence
lower bound in place of a denoising error).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.models import ConditionalVAE
from cvae_lightning.models.gaussian import draw


class Retrieval(NamedTuple):
    """How often a picture's own caption is found among those of N pictures.

    Attributes:
        accuracy: share of pictures whose own caption has the highest bound; one of several equal ones by chance.
        top_5: share of pictures whose own caption is among the five highest.
        mean_rank: of the own caption, 1 for the highest.
        chance: the accuracy of a model that ignores its captions: 1/N, and more where captions are equal.
        captions: N.
    """

    accuracy: float
    top_5: float
    mean_rank: float
    chance: float
    captions: int


class Ranks(NamedTuple):
    """How many captions explain each of N pictures better than its own, or as well.

    Attributes:
        higher: (N,) captions with a higher bound.
        rivals: (N,) captions with the same bound that are not the picture's own.
        best: (N,) which caption has the highest bound: the own one where no other is higher.
    """

    higher: Tensor
    rivals: Tensor
    best: Tensor

    @property
    def is_found(self) -> Tensor:
        """(N,) whether the own caption is higher than every other."""
        return (self.higher == 0) & (self.rivals == 0)


@torch.no_grad()
def caption_bounds(
    model: ConditionalVAE,
    images: Tensor,
    tokens: Tensor,
    noise: Tensor,
    advance: Callable[[int], None] = lambda count: None,
) -> Tensor:
    """A lower bound on log p(image | caption) for every image and every caption, at one draw of the posterior.

    -distortion - rate of the pair; with a flow prior the rate is against the flow's base, which does not read the
    caption, so that only encoder and decoder tell captions apart.

    Args:
        model: the model.
        images: (N, 3, S, S) in [0, 1].
        tokens: (M, T) token ids.
        noise: (N, Z) standard normal, of image i's draw with every caption.
        advance: is called with 1 after each image.

    Returns:
        (N, M) nats, float64, on the CPU.

    Example:
        >>> model = ConditionalVAE(10, image_size=32, latent_dim=4, caption_dim=8, base_channels=8, stages=3)
        >>> tuple(caption_bounds(model, torch.rand(2, 3, 32, 32), torch.tensor([[2, 4, 3]]), torch.zeros(2, 4)).shape)
        (2, 1)
    """
    captions = model.text_encoder(tokens)
    rows = []
    for image, row in zip(images, noise, strict=True):
        repeated = image.expand(len(tokens), -1, -1, -1)
        posterior = model.encoder(repeated, captions).posterior
        z = draw(posterior, row.expand(len(tokens), -1))
        distortion = model.likelihood.nll(model.decoder(z, captions), repeated)
        rate = model.prior.rate(posterior, captions).sum(dim=1)
        rows.append((-distortion.double() - rate.double()).cpu())
        advance(1)
    return torch.stack(rows)


def retrieval(bounds: Tensor, tokens: Tensor) -> Retrieval:
    """What the bounds of N images and their own N captions say.

    Captions that are equal count as the same; those that the model cannot tell apart share the rank by chance.

    Args:
        bounds: (N, N) by image and caption; image i's own caption is caption i.
        tokens: (N, T) the captions' token ids.

    Example:
        >>> own_is_best = torch.tensor([[-1.0, -2.0], [-4.0, -3.0]])
        >>> retrieval(own_is_best, torch.tensor([[4], [5]]))
        Retrieval(accuracy=1.0, top_5=1.0, mean_rank=1.0, chance=0.5, captions=2)
        >>> retrieval(torch.zeros(2, 2), torch.tensor([[4], [5]])).accuracy
        0.5
    """
    found = ranks(bounds, tokens)
    higher, rivals = found.higher.double(), found.rivals.double()
    equal = _equal(tokens).sum(dim=1).double()

    def share_within(most: int) -> float:
        return float(((most - higher).clamp(min=0) / (rivals + 1)).clamp(max=1).mean())

    return Retrieval(
        accuracy=share_within(1),
        top_5=share_within(5),
        mean_rank=float((1 + higher + rivals / 2).mean()),
        chance=float((equal / len(bounds)).mean()),
        captions=len(bounds),
    )


def ranks(bounds: Tensor, tokens: Tensor) -> Ranks:
    """The rank of every picture's own caption; captions that are equal count as the same.

    Args:
        bounds: (N, N) by image and caption; image i's own caption is caption i.
        tokens: (N, T) the captions' token ids.

    Example:
        >>> ranks(torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]), torch.tensor([[4], [5]])).is_found.tolist()
        [True, False]
    """
    own, other = bounds.diagonal().unsqueeze(1), ~_equal(tokens).to(bounds.device)  # (N, 1), (N, N)
    higher = ((bounds > own) & other).sum(dim=1)
    best = torch.where(higher == 0, torch.arange(len(bounds), device=bounds.device), bounds.argmax(dim=1))
    return Ranks(higher, ((bounds == own) & other).sum(dim=1), best)


def _equal(tokens: Tensor) -> Tensor:
    """(N, N) which captions have the same token ids."""
    return (tokens.unsqueeze(1) == tokens.unsqueeze(0)).all(dim=2)


def caption_retrieval(model: ConditionalVAE, images: Tensor, tokens: Tensor, noise: Tensor) -> Retrieval:
    """Caption retrieval among the captions of N images: :func:`caption_bounds`, then :func:`retrieval`.

    Args:
        model: the model.
        images: (N, 3, S, S) in [0, 1].
        tokens: (N, T) token ids of their captions.
        noise: (N, Z) standard normal.
    """
    return retrieval(caption_bounds(model, images, tokens, noise), tokens)
