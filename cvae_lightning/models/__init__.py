"""The model and its parts: torch only, one module a file."""

from cvae_lightning.models.blueprint import blueprint, build, part
from cvae_lightning.models.cvae import ConditionalVAE, Reconstruction
from cvae_lightning.models.flow_prior import FlowPrior
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.layers import LayeredDecoder
from cvae_lightning.models.likelihood import GaussianLikelihood, LaplaceLikelihood, Likelihood
from cvae_lightning.models.prior import ConditionalPrior, Prior, StandardPrior
from cvae_lightning.models.residual_decoder import ResidualDecoder
from cvae_lightning.models.residual_encoder import ResidualEncoder
from cvae_lightning.models.text_attributes import AttributesTextEncoder
from cvae_lightning.models.text_encoder import Caption, LSTMTextEncoder, TextEncoder
from cvae_lightning.models.text_things import ThingsTextEncoder
from cvae_lightning.models.text_transformer import TransformerTextEncoder
from cvae_lightning.models.vae_decoder import ConvDecoder, Decoder
from cvae_lightning.models.vae_encoder import ConvEncoder, Encoder, Encoding

__all__ = [
    "AttributesTextEncoder",
    "Caption",
    "ConditionalPrior",
    "ConditionalVAE",
    "ConvDecoder",
    "ConvEncoder",
    "Decoder",
    "Encoder",
    "Encoding",
    "FlowPrior",
    "Gaussian",
    "GaussianLikelihood",
    "LSTMTextEncoder",
    "LaplaceLikelihood",
    "LayeredDecoder",
    "Likelihood",
    "Prior",
    "Reconstruction",
    "ResidualDecoder",
    "ResidualEncoder",
    "StandardPrior",
    "TextEncoder",
    "ThingsTextEncoder",
    "TransformerTextEncoder",
    "blueprint",
    "build",
    "part",
]
