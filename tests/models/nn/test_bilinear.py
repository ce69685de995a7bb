"""Maps are read as torch's own sampler of grids reads them."""

import torch
from torch.nn import functional

from cvae_lightning.models.nn.bilinear import bilinear


def test_values_and_gradients_are_those_of_grid_sample() -> None:
    torch.manual_seed(0)
    maps = torch.randn(3, 5, 7, dtype=torch.float64, requires_grad=True)
    points = (torch.rand(3, 40, 2, dtype=torch.float64) * 1.4 - 0.2) * torch.tensor([6, 4])
    points.requires_grad_()
    grid = 2 * points / torch.tensor([6, 4]) - 1
    expected = functional.grid_sample(
        maps.unsqueeze(1), grid.unsqueeze(1), padding_mode="border", align_corners=True
    ).flatten(1)
    found = bilinear(maps, points)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(found)
    for ours, torchs in zip(
        torch.autograd.grad((found * weights).sum(), [maps, points]),
        torch.autograd.grad((expected * weights).sum(), [maps, points]),
        strict=True,
    ):
        torch.testing.assert_close(ours, torchs)


def test_points_of_the_map_are_read_as_they_are() -> None:
    maps = torch.arange(12.0).reshape(1, 3, 4)
    y, x = torch.meshgrid(torch.arange(3.0), torch.arange(4.0), indexing="ij")
    assert bilinear(maps, torch.stack([x, y], dim=-1).reshape(1, -1, 2)).tolist() == [list(range(12))]
