"""Every registered part obeys the laws of cvae_lightning.testing, and so does a part from outside."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import pytest
import torch
from support.encodings import QUERIES, slot_arguments
from torch import Tensor, nn

from cvae_lightning.models import (
    AttributesTextEncoder,
    AutoregressivePrior,
    BottleneckTextEncoder,
    CaptionEncoding,
    CompositingDecoder,
    ConditionalPrior,
    ConditionalVAE,
    ConvDecoder,
    ConvEncoder,
    Decoder,
    FlowPrior,
    GaussianLikelihood,
    GridDecoder,
    GridEncoder,
    LaplaceLikelihood,
    LatentLayout,
    LSTMTextEncoder,
    ModelPart,
    ObjectEncoder,
    ResidualDecoder,
    ResidualEncoder,
    SamplerConfig,
    SharedQuery,
    SlotAssignment,
    SlotDecoder,
    SlotEncoder,
    StandardPrior,
    TemplateDecoder,
    TransformerTextEncoder,
    blueprint,
    build,
    part,
)
from cvae_lightning.models.serialization import PARTS
from cvae_lightning.testing import check_part

VOCABULARY = 16
LEXICON = [[0, 0], [0, 0], *([role, value] for role in range(1, 6) for value in (1, 2)), *[[1, 3], [1, 5]] * 2]
CONV = {"image_size": 16, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 2}
RESIDUAL = {"image_size": 16, "latent_dim": 6, "caption_dim": 8, "widths": (8, 16), "blocks": (1, 1)}
GRID: dict[str, Any] = {"layout": LatentLayout(8, 4), "image_size": 16, "widths": (8, 16), "blocks": (1, 1)}
SLOT_BODY = {"image_size": 16, "widths": (8,), "blocks": (1,)}


def slots(kind: str, width: int = 8) -> dict[str, Any]:
    return slot_arguments(30, 10, 8, kind, width)


def flow(kind: str, **changed: Any) -> FlowPrior:
    layout, queries = LatentLayout(2, 2), QUERIES[kind](2, 8, 8)
    sampler = SamplerConfig(steps=2, restarts=2)
    return FlowPrior(layout, queries, caption_dim=8, layers=1, draws=8, sampler=sampler, **changed)


OBJECTS = LatentLayout(18, 3, 4.0, radius_scale=3.0, presence_scale=2.0)


TABLE: dict[str, list[Callable[[], ModelPart]]] = {
    "LSTMTextEncoder": [lambda: LSTMTextEncoder(VOCABULARY, 8, 8, layers=2)],
    "TransformerTextEncoder": [
        lambda d=d: TransformerTextEncoder(VOCABULARY, 8, layers=2, max_length=12, directional=d) for d in (False, True)
    ],
    "AttributesTextEncoder": [lambda: AttributesTextEncoder(VOCABULARY, 8, LEXICON)],
    "BottleneckTextEncoder": [
        lambda: BottleneckTextEncoder(VOCABULARY, LSTMTextEncoder(VOCABULARY, 8, 8, layers=1), LEXICON),
        lambda: BottleneckTextEncoder(VOCABULARY, TransformerTextEncoder(VOCABULARY, 8, 1, max_length=12), LEXICON),
    ],
    "ConvEncoder": [lambda: ConvEncoder(**CONV), lambda: ConvEncoder(**(CONV | {"caption_dim": 0}))],
    "ResidualEncoder": [lambda k=k: ResidualEncoder(**RESIDUAL, conditioning=k) for k in ("concat", "film")],
    "SlotEncoder": [lambda k=k: SlotEncoder(**SLOT_BODY, **slots(k)) for k in QUERIES],
    "GridEncoder": [lambda: GridEncoder(**GRID)],
    "GridDecoder": [lambda: GridDecoder(**GRID)],
    "ConvDecoder": [lambda: ConvDecoder(**CONV)],
    "ResidualDecoder": [lambda k=k: ResidualDecoder(**RESIDUAL, conditioning=k) for k in ("concat", "film")],
    "SlotDecoder": [lambda k=k: SlotDecoder(**SLOT_BODY, **slots(k)) for k in QUERIES],
    "CompositingDecoder": [lambda k=k: CompositingDecoder(**slots(k), image_size=16, hidden=8) for k in QUERIES],
    "TemplateDecoder": [
        *(lambda k=k: TemplateDecoder(**slots(k), image_size=16, hidden=8, template_size=8) for k in QUERIES),
        lambda: TemplateDecoder(OBJECTS, SharedQuery(3, 8, 8), 16, 8, hidden=8, template_size=8),
    ],
    "ObjectEncoder": [lambda: ObjectEncoder(OBJECTS, 16, sizes=[1, 1], hidden=8, window_cells=6)],
    "AutoregressivePrior": [
        lambda w=w: AutoregressivePrior(OBJECTS, [1, 1], [4, 4, 4], 8, 8, 1, 4, 4, pair_width=4, join_within=w)
        for w in (0.0, 9.0)
    ],
    "SharedQuery": [lambda: SharedQuery(5, 8, 8)],
    "StandardPrior": [lambda: StandardPrior(6)],
    "ConditionalPrior": [lambda: ConditionalPrior(6, 8, hidden=8)],
    "FlowPrior": [
        lambda: flow("learned"),
        lambda: flow("objects", message_width=4),
        lambda: flow("learned", caption_dropout=0.5),
        lambda: flow("learned", read_words=True),
        lambda: flow("objects", read_words=True, caption_dropout=0.5),
    ],
    "LearnedQueries": [lambda: QUERIES["learned"](5, 8, 8)],
    "ObjectQueries": [lambda: QUERIES["objects"](5, 8, 8)],
}
"""Small parts of every registered class that reads or gives one of the interfaces' tensors."""
OTHERS: dict[str, Any] = {
    "ConditionalVAE": lambda: ConditionalVAE(9, 16, 6, 8, 8, 2),
    "GaussianLikelihood": lambda: GaussianLikelihood(0.3),
    "LaplaceLikelihood": lambda: LaplaceLikelihood(momentum=0.5),
    "LatentLayout": lambda: LatentLayout(20, 10, 4.0),
    "SamplerConfig": lambda: SamplerConfig(steps=3, restarts=2),
    "SlotAssignment": lambda: SlotAssignment(steps=3),
}
"""Registered classes besides: the model, likelihoods and records."""
CASES = [(name, number) for name, makers in TABLE.items() for number in range(len(makers))]


def test_every_registered_part_is_in_the_table() -> None:
    # A class of a docstring's example claims the module, but is not in it.
    in_package = {name: kind for name, kind in PARTS.items() if kind.__module__.startswith("cvae_lightning.")}
    registered = {name for name, kind in in_package.items() if hasattr(import_module(kind.__module__), name)}
    assert registered == set(TABLE) | set(OTHERS), "add a small one of the new part to TABLE"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_part_obeys_the_laws(name: str, number: int) -> None:
    made = TABLE[name][number]()
    assert type(made).__name__ == name
    check_part(lambda: made, VOCABULARY)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_a_part_of_the_model_is_rebuilt_too(name: str) -> None:
    plan = blueprint(OTHERS[name]())
    assert plan["part"] == name
    assert blueprint(build(plan)) == plan


@part
class BilinearDecoder(Decoder):
    """A decoder from outside the package."""

    def __init__(self, latent_dim: int = 6, caption_dim: int = 8, flaw: str = "") -> None:
        super().__init__()
        self.latent_dim, self.caption_dim, self.image_size, self.flaw = latent_dim, caption_dim, 16, flaw
        self.paint = nn.Linear(latent_dim + caption_dim, 3 * 4 * 4)
        self.unused = nn.Linear(1, 1) if flaw == "no gradient reaches unused" else None

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        small = self.paint(torch.cat([z, caption.pooled], dim=1)).unflatten(1, (3, 4, 4)).sigmoid()
        if self.flaw == "row 0 alone: images differs":
            small = small * z.mean().sigmoid()
        if self.flaw == "called again: images differs":
            small = small * torch.rand(())
        images = nn.functional.interpolate(small, size=15 if "shapes" in self.flaw else 16, mode="bilinear")
        return 2 * images if "not in" in self.flaw else images


def test_a_part_from_outside_obeys_them_too() -> None:
    check_part(BilinearDecoder)


def test_a_flaw_is_found() -> None:
    for flaw in [
        "no gradient reaches unused",
        "row 0 alone: images differs",
        "called again: images differs",
        "images are not in",
        "outputs have shapes",
    ]:
        with pytest.raises(AssertionError, match=f"BilinearDecoder.*{flaw}"):
            check_part(partial(BilinearDecoder, flaw=flaw))
