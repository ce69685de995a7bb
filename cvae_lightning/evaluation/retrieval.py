"""Caption retrieval by the model's own likelihood: of N captions, which one explains a picture best?

It needs no judge and no other network: log p(picture | caption) is what the model is trained to raise, and a picture's
own caption should give more of it than the captions of other pictures do. This is the generative classifier of a
conditional model (as in Li et al. 2023, "Your diffusion model is secretly a zero-shot classifier", with the evidence
lower bound in place of a denoising error).
"""

from __future__ import annotations

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


@torch.no_grad()
def caption_bounds(model: ConditionalVAE, images: Tensor, tokens: Tensor, noise: Tensor) -> Tensor:
    """A lower bound on log p(image | caption) for every image and every caption, at one draw of the posterior.

    -distortion - rate of the pair; with a flow prior the rate is against the flow's base, which does not read the
    caption, so that only encoder and decoder tell captions apart.

    Args:
        model: the model.
        images: (N, 3, S, S) in [0, 1].
        tokens: (M, T) token ids.
        noise: (N, Z) standard normal, of image i's draw with every caption.

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
    own = bounds.diagonal().unsqueeze(1)  # (N, 1)
    same = (tokens.unsqueeze(1) == tokens.unsqueeze(0)).all(dim=2).to(bounds.device)  # (N, N)
    higher = ((bounds > own) & ~same).sum(dim=1).double()
    rivals = ((bounds == own) & ~same).sum(dim=1).double()
    equal = same.sum(dim=1).double()

    def share_within(most: int) -> float:
        return float(((most - higher).clamp(min=0) / (rivals + 1)).clamp(max=1).mean())

    return Retrieval(
        accuracy=share_within(1),
        top_5=share_within(5),
        mean_rank=float((1 + higher + rivals / 2).mean()),
        chance=float((equal / len(bounds)).mean()),
        captions=len(bounds),
    )


def caption_retrieval(model: ConditionalVAE, images: Tensor, tokens: Tensor, noise: Tensor) -> Retrieval:
    """Caption retrieval among the captions of N images: :func:`caption_bounds`, then :func:`retrieval`.

    Args:
        model: the model.
        images: (N, 3, S, S) in [0, 1].
        tokens: (N, T) token ids of their captions.
        noise: (N, Z) standard normal.
    """
    return retrieval(caption_bounds(model, images, tokens, noise), tokens)
