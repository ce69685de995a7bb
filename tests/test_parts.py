"""Every encoder and decoder goes with every text encoder and prior, from the config to a step of training."""

import math
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from support import ROOT, TINY

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.world import DEFAULT, word_tables

pytestmark = pytest.mark.slow

SIZES = ["model.image_size=32", "model.latent_dim=20", "model.caption_dim=16", "model.num_slots=10"]
TEXTS, PRIORS = ("lstm", "transformer", "attributes", "bottleneck"), ("standard", "conditional", "flow", "flow_slots")
BODIES = {
    "concat": ["encoder=residual", "decoder=residual", "encoder.widths=[16]"],
    "film": [
        "encoder=residual",
        "decoder=residual",
        "encoder.widths=[16]",
        "encoder.conditioning=film",
        "decoder.conditioning=film",
    ],
    "learned": ["encoder=slots", "decoder=slots", "encoder.widths=[16]", "slot_queries=learned"],
    "objects": ["encoder=slots", "decoder=compositing", "encoder.widths=[16]", "slot_queries=objects"],
}
TOKENIZER = CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary)
CAPTIONS = ["a large blue square above 3 small red circles", "2 tiny green stars"]


@pytest.fixture(scope="module")
def base() -> dict[tuple[str, str], DictConfig]:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return {
            (text, body): compose("train", [*BODIES[body], *SIZES, f"text_encoder={text}"])
            for text in TEXTS
            for body in BODIES
        }


def mixed(base: dict[tuple[str, str], DictConfig], text: str, prior: str, body: str) -> DictConfig:
    config = base[text, body].copy()
    config.prior = OmegaConf.load(ROOT / "conf" / "prior" / f"{prior}.yaml")
    return config


@pytest.mark.slow
@pytest.mark.parametrize(("text", "body"), list(product(TEXTS, BODIES)))
def test_parts_go_together_and_learn_from_a_step(base, text: str, body: str) -> None:
    for prior in PRIORS:
        check_a_step(base, text, prior, body)


def check_a_step(base, text: str, prior: str, body: str) -> None:
    config = mixed(base, text, prior, body)
    if text in ("lstm", "transformer") and body == "objects":
        with torch.device("meta"), pytest.raises(Exception, match=r"slot for each of 10 objects.*gives words"):
            build_module(config, TOKENIZER.vocabulary)
        return
    with torch.device("meta"):
        sizes = [p.shape for p in build_module(config, TOKENIZER.vocabulary).model.parameters()]
    torch.manual_seed(0)
    module = build_module(config, TOKENIZER.vocabulary)
    model, tokens = module.model, TOKENIZER.encode_batch(CAPTIONS)
    assert [p.shape for p in model.parameters()] == sizes
    images = torch.rand(2, 3, 32, 32)
    optimizer = module.optimizer(model.parameters())
    losses = []
    for _ in range(2):
        torch.manual_seed(1)
        terms = module.objective(model(images, tokens), images, 99)
        losses.append(float(terms.loss.detach()))
        optimizer.zero_grad()
        terms.loss.backward()
        optimizer.step()
    assert losses[1] < losses[0]
    assert (float(terms.prior_loss.detach()) > 0) is prior.startswith("flow")
    for part in (model.text_encoder, model.encoder, model.decoder, *([model.prior] if prior != "standard" else [])):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())


@pytest.mark.parametrize(("text", "body"), [("attributes", "objects"), ("transformer", "learned")])
def test_mixed_precision_keeps_nats_in_float32(base, text: str, body: str) -> None:
    config = mixed(base, text, "flow_slots", body)
    config.prior.caption_dropout = 0.5
    model, tokens = build_module(config, TOKENIZER.vocabulary).model, TOKENIZER.encode_batch(CAPTIONS)
    with torch.autocast("cpu", torch.bfloat16):
        output = model(torch.rand(2, 3, 32, 32), tokens)
        assert model.sample(tokens).dtype == torch.float32
    nats = (output.distortion, output.rate, output.prior_loss, output.auxiliary_loss)
    for tensor in (output.images, *nats, *output.posterior):
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()


@pytest.mark.slow
def test_a_small_flagship_is_trained_saved_and_loaded(command, tmp_path: Path) -> None:
    """What the checkpoint holds rebuilds every new part: the pictures of a run are drawn with what was loaded."""
    small = [one for one in TINY if not one.startswith(("text_encoder.", "model.latent_dim"))]
    sizes = ["model.latent_dim=20", "encoder.widths=[16]", "model.slot_width=16", "prior.layers=1"]
    sizes += ["prior.sampler.steps=2"]
    once = ["data.size=40", "trainer.max_epochs=1", "trainer.limit_train_batches=2", "data.val_fraction=0.2"]
    done = command("train", "+experiment=flagship", *small, *sizes, *once, "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "generated_samples.png").is_file()
    header, *rows = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    losses = [row.split(",")[header.split(",").index("val/prior_loss")] for row in rows]
    assert math.isfinite(float(next(filter(None, losses))))
