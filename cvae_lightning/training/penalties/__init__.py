"""Terms that may be added to the objective."""

from cvae_lightning.training.penalties.adversarial import AdversarialPenalty
from cvae_lightning.training.penalties.penalty import Penalties, Penalty, Term, View
from cvae_lightning.training.penalties.perceptual import PerceptualPenalty

__all__ = ["AdversarialPenalty", "Penalties", "Penalty", "PerceptualPenalty", "Term", "View"]
