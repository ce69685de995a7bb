"""Edge features tell shapes, and neither colours nor how bright a batch is."""

import torch
from torch import Tensor

from cvae_lightning.models.encoders.edge_features import (
    FEATURES_PER_NEIGHBOURHOOD,
    colour_distance,
    oriented_gradients,
)

BACKGROUND = torch.tensor([0.9, 1.0, 0.8])
NEIGHBOURHOODS = (3, 5)
FEATURES = FEATURES_PER_NEIGHBOURHOOD * len(NEIGHBOURHOODS)


def features(coverage: Tensor, side: int) -> Tensor:
    return oriented_gradients(coverage, side, NEIGHBOURHOODS)


def test_background_has_no_distance_and_a_colour_that_of_its_most_different_channel() -> None:
    images = BACKGROUND[None, :, None, None].repeat(1, 1, 4, 4)
    assert not colour_distance(images, BACKGROUND).any()
    images[0, 2, 1, 1], images[0, 0, 1, 1], images[0, 1, 2, 3] = 0.3, 0.8, 0.2
    distance = colour_distance(images, BACKGROUND)[0, 0]
    torch.testing.assert_close(distance[[1, 2], [1, 3]], torch.tensor([0.5, 0.8]))
    assert distance.count_nonzero() == 2


def test_colours_of_equal_strength_have_equal_features() -> None:
    images = torch.ones(2, 3, 8, 8)
    images[0, 0, 2:5, 2:5] = images[1, 2, 2:5, 2:5] = 0.2
    first, second = features(colour_distance(images, torch.ones(3)), 4)
    torch.testing.assert_close(first, second)


def test_features_are_standardised_whatever_the_contrast() -> None:
    coverage = torch.rand(6, 1, 16, 16)
    found = features(coverage, 8)
    assert found.shape == (6, 64, FEATURES)
    torch.testing.assert_close(found.mean(dim=(0, 1)), torch.zeros(FEATURES), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(dim=(0, 1)), torch.ones(FEATURES), atol=1e-3, rtol=0)
    torch.testing.assert_close(features(0.1 * coverage, 8), found, atol=1e-3, rtol=1e-3)


def test_a_transposed_picture_swaps_horizontal_and_vertical_edges() -> None:
    coverage = torch.rand(2, 1, 16, 16)
    coverage[..., -4:, :] = coverage[..., -4:] = 0
    upright, transposed = (features(images, 8).unflatten(1, (8, 8)) for images in (coverage, coverage.mT))
    for start in range(0, FEATURES, FEATURES_PER_NEIGHBOURHOOD):
        torch.testing.assert_close(transposed[..., start + 1], upright[..., start + 2].mT)
        torch.testing.assert_close(transposed[..., start], upright[..., start].mT)
