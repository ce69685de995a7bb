"""A trained flow samples as it is told to, and as trained where it is told nothing."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from support import ROOT

from cvae_lightning import CaptionTokenizer, load
from cvae_lightning.errors import UserError
from cvae_lightning.inference.file_format import Saved, to_file
from cvae_lightning.inference.sampler_overrides import SAMPLING, resampled
from cvae_lightning.models import ConditionalVAE, FlowPrior, blueprint
from cvae_lightning.world import VOCABULARY

TOKENIZER = CaptionTokenizer().fit(VOCABULARY)
WANTED = {"steps": 1, "corrections": 2}


def model(**sampling: object) -> ConditionalVAE:
    """A model of 32 px, the same weights each time."""
    torch.manual_seed(0)
    prior = FlowPrior(8, 16, 4, width=16, layers=1, **({"steps": 4, "caption_dropout": 0.1} | sampling))
    torch.nn.init.normal_(prior.out.weight)
    sizes = {"image_size": 32, "latent_dim": 8, "caption_dim": 16, "base_channels": 8, "stages": 3}
    return ConditionalVAE(len(TOKENIZER), **sizes, prior=prior)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    words = TOKENIZER.state_dict()
    file = tmp_path / "model.safetensors"
    file.write_bytes(to_file(Saved(blueprint(model()), words, model().state_dict()), "float32"))
    return file


def test_it_paints_what_a_model_built_so_paints(saved: Path) -> None:
    tokens, noise = TOKENIZER.encode_batch(["a red circle"]), torch.randn(1, 8)
    told, plain = load(saved, sampling=WANTED).model, load(saved, sampling=dict.fromkeys(SAMPLING)).model
    with torch.inference_mode():
        assert torch.equal(told.sample(tokens, noise), model(**WANTED).eval().sample(tokens, noise))
        assert torch.equal(plain.sample(tokens, noise), model().eval().sample(tokens, noise))
        assert not torch.equal(told.sample(tokens, noise), plain.sample(tokens, noise))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"step": 3}, "sampling.step: expected one of .*nearest is 'steps'"),
        ({"draws": 3}, "sampling.draws: expected one of steps, solver"),
        ({"steps": 0}, "steps 0, .*expected at least 1"),
        ({"steps": 2.5}, "sampling.steps=2.5: expected a whole number, such as 4"),
        ({"corrections": True}, "sampling.corrections=True: expected a whole number"),
        ({"solver": "rk4"}, "prior.solver is 'rk4': expected one of euler"),
        ({"guidance_scale": "much"}, "sampling.guidance_scale=much: expected a number, such as 1.0"),
        ({"guidance_scale": -1}, "guidance_scale -1"),
    ],
)
def test_a_mistake_is_named(saved: Path, wanted: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(saved, sampling=wanted)


def test_a_prior_that_is_no_flow_has_nothing_to_choose() -> None:
    torch.manual_seed(0)
    plan = blueprint(ConditionalVAE(len(TOKENIZER), 32, 8, 16, 8, 3))
    assert resampled(plan, None) == plan
    with pytest.raises(UserError, match=r"sampling\.steps=3: this model's prior, .* is no flow and has no steps"):
        resampled(plan, {"steps": 3})


@pytest.mark.parametrize("command", ["generate", "evaluate", "export"])
@pytest.mark.parametrize("choice", sorted(path.stem for path in (ROOT / "conf" / "sampling").glob("*.yaml")))
def test_every_choice_is_one_that_flows_know(command: str, choice: str) -> None:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        chosen = compose(command, [f"sampling={choice}"]).sampling
    assert set(chosen) == set(SAMPLING)
    assert resampled(blueprint(model()), chosen)["part"] == "ConditionalVAE"
