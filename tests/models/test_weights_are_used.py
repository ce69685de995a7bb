"""No weight is built that training cannot reach: one step of the quickstart's model on scenes of the world."""

import torch
from hydra import compose, initialize_config_dir
from support import ROOT

from cvae_lightning import CaptionTokenizer, ShapeSceneDataset
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.world import DEFAULT, word_tables

SMALL = ["model.image_size=32", "model.latent_dim=20", "model.caption_dim=16", "model.slot_width=16"]
SMALL += ["encoder.widths=[16]", "decoder.hidden=16", "prior.message_width=8"]


def test_a_step_of_the_quickstart_gives_every_weight_a_gradient() -> None:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train", ["experiment=quickstart", *SMALL])
    tokenizer, scenes = (
        CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary),
        ShapeSceneDataset(size=16, canvas_size=32),
    )
    batch = [scenes[index] for index in range(16)]
    images = torch.stack([scene.image for scene in batch]).float() / 255
    torch.manual_seed(0)
    module = build_module(config, tokenizer.vocabulary)
    output = module.model(images, tokenizer.encode_batch([scene.caption for scene in batch]))
    module.objective(output, images, 1).loss.backward()
    without = {name for name, weight in module.model.named_parameters() if weight.grad is None}
    assert not without
