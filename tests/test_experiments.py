"""Every experiment is a short diff with a purpose, composes, and trains a step."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from support import ROOT

from cvae_lightning.evaluation.settings import training_scenes
from cvae_lightning.training.factory import check

EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
RESULTS = sorted(path for path in (ROOT / "experiments").iterdir() if path.is_dir())


@cache
def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("train", list(overrides))


def needed(*overrides: str, weights: Path) -> list[str]:
    """Where to find the weights of photographs, if the config looks through them."""
    return [f"penalties.perceptual.weights={weights}"] if "perceptual" in composed(*overrides).penalties else []


@pytest.mark.slow
def test_an_experiment_is_a_short_config_under_its_own_name() -> None:
    for name in EXPERIMENTS:
        lines = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text().splitlines()
        assert lines[0] == "# @package _global_", name
        assert re.match(r"# .*\?", lines[1]), f"{name}.yaml: its first comment is the question that it answers"
        assert len(lines) < 40, name
        assert composed(f"experiment={name}").name == name


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_trains_a_step(command, tmp_path: Path, vgg_weights: Path, own_pictures: Path, name: str) -> None:
    config = composed(f"experiment={name}")
    small = ["scenes.size=20", "scenes.val_fraction=0.1", "data.batch_size=2", "data.num_workers=0"]
    small += [f"callbacks.{name}.count=2" for name in ("judge_samples", "log_images") if name in config.callbacks]
    if config.data.get("path"):
        small.append(f"data.path={own_pictures}")
    eyes = needed(f"experiment={name}", weights=vgg_weights)
    done = command("train", f"+experiment={name}", "+debug=fast_dev_run", *small, *eyes, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


ABLATIONS = sorted(path.stem for path in (ROOT / "conf" / "ablation").glob("*.yaml"))


@pytest.mark.slow
def test_an_ablation_changes_a_recipe_that_can_be_built(vgg_weights: Path) -> None:
    usual = composed("experiment=quickstart")
    for name in ABLATIONS:
        row = ["experiment=quickstart", f"ablation={name}"]
        changed = composed(*row, *needed(*row, weights=vgg_weights))
        check(changed)
        assert (changed == usual) is (name == "none"), name
        assert changed.trainer == usual.trainer, name


GENERALISATION = sorted(path.stem for path in (ROOT / "conf" / "generalisation").glob("*.yaml"))


@pytest.mark.slow
def test_a_question_of_generalisation_has_the_recipe_s_updates() -> None:
    usual = composed("experiment=quickstart")
    for name in GENERALISATION:
        changed = composed("experiment=quickstart", f"generalisation={name}")
        check(changed)
        batches = min(usual.trainer.limit_train_batches, -(-_train_size(changed) // changed.data.batch_size))
        updates = min(batches * changed.trainer.max_epochs, changed.trainer.get("max_steps", 10**6))
        assert updates == 4680, name
        assert changed.objective.schedule.length * batches == pytest.approx(2 * 1560, rel=0.01), name
        if name.startswith("pictures_"):
            assert int(name.removeprefix("pictures_")) == _train_size(changed)


def _train_size(config: DictConfig) -> int:
    return int(training_scenes(config.data.size, config.data.val_fraction))


ELSEWHERE = ("experiment", "ablation", "generalisation", "distillation", "debug", "trainer", "sampler")
CHOICES = [
    f"{path.parent.relative_to(ROOT / 'conf')}={path.stem}"
    for path in sorted((ROOT / "conf").rglob("*.yaml"))
    if path.parent != ROOT / "conf" and path.parent.name not in ELSEWHERE
]


@pytest.mark.slow
def test_every_choice_composes_and_resolves() -> None:
    for choice in CHOICES:
        sweeper = ["hydra/sweeper=optuna"] if choice.startswith("hydra/sweeper/") else []
        reading = ["text_encoder=bottleneck"] if choice.startswith("text_encoder/reader") else []
        where = ["data.path=pictures"] if choice == "data=folder" else []
        OmegaConf.to_container(composed(*sweeper, *reading, choice, *where), resolve=True)


@pytest.mark.parametrize("name", ["quickstart", "flagship", "flagship_256", "flagship_text", "plain_grid"])
def test_any_recipe_with_a_flow_can_be_distilled(name: str) -> None:
    config = composed(f"experiment={name}", "distillation=few_steps", "initial_weights=outputs/run")
    sampler = config.prior.sampler
    assert (sampler.steps, sampler.solver, sampler.restarts, sampler.guidance_scale) == (1, "euler", 3, 1.0)
    check(config)


def test_the_guides_recipe_is_literal() -> None:
    config = composed("experiment=guide")
    assert (config.data.size, config.data.batch_size, config.trainer.max_epochs) == (10_000, 32, 50)
    assert (config.optimizer.lr, config.model.latent_dim, config.model.caption_dim) == (1e-4, 128, 256)
    assert (config.objective.pixel, config.objective.beta, config.objective.schedule.length) == ("mse", 0.001, 10)
    assert composed("experiment=guide_small").data.size == 1_000


def test_a_published_result_has_its_config_numbers_and_pictures() -> None:
    for folder in RESULTS:
        names = {path.name for path in folder.iterdir()}
        assert {"README.md", "metrics.json"} <= names, folder
        assert any(name.endswith(".png") for name in names), folder
        if "config.yaml" in names:
            saved = yaml.safe_load((folder / "config.yaml").read_text())
            assert saved["name"] == folder.name
