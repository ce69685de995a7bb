"""The model and its parts (torch only): text encoder, encoder, decoder, prior, likelihood."""

from cvae_lightning.models.cvae import ConditionalVAE, Reconstruction
from cvae_lightning.models.decoders.compositing import CompositingDecoder
from cvae_lightning.models.decoders.conv import ConvDecoder
from cvae_lightning.models.decoders.grid import GridDecoder
from cvae_lightning.models.decoders.residual import ResidualDecoder
from cvae_lightning.models.decoders.slots import SlotDecoder
from cvae_lightning.models.decoders.templates import TemplateDecoder
from cvae_lightning.models.encoders.conv import ConvEncoder
from cvae_lightning.models.encoders.grid import GridEncoder
from cvae_lightning.models.encoders.objects import ObjectEncoder
from cvae_lightning.models.encoders.residual import ResidualEncoder
from cvae_lightning.models.encoders.slot_assignment import SlotAssignment
from cvae_lightning.models.encoders.slots import SlotEncoder
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import (
    CaptionEncoding,
    Decoder,
    Encoder,
    EncoderOutput,
    Masked,
    ModelPart,
    Prior,
    TextEncoder,
)
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.likelihood import GaussianLikelihood, LaplaceLikelihood, Likelihood
from cvae_lightning.models.nn.side_thread import SideThread
from cvae_lightning.models.nn.slot_queries import LearnedQueries, ObjectQueries, SharedQuery, SlotQueries
from cvae_lightning.models.priors.autoregressive import AutoregressivePrior
from cvae_lightning.models.priors.flow import FlowPrior
from cvae_lightning.models.priors.gaussian import ConditionalPrior, StandardPrior
from cvae_lightning.models.priors.sampler import SamplerConfig
from cvae_lightning.models.serialization import blueprint, build, part
from cvae_lightning.models.text.attributes import AttributesTextEncoder
from cvae_lightning.models.text.bottleneck import BottleneckTextEncoder
from cvae_lightning.models.text.lstm import LSTMTextEncoder
from cvae_lightning.models.text.transformer import TransformerTextEncoder

__all__ = [
    "AttributesTextEncoder",
    "AutoregressivePrior",
    "BottleneckTextEncoder",
    "CaptionEncoding",
    "CompositingDecoder",
    "ConditionalPrior",
    "ConditionalVAE",
    "ConvDecoder",
    "ConvEncoder",
    "Decoder",
    "Encoder",
    "EncoderOutput",
    "FlowPrior",
    "Gaussian",
    "GaussianLikelihood",
    "GridDecoder",
    "GridEncoder",
    "LSTMTextEncoder",
    "LaplaceLikelihood",
    "LatentLayout",
    "LearnedQueries",
    "Likelihood",
    "Masked",
    "ModelPart",
    "ObjectEncoder",
    "ObjectQueries",
    "Prior",
    "Reconstruction",
    "ResidualDecoder",
    "ResidualEncoder",
    "SamplerConfig",
    "SharedQuery",
    "SideThread",
    "SlotAssignment",
    "SlotDecoder",
    "SlotEncoder",
    "SlotQueries",
    "StandardPrior",
    "TemplateDecoder",
    "TextEncoder",
    "TransformerTextEncoder",
    "blueprint",
    "build",
    "part",
]
