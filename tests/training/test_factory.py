"""What is built from a config, and how a run is described to its loggers."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig
from pytorch_lightning.loggers import CSVLogger
from support import TINY

from cvae_lightning.cli.configs import CONF
from cvae_lightning.training.context import RunContext
from cvae_lightning.training.factory import FINAL_METRICS, _settings, build_trainer, check
from cvae_lightning.training.loggers.csv import RunCSV
from cvae_lightning.training.loggers.run_logger import RunLogger
from cvae_lightning.training.metric_names import describe_metric


def composed(*arguments: str) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [*TINY, *arguments])


def test_a_setting_is_described_once() -> None:
    settings = _settings(composed("objective.beta=3", "penalties=adversarial"))
    assert settings["objective.beta"] == 3
    assert settings["model.latent_dim"] == 8
    assert settings["max_epochs"] == 2
    assert "LSTM" in settings["text_encoder"]
    references = {"encoder.latent_dim", "decoder.latent_dim", "penalties.adversarial.discriminator.image_size"}
    assert not references & set(settings)


def test_final_metrics_are_in_the_contract() -> None:
    assert all(describe_metric(name) for name in FINAL_METRICS)


def test_any_lightning_logger_may_stand_beside_ours(tmp_path: Path) -> None:
    config = composed("+logger.other._target_=pytorch_lightning.loggers.CSVLogger")
    trainer = build_trainer(config, check(config).hardware, RunContext(folder=tmp_path), resume_step=3)
    assert [isinstance(logger, RunLogger) for logger in trainer.loggers] == [True, True, False]
    assert any(isinstance(logger, RunCSV) for logger in trainer.loggers)
    assert any(isinstance(logger, CSVLogger) for logger in trainer.loggers)
