"""A trained flow samples by changed settings, and as trained where none is changed."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from support import ROOT

from cvae_lightning import CaptionTokenizer, load
from cvae_lightning.errors import UserError
from cvae_lightning.inference.file_format import Saved, to_file
from cvae_lightning.inference.sampler import change_sampler
from cvae_lightning.models import ConditionalVAE, FlowPrior, LatentLayout, LearnedQueries, SamplerConfig, blueprint
from cvae_lightning.world import DEFAULT, to_plain, word_tables

TOKENIZER = CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary)
WANTED = {"steps": 1, "restarts": 2}
SETTINGS = ("steps", "solver", "guidance_scale", "restarts", "restart_time")


def model(**sampler: object) -> ConditionalVAE:
    """A model of 32 px, the same weights each time."""
    torch.manual_seed(0)
    prior = FlowPrior(
        LatentLayout(8, 4),
        LearnedQueries(4, 16, 16),
        caption_dim=16,
        layers=1,
        caption_dropout=0.1,
        sampler=SamplerConfig(**({"steps": 4} | sampler)),
    )
    torch.nn.init.normal_(prior.out.weight)
    sizes = {"image_size": 32, "latent_dim": 8, "caption_dim": 16, "base_channels": 8, "stages": 3}
    return ConditionalVAE(len(TOKENIZER), **sizes, prior=prior)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "model.safetensors"
    file.write_bytes(
        to_file(Saved(blueprint(model()), TOKENIZER.state_dict(), model().state_dict(), to_plain(DEFAULT)), "float32")
    )
    return file


def test_it_paints_what_a_model_with_these_settings_paints(saved: Path) -> None:
    tokens, noise = TOKENIZER.encode_batch(["a red circle"]), torch.randn(1, 8)
    changed, plain = load(saved, sampler=WANTED).model, load(saved, sampler=dict.fromkeys(SETTINGS)).model
    with torch.inference_mode():
        assert torch.equal(changed.sample(tokens, noise), model(**WANTED).eval().sample(tokens, noise))
        assert torch.equal(plain.sample(tokens, noise), model().eval().sample(tokens, noise))
        assert not torch.equal(changed.sample(tokens, noise), plain.sample(tokens, noise))


def test_changed_settings_are_saved_with_the_model(saved: Path) -> None:
    plan = blueprint(load(saved, sampler=WANTED).model)
    assert {name: plan["prior"]["sampler"][name] for name in WANTED} == WANTED
    assert plan == blueprint(model(**WANTED))


def test_a_mistake_is_named(saved: Path) -> None:
    for wanted, message in [
        ({"step": 3}, "sampler.step: expected one of .*nearest is 'steps'"),
        ({"draws": 3}, "sampler.draws: expected one of steps, solver"),
        ({"steps": 0}, "sampler.steps is 0: expected at least 1"),
        ({"steps": 2.5}, "sampler.steps=2.5: expected a whole number, such as 4"),
        ({"restarts": True}, "sampler.restarts=True: expected a whole number"),
        ({"restart_time": 1.0}, "sampler.restart_time is 1.0: expected a time between 0 and 1"),
        ({"solver": "rk4"}, "sampler.solver is 'rk4': expected one of euler"),
        ({"guidance_scale": "much"}, "sampler.guidance_scale=much: expected a number, such as 1.0"),
        ({"guidance_scale": -1}, "sampler.guidance_scale is -1"),
    ]:
        with pytest.raises(UserError, match=message):
            load(saved, sampler=wanted)


def test_a_prior_without_a_sampler_has_no_settings() -> None:
    plain = ConditionalVAE(len(TOKENIZER), 32, 8, 16, 8, 3)
    change_sampler(plain, None)
    with pytest.raises(UserError, match=r"sampler\.steps=3: this model's prior, StandardPrior, is not a flow"):
        change_sampler(plain, {"steps": 3})


def test_every_choice_is_of_settings_that_flows_have() -> None:
    for command in ["generate", "evaluate", "export"]:
        for choice in sorted(path.stem for path in (ROOT / "conf" / "sampler").glob("*.yaml")):
            with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
                chosen = compose(command, [f"sampler={choice}"]).sampler
            assert set(chosen) == set(SETTINGS)
            change_sampler(model(), chosen)
