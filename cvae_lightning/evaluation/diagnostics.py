"""The guide's common issues as alarms: each measures probes of a model and says what is wrong and what to change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchmetrics import Metric

from cvae_lightning.evaluation.latent import active_units
from cvae_lightning.evaluation.probe import Probe
from cvae_lightning.world import DEFAULT, Detection, Meaning, World, verdict

COMMON_ATOMS = ("count", "colour", "shape", "size")
"""Atoms that every caption has: all but the relation, and ``all``, which sums them up."""
ACUITY = 64
"""Pixels: larger images are averaged down to this side or more before their sharpness is measured."""


class Alarm(Metric, ABC):
    """Numbers about probes, summed over scenes and processes, and a message where they are bad.

    ``compute`` gives scalars by name, which are logged; a name is missing where there is nothing to measure.
    """

    is_differentiable = False
    full_state_update = False

    def add_sums(self, **shapes: tuple[int, ...]) -> None:
        """Start float64 sums of these shapes, as attributes."""
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    @abstractmethod
    def message(self, values: Mapping[str, float]) -> str | None:
        """What is wrong and the guide's fix, in a sentence or two, for these values; None if nothing is wrong."""


class PosteriorCollapse(Alarm):
    """The latents do not depend on the image.

    A unit is active when the variance of its posterior mean over scenes of one caption exceeds 0.01 (Burda et al.
    2016, section 5.2, at a fixed caption). Over scenes of different captions it would vary also where the posterior
    only repeats its caption. Two scenes per caption give an unbiased estimate: half their squared difference.

    Args:
        latent_dim: Z.
        min_active_units: fewer are a collapse.
        min_rate: nats per image; less is a collapse.
    """

    scenes: Tensor
    variances: Tensor
    rates: Tensor

    def __init__(self, latent_dim: int, min_active_units: int = 3, min_rate: float = 3.0) -> None:
        super().__init__()
        self.min_active_units, self.min_rate = min_active_units, min_rate
        self.add_sums(scenes=(), variances=(latent_dim,), rates=())

    def update(self, probe: Probe) -> None:
        difference = (probe.means - probe.other_means).double()
        self.scenes += len(difference)
        self.variances += (difference.square() / 2).sum(dim=0)
        self.rates += probe.rate.double().sum()

    def compute(self) -> dict[str, Tensor]:
        """``active_units`` and ``probed_rate`` (nats per image)."""
        if self.scenes < 2:
            return {}
        units = active_units((self.variances / self.scenes).cpu().numpy())
        return {"active_units": self.rates.new_tensor(float(units)), "probed_rate": self.rates / self.scenes}

    def message(self, values: Mapping[str, float]) -> str | None:
        units, rate = values["active_units"], values["probed_rate"]
        if units >= self.min_active_units and rate >= self.min_rate:
            return None
        return (
            f"posterior collapse: {units:.0f} active units and a rate of {rate:.3g} nats, so the latents hold next to "
            "no information about the image. "
            "Decrease the KL weight (objective.beta) or anneal it (objective/schedule=linear)"
        )


class BlurryReconstructions(Alarm):
    """Edges of reconstructions are weaker than those of their images.

    Args:
        min_sharpness: gradient energy of the reconstructions over that of the images. At 64 px a Gaussian blur
            of 0.5, 1 and 2 pixels leaves 0.66, 0.31 and 0.14.
    """

    reconstructed: Tensor
    real: Tensor

    def __init__(self, min_sharpness: float = 0.3) -> None:
        super().__init__()
        self.min_sharpness = min_sharpness
        self.add_sums(reconstructed=(), real=())

    def update(self, probe: Probe) -> None:
        self.reconstructed += gradient_energy(probe.reconstructions).sum()
        self.real += gradient_energy(probe.images).sum()

    def compute(self) -> dict[str, Tensor]:
        """``sharpness``: 1 where the reconstructions are as sharp as the images."""
        return {"sharpness": self.reconstructed / self.real} if self.real > 0 else {}

    def message(self, values: Mapping[str, float]) -> str | None:
        if values["sharpness"] >= self.min_sharpness:
            return None
        return (
            f"blurry reconstructions: they have {values['sharpness']:.0%} of their images' gradient energy. "
            "Decrease the KL weight (objective.beta), or try L1 in place of the squared error (likelihood=laplace)"
        )


class IgnoredCaptions(Alarm):
    """Samples do not depend on their captions.

    Two signs. With the same noise, samples of different captions are alike: their distance is small beside
    that of the captions' real images. And what is judged right by the true caption is judged as right by
    another scene's: the gain in right atoms (count, colour, shape, size) is within two standard errors of none. Where
    there is no world to judge by, the first sign alone counts.

    Args:
        min_effect: mean absolute difference of a pair's samples over that of its images.
    """

    sampled: Tensor
    real: Tensor
    scenes: Tensor
    gains: Tensor
    squares: Tensor

    def __init__(self, min_effect: float = 0.1) -> None:
        super().__init__()
        self.min_effect = min_effect
        self.add_sums(sampled=(), real=(), scenes=(), gains=(), squares=())

    def update(self, probe: Probe) -> None:
        paired = len(probe.images) // 2 * 2
        self.sampled += (probe.samples[:paired:2] - probe.samples[1:paired:2]).abs().double().sum()
        self.real += (probe.images[:paired:2] - probe.images[1:paired:2]).abs().double().sum()
        for index in range(paired if probe.meanings else 0):
            own, other = (right_atoms(probe.things[index], probe.meanings[k], probe.world) for k in (index, index ^ 1))
            self.scenes += 1
            self.gains += own - other
            self.squares += (own - other) ** 2

    def compute(self) -> dict[str, Tensor]:
        """``caption_effect``, ``caption_gain`` (share of atoms) and the latter's standard error."""
        if self.scenes == 0:
            return {"caption_effect": self.sampled / self.real} if self.real > 0 else {}
        gain = self.gains / self.scenes
        error = ((self.squares / self.scenes - gain.square()).clamp(min=0) / self.scenes).sqrt()
        return {"caption_effect": self.sampled / self.real, "caption_gain": gain, "caption_gain_error": error}

    def message(self, values: Mapping[str, float]) -> str | None:
        names = ("caption_effect", "caption_gain", "caption_gain_error")
        effect, gain, error = (values.get(name, 0.0) for name in names)
        fix = "Make the training data more diverse (data.size) or adjust the caption embedding (model.caption_dim)"
        if effect < self.min_effect:
            return (
                "ignored captions: samples of different captions with the same noise differ by "
                f"{effect:.0%} of what their real images do. {fix}"
            )
        # Where nothing is ever right, gain and error are 0, and there is nothing to compare.
        if gain < 2 * error:
            return (
                "ignored captions: samples agree with other scenes' captions as well as with their own "
                f"({gain:+.1%} of atoms, standard error {error:.1%}). {fix}"
            )
        return None


def gradient_energy(images: Tensor) -> Tensor:
    """Mean squared differences of neighbouring pixels of images (B, 3, S, S), at the world's acuity; (B,)."""
    images = avg_pool2d(images.double(), max(1, images.shape[-1] // ACUITY))
    return sum(images.diff(dim=dim).square().flatten(1).mean(dim=1) for dim in (2, 3))  # type: ignore[return-value]


def right_atoms(things: Sequence[Detection], meaning: Meaning, world: World = DEFAULT) -> float:
    """Share of right atoms among the four that every caption has: count, colour, shape and size."""
    atoms = verdict(things, meaning, world=world).atoms()
    return sum(bool(atoms[name]) for name in COMMON_ATOMS) / len(COMMON_ATOMS)
