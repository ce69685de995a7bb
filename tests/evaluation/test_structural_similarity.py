"""Structural similarity equals torchmetrics' on each image alone."""

import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from cvae_lightning.evaluation.structural_similarity import structural_similarity


def test_it_is_that_of_torchmetrics() -> None:
    torch.manual_seed(0)
    images = torch.rand(4, 3, 32, 32)
    flat = torch.full((3, 32, 32), 250 / 255)
    targets = torch.stack([images[0], (images[1] + 0.1 * torch.randn(3, 32, 32)).clamp(0, 1), 1 - images[2], flat])
    expected = [
        structural_similarity_index_measure(image[None], target[None], data_range=1.0)
        for image, target in zip(images, targets, strict=True)
    ]
    assert torch.allclose(structural_similarity(images, targets), torch.stack(expected), atol=1e-5)  # type: ignore[arg-type]
