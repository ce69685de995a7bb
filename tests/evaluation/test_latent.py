"""Active units at a fixed caption: what the posterior takes from the image, not from the caption."""

import numpy as np

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.evaluation.latent import SCENES, fixed_caption_units
from cvae_lightning.evaluation.settings import EvaluationSettings
from cvae_lightning.world import DEFAULT

CAPTIONS = list(ShapeSceneDataset(5, 64, split="test").captions())


class Adapter:
    """Posterior means: latent 0 is the image's mean, latent 1 a number of the caption, latent 2 nothing."""

    world = DEFAULT

    class model:
        image_size = 64

    def posterior_means(self, images, captions):
        of_image = images.reshape(len(images), -1).mean(axis=1) / 5
        return np.stack([of_image, [10.0 * CAPTIONS.index(c) for c in captions], np.zeros(len(images))], axis=1)


def test_what_only_repeats_the_caption_is_not_active() -> None:
    found = fixed_caption_units(Adapter(), CAPTIONS, EvaluationSettings(coverage_captions=4))
    assert (found["captions"], found["scenes"], found["units"], found["active_units"]) == (4, SCENES, 3, 1)
    first, second, third = found["variance_by_dimension"]
    assert first > 0.01
    assert second == third == 0


def test_it_depends_on_the_seed_alone() -> None:
    settings = [EvaluationSettings(coverage_captions=2, seed=seed) for seed in (0, 0, 1)]
    first, again, other = (fixed_caption_units(Adapter(), CAPTIONS, setting) for setting in settings)
    assert first == again != other
