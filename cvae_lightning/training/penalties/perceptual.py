"""Distance between images as a network trained to name photographs sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, vgg16

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.inference.archive import read_archive
from cvae_lightning.training.penalties.penalty import Penalty, Term, View

PHOTOGRAPHS = VGG16_Weights.IMAGENET1K_V1
DISTANCES = {"mse": nn.functional.mse_loss, "l1": nn.functional.l1_loss}


class PerceptualPenalty(Penalty):
    """Feature reconstruction loss (Johnson et al. 2016, eq. 2) over layers of VGG16 (Simonyan & Zisserman 2014).

    Each layer's distance is a mean over its features and the batch; the layers' distances are added.

    Args:
        weight: nats per image that one unit of the distance is worth.
        layers: ``relu{block}_{number}`` as the papers count them, such as ``relu2_2``.
        distance: ``mse`` or ``l1``.
        weights: file of torchvision's VGG16 weights; None: where torch.hub keeps its downloads.

    Raises:
        UserError: the weights are absent or are not VGG16's.
        ValueError: an unknown layer or distance, or an impossible weight.

    Example:
        >>> PerceptualPenalty(weights="absent.pth")
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: the perceptual penalty needs VGG16's weights, and there is no file ...
    """

    def __init__(
        self,
        weight: float = 1000.0,
        layers: Sequence[str] = ("relu1_2", "relu2_2", "relu3_3"),
        distance: str = "mse",
        weights: str | Path | None = None,
    ) -> None:
        super().__init__(weight)
        if distance not in DISTANCES:
            raise ValueError(f"perceptual.distance is {distance!r}: expected {' or '.join(DISTANCES)}")
        with torch.device("meta"):
            features = vgg16(weights=None).features
        known = layer_names(features)
        unknown = [layer for layer in layers if layer not in known]
        if unknown or not layers:
            near = nearest_hint(unknown[0], known) if unknown else ""
            raise ValueError(f"perceptual.layers is {list(layers)}{near}; there are {', '.join(known)}")
        self.distance = DISTANCES[distance]
        self.indices = sorted({known[layer] for layer in layers})
        self.network = features[: self.indices[-1] + 1].requires_grad_(False).eval()
        _load(self.network, weights_file(weights))
        preset = PHOTOGRAPHS.transforms()
        self.mean, self.std = (torch.tensor(values, device="cpu").view(3, 1, 1) for values in (preset.mean, preset.std))

    def __call__(self, view: View) -> Term:
        """Logs ``perceptual``, the distance without its weight."""
        with torch.no_grad():
            targets = self.features(view.images)
        pairs = zip(self.features(view.fakes), targets, strict=True)
        distance = torch.stack([self.distance(fake.float(), target.float()) for fake, target in pairs]).sum()
        return Term(self.weight * distance, {"perceptual": distance.detach()})

    def features(self, images: Tensor) -> list[Tensor]:
        """Activations (B, C, h, w) of the chosen layers, shallow ones first, for images (B, 3, S, S) in [0, 1]."""
        activations, values = [], (images - self.mean) / self.std
        for index, layer in enumerate(self.network):
            values = layer(values)
            if index in self.indices:
                activations.append(values)
        return activations

    def to(self, device: torch.device) -> None:
        self.network.to(device)
        self.mean, self.std = self.mean.to(device), self.std.to(device)

    def state(self) -> dict[str, Any]:
        return {}

    def resume(self, state: Mapping[str, Any]) -> None:
        pass


def layer_names(features: nn.Sequential) -> dict[str, int]:
    """``relu{block}_{number}`` -> index in VGG16's features; a pooling layer ends a block."""
    names, block, number = {}, 1, 0
    for index, layer in enumerate(features):
        if isinstance(layer, nn.ReLU):
            number += 1
            names[f"relu{block}_{number}"] = index
        elif isinstance(layer, nn.MaxPool2d):
            block, number = block + 1, 0
    return names


def weights_file(given: str | Path | None = None) -> Path:
    """The file of VGG16's weights: the given one, or the one in torch.hub's cache. Nothing is downloaded.

    Raises:
        UserError: there is no such file; says how to get it.
    """
    url = PHOTOGRAPHS.url
    file = Path(given) if given is not None else Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    if not file.is_file():
        raise UserError(
            f"the perceptual penalty needs VGG16's weights, and there is no file {file}. Download {url} (528 MB) "
            "there, or anywhere and give the file with penalties.perceptual.weights=FILE"
        )
    return file


def _load(network: nn.Sequential, file: Path) -> None:
    """Give a network on the meta device the ``features.`` weights of a file, read as plain data."""
    try:
        saved = read_archive(file)
        wanted = network.state_dict()
        network.load_state_dict({key: saved[f"features.{key}"].float().clone() for key in wanted}, assign=True)
    except Exception as error:  # torch.load answers damage with a dozen unrelated types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"penalties.perceptual.weights: {file} does not hold the weights of VGG16: {reason}") from error
