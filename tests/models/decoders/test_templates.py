"""A template moves with its position, grows with its radius, keeps its edge, and learns real shapes."""

import pytest
import torch
from support.encodings import random_encoding

from cvae_lightning.data.images import from_uint8
from cvae_lightning.models import LatentLayout, SharedQuery, TemplateDecoder
from cvae_lightning.models.latent_layout import SlotNumbers
from cvae_lightning.world import DEFAULT, Scene, Thing, render

LAYOUT = LatentLayout(12, 3, 4.0, radius_scale=3.0, presence_scale=2.0)
CAPTION = random_encoding(1, 3, 8)


def decoder(size: int = 32, points: int = 16) -> TemplateDecoder:
    torch.manual_seed(0)
    queries = SharedQuery(3, 16, 8)
    return TemplateDecoder(
        LAYOUT, queries, image_size=size, caption_dim=8, hidden=16, template_size=points, edge_scale=16.0
    ).eval()


def latent(x: float, y: float, factor: float = 1.0, present: int = 1) -> torch.Tensor:
    return LAYOUT.join(
        SlotNumbers(
            torch.tensor([[x, y]]).expand(1, 3, 2),
            torch.full((1, 3), factor),
            torch.arange(3)[None] < present,
            torch.zeros(1, 3, 0),
        )
    )


@torch.no_grad()
def test_a_position_moved_by_pixels_moves_the_picture_by_pixels() -> None:
    part = decoder()
    still, moved = part(latent(0.5, 0.5), CAPTION), part(latent(0.5 + 5 / 32, 0.5 - 3 / 32), CAPTION)
    torch.testing.assert_close(moved[..., :-3, 5:], still[..., 3:, :-5], atol=1e-5, rtol=1e-4)
    assert (still - still[..., :1, :1]).abs().max() > 0.1


@torch.no_grad()
def test_twice_the_radius_covers_four_times_the_area_with_an_edge_as_sharp() -> None:
    part = decoder(size=64)
    one, two = (1 - part(latent(0.5, 0.5, factor), CAPTION)[0, 0] / part.background[0] for factor in (0.5, 1.0))
    assert float(two.sum() / one.sum()) == pytest.approx(4.0, rel=0.05)
    steepest = [float((image[:, 1:] - image[:, :-1]).abs().max()) for image in (one, two)]
    assert steepest[0] == pytest.approx(steepest[1], rel=0.1)


@torch.no_grad()
def test_slots_that_are_empty_paint_nothing() -> None:
    part = decoder()
    blank = part(latent(0.5, 0.5, present=0), CAPTION)
    assert torch.equal(blank, part.background[None, :, None, None].clamp(0, 1).expand_as(blank))
    torch.testing.assert_close(
        part.train()(latent(0.5, 0.5, present=2), CAPTION) - blank,
        2 * (part(latent(0.5, 0.5, present=1), CAPTION) - blank),
    )


@pytest.mark.parametrize(("number", "target"), [(0, (0.55, 0.5, 1.0)), (1, (0.5, 0.55, 1.0)), (2, (0.5, 0.5, 1.2))])
def test_a_gradient_leads_to_where_an_object_is_and_to_its_radius(
    number: int, target: tuple[float, float, float]
) -> None:
    z = latent(0.5, 0.5).requires_grad_()
    part = decoder().train()
    (part(z, CAPTION) - part(latent(*target), CAPTION).detach()).square().sum().backward()
    assert z.grad is not None
    assert LAYOUT.slots(z.grad)[0, 0, number] < 0, "the loss falls with it"


@pytest.mark.slow
def test_a_star_is_learned_to_a_few_levels() -> None:
    part = decoder(points=32).train()
    things = [Thing("star", "blue", "large", x, y, 0.15) for x, y in ((0.3, 0.3), (0.52, 0.71), (0.7, 0.45))]
    images = from_uint8(render([Scene((thing,)) for thing in things], 32, world=DEFAULT))
    z = torch.cat([latent(thing.x, thing.y) for thing in things])
    optimizer = torch.optim.Adam(part.parameters(), lr=3e-3)
    for _ in range(150):
        loss = (part(z, CAPTION.repeat(3)) - images).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 1e-3
