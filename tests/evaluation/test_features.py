"""Distances of features: zero for equal sets, growing with a shift; networks of a file are torchvision's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.features import FeatureNetwork, distances


def test_distances_are_zero_for_equal_sets_and_grow_with_a_shift() -> None:
    real = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    found = [distances(real, real + shift) for shift in (0.0, 0.5, 1.0)]
    assert found[0]["fid"] == pytest.approx(0.0, abs=1e-3)
    assert found[2]["fid"] == pytest.approx(4.0, rel=1e-3)  # of equal covariances: the squared distance of the means
    assert found[0]["kid"] < found[1]["kid"] < found[2]["kid"]


def test_distances_leave_the_generator_as_it_was() -> None:
    real = torch.randn(20, 3)
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert distances(real, real) == distances(real, real)
    assert torch.rand(1) == expected


def test_a_network_of_a_file_gives_the_features_before_its_last_layer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = resnet18(weights=None).eval()
    torch.save(network.state_dict(), tmp_path / "resnet18.pth")
    features = FeatureNetwork("resnet18", tmp_path / "resnet18.pth")(torch.rand(2, 3, 32, 32))
    assert features.shape == (2, 512)
    assert features.isfinite().all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("resnet81", b"", "feature_network=resnet81: expected inception_v3.*the nearest is 'resnet18'"),
        ("resnet18", None, "no such file; expected the weights of torchvision's resnet18"),
        ("resnet18", b"junk", "does not hold the weights of resnet18"),
    ],
)
def test_what_is_not_such_a_network_is_named(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    file = tmp_path / "weights.pth"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=message):
        FeatureNetwork(name, file)
