"""The model and its parts: torch only, one module a file."""

from cvae_lightning.models.cvae import ConditionalVAE, Reconstruction
from cvae_lightning.models.decoders.compositing import CompositingDecoder
from cvae_lightning.models.decoders.conv import ConvDecoder, Decoder
from cvae_lightning.models.decoders.residual import ResidualDecoder
from cvae_lightning.models.encoders.conv import ConvEncoder, Encoder, Encoding
from cvae_lightning.models.encoders.residual import ResidualEncoder
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.likelihood import GaussianLikelihood, LaplaceLikelihood, Likelihood
from cvae_lightning.models.priors.flow import FlowPrior
from cvae_lightning.models.priors.gaussian import ConditionalPrior, Prior, StandardPrior
from cvae_lightning.models.serialization import blueprint, build, part
from cvae_lightning.models.text.attributes import AttributesTextEncoder
from cvae_lightning.models.text.bottleneck import BottleneckTextEncoder
from cvae_lightning.models.text.lstm import Caption, LSTMTextEncoder, TextEncoder
from cvae_lightning.models.text.transformer import TransformerTextEncoder

__all__ = [
    "AttributesTextEncoder",
    "BottleneckTextEncoder",
    "Caption",
    "CompositingDecoder",
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
    "Likelihood",
    "Prior",
    "Reconstruction",
    "ResidualDecoder",
    "ResidualEncoder",
    "StandardPrior",
    "TextEncoder",
    "TransformerTextEncoder",
    "blueprint",
    "build",
    "part",
]
