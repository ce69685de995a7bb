"""The model and its parts: torch only, one module a file."""

from cvae_lightning.models.blueprint import blueprint, build, part
from cvae_lightning.models.cvae import ConditionalVAE, Reconstruction
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.likelihood import GaussianLikelihood, LaplaceLikelihood
from cvae_lightning.models.prior import StandardPrior
from cvae_lightning.models.text_encoder import Caption, LSTMTextEncoder
from cvae_lightning.models.vae_decoder import ConvDecoder
from cvae_lightning.models.vae_encoder import ConvEncoder

__all__ = [
    "Caption",
    "ConditionalVAE",
    "ConvDecoder",
    "ConvEncoder",
    "Gaussian",
    "GaussianLikelihood",
    "LSTMTextEncoder",
    "LaplaceLikelihood",
    "Reconstruction",
    "StandardPrior",
    "blueprint",
    "build",
    "part",
]
