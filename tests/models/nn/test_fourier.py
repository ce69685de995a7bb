"""Cells are where they should be, and features tell an offset from its opposite."""

from functools import partial

import torch

from cvae_lightning.models.nn.fourier import cell_centres, fourier_size, offset_features, state_features

FREQUENCIES = (2, 4, 8, 16)


def test_cells_are_centres_row_by_row() -> None:
    assert cell_centres(2).tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]


def test_features_tell_an_offset_from_its_opposite() -> None:
    offset = torch.tensor([[0.1, -0.05]])
    for features in (partial(offset_features, scale=4.0), state_features):
        assert features(offset, FREQUENCIES).shape == (1, fourier_size(2, FREQUENCIES))
        assert not torch.allclose(features(offset, FREQUENCIES), features(-offset, FREQUENCIES))
