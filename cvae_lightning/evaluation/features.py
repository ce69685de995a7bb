"""How alike two sets of pictures are, as a network sees them: Fréchet and kernel inception distance by torchmetrics.

Both compare features of real pictures with features of samples. Numbers of different networks cannot be compared, and
the Fréchet distance (Heusel et al. 2017) is too large where pictures are few; the kernel distance (Bińkowski et al.
2018) is not.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.errors import UserError, nearest_hint

SIDES = {"inception_v3": 299, "resnet18": 224, "resnet50": 224, "vgg16": 224}
"""Networks of torchvision by the side of the pictures that they were trained on."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the photographs that they were trained on, by channel."""
SUBSETS, SUBSET = 100, 50
"""Draws of which the kernel distance is a mean, and their size where there are as many pictures."""


class Given(nn.Module):
    """Features that are computed already, in the place of a network.

    Args:
        width: how many numbers a picture has.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, features: Tensor) -> Tensor:
        return features


def distances(real: Tensor, sampled: Tensor, seed: int = 0) -> dict[str, float]:
    """Fréchet and kernel distance of features (N, D) of real pictures and of samples.

    Args:
        real, sampled: N at least 2 rows each.
        seed: of the kernel distance's draws.

    Returns:
        ``fid``, and ``kid`` with its standard deviation over draws, ``kid_std``.

    Example:
        >>> features = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
        >>> abs(round(distances(features, features)["fid"], 3))
        0.0
    """
    # Imported here: they take long, and an evaluation of scenes needs neither.
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    width = real.shape[1]
    frechet = FrechetInceptionDistance(feature=Given(width))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it keeps all features, which are few numbers here
        kernel = KernelInceptionDistance(feature=Given(width), subsets=SUBSETS, subset_size=min(SUBSET, len(real)))
    for metric in (frechet, kernel):
        metric.update(real.float(), real=True)
        metric.update(sampled.float(), real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean, deviation = kernel.compute()
    return {"fid": float(frechet.compute()), "kid": float(mean), "kid_std": float(deviation)}


class FeatureNetwork(nn.Module):
    """A network of torchvision without its last layer, from a file of its weights.

    Args:
        name: one of ``SIDES``.
        weights: the file, as torchvision offers it for download; read as plain data.

    Raises:
        UserError: an unknown name, or a file that does not hold the weights of this network.
    """

    def __init__(self, name: str, weights: Path) -> None:
        super().__init__()
        if name not in SIDES:
            raise UserError(f"feature_network={name}: expected {', '.join(SIDES)}{nearest_hint(name, SIDES)}")
        from torchvision.models import get_model

        options: dict[str, Any] = {"init_weights": False} if name in ("inception_v3", "vgg16") else {}
        network = get_model(name, weights=None, **options)
        if not weights.is_file():
            raise UserError(f"features={weights}: no such file; expected the weights of torchvision's {name}")
        try:
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        except Exception as error:  # torch.load answers damage with a dozen unrelated types
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"features={weights} does not hold the weights of {name}: {reason}") from error
        if name == "vgg16":
            network.classifier[-1] = nn.Identity()
        else:
            network.fc = nn.Identity()
        self.network, self.side = network.requires_grad_(False).eval(), SIDES[name]

    def forward(self, images: Tensor) -> Tensor:
        """(B, D) features of images (B, 3, S, S) in [0, 1]."""
        size = (self.side, self.side)
        resized = functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)
        mean, std = (resized.new_tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        features: Tensor = self.network((resized - mean) / std)
        return features
