"""The model and its parts: torch only, one module a file."""

from cvae_lightning.models.blueprint import blueprint, build, part
from cvae_lightning.models.cvae import ConditionalVAE, Reconstruction
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.likelihood import GaussianLikelihood, LaplaceLikelihood, Likelihood
from cvae_lightning.models.prior import Prior, StandardPrior
from cvae_lightning.models.text_encoder import Caption, LSTMTextEncoder, TextEncoder
from cvae_lightning.models.vae_decoder import ConvDecoder, Decoder
from cvae_lightning.models.vae_encoder import ConvEncoder, Encoder

__all__ = [
    "Caption",
    "ConditionalVAE",
    "ConvDecoder",
    "ConvEncoder",
    "Decoder",
    "Encoder",
    "Gaussian",
    "GaussianLikelihood",
    "LSTMTextEncoder",
    "LaplaceLikelihood",
    "Likelihood",
    "Prior",
    "Reconstruction",
    "StandardPrior",
    "TextEncoder",
    "blueprint",
    "build",
    "part",
]
