"""Looks tell shapes, and neither colours nor how bright a batch is."""

import torch

from cvae_lightning.models.encoders.edge_features import LOOKS, NEIGHBOURHOODS, looks, uncoloured

PAPER = torch.tensor([0.9, 1.0, 0.8])


def test_paper_has_no_ink_and_a_colour_as_much_as_its_best_channel() -> None:
    images = PAPER[None, :, None, None].repeat(1, 1, 4, 4)
    assert not uncoloured(images, PAPER).any()
    images[0, 2, 1, 1], images[0, 0, 1, 1], images[0, 1, 2, 3] = 0.3, 0.8, 0.2
    seen = uncoloured(images, PAPER)[0, 0]
    torch.testing.assert_close(seen[[1, 2], [1, 3]], torch.tensor([0.5, 0.8]))
    assert seen.count_nonzero() == 2


def test_colours_of_equal_strength_look_alike() -> None:
    images = torch.ones(2, 3, 8, 8)
    images[0, 0, 2:5, 2:5] = images[1, 2, 2:5, 2:5] = 0.2
    first, second = looks(uncoloured(images, torch.ones(3)), 4)
    torch.testing.assert_close(first, second)


def test_looks_are_standard_whatever_the_contrast() -> None:
    drawn = torch.rand(6, 1, 16, 16)
    seen = looks(drawn, 8)
    assert seen.shape == (6, 64, LOOKS)
    torch.testing.assert_close(seen.mean(dim=(0, 1)), torch.zeros(LOOKS), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.std(dim=(0, 1)), torch.ones(LOOKS), atol=1e-3, rtol=0)
    torch.testing.assert_close(looks(0.1 * drawn, 8), seen, atol=1e-3, rtol=1e-3)


def test_a_turned_picture_swaps_lying_and_standing_edges() -> None:
    drawn = torch.rand(2, 1, 16, 16)
    drawn[..., -4:, :] = drawn[..., -4:] = 0
    seen, turned = (looks(images, 8).unflatten(1, (8, 8)) for images in (drawn, drawn.mT))
    for start in range(0, LOOKS, LOOKS // len(NEIGHBOURHOODS)):
        torch.testing.assert_close(turned[..., start + 1], seen[..., start + 2].mT)
        torch.testing.assert_close(turned[..., start], seen[..., start].mT)
