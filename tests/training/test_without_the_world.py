"""The plain recipes know nothing of the world: not by what their models hold, and not by how words are spelt."""

import gc
from types import FunctionType, ModuleType

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from support import ROOT

from cvae_lightning.models import blueprint
from cvae_lightning.training.module_factory import build_module

WORDS = ["<pad>", "<unk>", "a", "red", "blue", "circle", "square", "above"]
SMALL = ["model.image_size=32", "model.caption_dim=16", "model.slot_width=16", "prior.layers=1"]
OBJECTS = ["model.num_slots=3", "decoder.hidden=16", "decoder.template_size=8", "encoder.hidden=16"]
GRID = ["model.num_slots=16", *(f"{part}.widths=[8,16]" for part in ("encoder", "decoder"))]
PLAIN = {"plain_slots": OBJECTS, "plain_grid": GRID}


@pytest.fixture(scope="module", params=PLAIN)
def config(request: pytest.FixtureRequest) -> DictConfig:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("train", [f"experiment={request.param}", *SMALL, *PLAIN[request.param]])


def reachable(root: object) -> list[object]:
    """Everything that an object refers to, however indirectly, except code and classes."""
    known: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in known or isinstance(one, ModuleType | FunctionType | type):
            continue
        known[id(one)] = one
        waiting += gc.get_referents(one)
    return list(known.values())


def test_no_value_of_the_world_can_be_reached_from_the_model(config: DictConfig) -> None:
    model = build_module(config, WORDS).model
    found = reachable(model)
    assert any(isinstance(one, torch.nn.Embedding) for one in found)
    assert not {type(one).__name__ for one in found if type(one).__module__.startswith("cvae_lightning.world")}
    assert not {word for word in WORDS if word in {one for one in found if isinstance(one, str)} - {"a"}}
    assert "lexicon" not in OmegaConf.to_yaml(OmegaConf.create(blueprint(model)))


def test_the_spelling_of_words_changes_nothing(config: DictConfig) -> None:
    states = []
    for words in (WORDS, [*WORDS[:2], *reversed(WORDS[2:])]):
        torch.manual_seed(0)
        module = build_module(config, words)
        images, tokens = torch.rand(2, 3, 32, 32), torch.tensor([[2, 3, 5], [2, 4, 6]])
        module.objective(module.model(images, tokens), images, 1).loss.backward()
        states.append([weight.grad for weight in module.model.parameters()])
    for one, other in zip(*states, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)


def test_after_the_autoencoders_epochs_it_is_fixed_and_the_prior_learns(config: DictConfig) -> None:
    torch.manual_seed(0)
    model = build_module(config, WORDS).model
    model.prior_loss(torch.rand(2, 3, 32, 32), torch.tensor([[2, 3, 5], [2, 4, 6]])).sum().backward()
    learning = {name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None}
    assert learning == {"text_encoder", "prior"}
