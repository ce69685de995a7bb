"""Objects are found by the image alone: where they are, how many, how large, and alike where they look alike."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from cvae_lightning.data.images import from_uint8
from cvae_lightning.models import LatentLayout, ObjectEncoder
from cvae_lightning.models.encoders.connected_regions import connected_regions
from cvae_lightning.world import DEFAULT, Scene, Thing, captioned_scene, render

LAYOUT = LatentLayout(132, 12, 4.0, radius_scale=3.0, presence_scale=2.0)


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    torch.manual_seed(0)
    with torch.no_grad():
        yield


def encoder(**changed: Any) -> ObjectEncoder:
    return ObjectEncoder(LAYOUT, **({"image_size": 64, "sizes": (3, 4), "hidden": 16} | changed)).eval()


def drawn(*things: Thing, size: int = 64) -> torch.Tensor:
    return from_uint8(render([Scene(things)], size, world=DEFAULT))


def test_regions_are_those_of_scipy() -> None:
    foreground = torch.rand(8, 20, 20) < 0.5
    regions = connected_regions(foreground, count=400)
    for image, labels, chosen, mask in zip(foreground, *regions, strict=True):
        expected, count = ndimage.label(image.numpy())
        assert int(mask.sum()) == count
        pairs = np.unique(np.stack([labels.numpy(), expected]).reshape(2, -1), axis=1)
        assert pairs.shape[1] == count + 1, "each region has one label in both"
        areas = [int((labels == label).sum()) for label in chosen[mask]]
        assert areas == sorted(areas, reverse=True)


def test_long_and_winding_regions_are_one() -> None:
    snake = torch.zeros(1, 21, 21, dtype=torch.bool)
    snake[0, ::2] = True
    snake[0, 1::4, -1] = True
    snake[0, 3::4, 0] = True
    assert connected_regions(snake, count=3).mask.tolist() == [[True, False, False]]


def test_every_object_of_real_scenes_is_found() -> None:
    scenes = [captioned_scene(0, "train", index, world=DEFAULT).scene for index in range(64)]
    images = from_uint8(render(scenes, 64, world=DEFAULT))
    numbers = LAYOUT.split(encoder()(images, None).posterior.mean)
    assert numbers.present is not None
    assert numbers.factors is not None
    for scene, present, positions in zip(scenes, numbers.present, numbers.positions, strict=True):
        assert int(present.sum()) == len(scene.things)
        expected = torch.tensor([[thing.x, thing.y] for thing in scene.things])
        # A triangle's centre of area is a quarter of its radius below its own.
        nearest = torch.cdist(expected, positions[present]).amin(dim=1)
        assert float(nearest.max()) < 0.05


def test_a_moved_object_differs_by_its_position_alone() -> None:
    part = encoder()
    here, there = (part(drawn(Thing("star", "red", "medium", x, 0.5, 0.115)), None).posterior for x in (0.25, 0.75))
    before, after = (LAYOUT.slots(one.mean)[0, 0] for one in (here, there))
    assert float(after[0] - before[0]) == pytest.approx(0.5 * 4.0, abs=1e-4)
    torch.testing.assert_close(before[1:], after[1:], atol=1e-4, rtol=1e-4)


def test_the_radius_follows_the_size() -> None:
    part = encoder()
    small, large = (
        LAYOUT.split(part(drawn(Thing("circle", "blue", "small", 0.5, 0.5, r)), None).posterior.mean).factors
        for r in (0.08, 0.16)
    )
    assert small is not None
    assert large is not None
    assert float(large[0, 0] / small[0, 0]) == pytest.approx(2.0, rel=0.03)


def test_a_blank_image_has_no_object() -> None:
    posterior = encoder()(torch.full((1, 3, 64, 64), 0.98), None).posterior
    numbers = LAYOUT.split(posterior.mean)
    assert numbers.present is not None
    assert not numbers.present.any()
    assert (numbers.rest == 0).all()


def test_the_caption_is_not_looked_at() -> None:
    image = drawn(Thing("cross", "green", "large", 0.4, 0.6, 0.16))
    part = encoder()
    assert torch.equal(part(image, None).posterior.mean, part(image, object()).posterior.mean)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"sizes": (3, 3)}, r"encoder.sizes is \[3, 3\]: expected numbers of colour and outline, 7 in all"),
        ({"threshold": 1.0}, "encoder.threshold is 1.0"),
        ({"hidden": 0}, "encoder.hidden is 0"),
    ],
)
def test_sizes_that_do_not_fit_are_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        encoder(**changed)
