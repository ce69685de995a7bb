"""Every command with every group and every key, given what it cannot be: valid or one paragraph, never a traceback."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cvae_lightning.cli.choices import read_overrides
from cvae_lightning.cli.compose import Composed, check_required, composed, open_configs
from cvae_lightning.cli.configs import COMMANDS, CONF, OPTIONAL_GROUPS, choices_of, groups_of, leaves
from cvae_lightning.cli.explain import describe
from cvae_lightning.cli.messages import PARAGRAPH
from cvae_lightning.cli.signatures import check_parts
from cvae_lightning.cli.validate import check_values, values_of
from cvae_lightning.errors import UserError

NEEDED = {
    "generate": ["captions=[a red star]"],
    "reconstruct": ["images=pictures"],
    "export": ["run=folder"],
    "judge": ["images=folder"],
    "report": ["sweep=folder"],
}
"""Arguments without which a command has nothing to do."""
NEEDED_WITH = {"data=folder": ["data.path=pictures"], "distillation=few_steps": ["prior=flow", "initial_weights=run"]}
"""Arguments without which a choice has nothing to do."""
GROUPS = sorted(
    str(folder.relative_to(CONF)) for folder in CONF.rglob("*") if folder.is_dir() and "hydra" not in folder.parts
)
BAD_CHOICES = ("unknown", "-1", "0.001", "null", "[unknown,3]", "{a:1}", "''", "true")
BAD_VALUES = ("text", "-1", "nan", "inf", "null", "[1,text]", "''", "{a:1}", "1e300", "0", "true", "2.5")


@pytest.fixture(scope="module", autouse=True)
def _open() -> Iterator[None]:
    """One Hydra for the whole file."""
    with open_configs():
        yield


@pytest.fixture(scope="module")
def usual() -> dict[str, DictConfig]:
    """The config of each command that is given what it needs."""
    return {command: composed(command, NEEDED.get(command, [])).config for command in COMMANDS}


def refusal(command: str, *arguments: str) -> str | None:
    """The paragraph that a command answers arguments with; None if they are valid."""
    try:
        composed(command, [*NEEDED.get(command, []), *arguments])
    except UserError as error:
        return checked(str(error))
    return None


def checked(paragraph: str) -> str:
    assert paragraph.strip()
    assert "\n" not in paragraph
    assert len(paragraph) < 2 * PARAGRAPH
    assert "Traceback" not in paragraph
    return paragraph


@pytest.mark.parametrize("command", COMMANDS)
def test_a_group_takes_its_own_choices_only(command: str) -> None:
    for group in GROUPS:
        for choice in BAD_CHOICES:
            if choice == "null" and group in OPTIONAL_GROUPS and group in groups_of(command):
                continue
            paragraph = refusal(command, f"{group}={choice}")
            assert paragraph is not None, (command, group, choice)
            assert group.split("/")[0] in paragraph, paragraph


@pytest.mark.parametrize("command", COMMANDS)
def test_a_group_of_another_command_is_answered_with_whose_it_is(command: str) -> None:
    for group in {name for other in COMMANDS for name in groups_of(other)} - set(groups_of(command)):
        choice = choices_of(group)[0]
        paragraph = refusal(command, f"{group}={choice}")
        assert paragraph is not None
        assert paragraph.startswith(f"{group} is a group of ")


def value_refusal(command: str, usual: DictConfig, key: str, value: str, defaults: dict[str, Any]) -> str | None:
    """As :func:`refusal`, with the composition shared and, for training, the parts built without memory."""
    before = dict(leaves(OmegaConf.to_container(usual, resolve=False)))[key]
    changed = usual  # changed as Hydra changes it, and back at the end: a copy takes most of the time
    try:
        (override,) = read_overrides(command, [f"{key}={value}"])
        ConfigLoaderImpl._apply_overrides_to_config([override], changed)
        check_required(command, changed)
        check_values(command, changed, usual, defaults)
        if command == "train":
            check_parts(changed)
            built(changed, key)
    except (UserError, HydraException, OmegaConfBaseException) as error:
        paragraph = describe(error)
        assert paragraph is not None
        return checked(paragraph)
    finally:
        OmegaConf.update(changed, key, before, merge=False)
    return None


def built(config: DictConfig, key: str) -> None:
    """Build what a changed key can change: the trainer's and the callbacks' keys change nothing else."""
    from cvae_lightning.training import factory

    if key.startswith("trainer."):
        factory.check_trainer(config)
    elif key.startswith("callbacks."):
        factory.check_callbacks(config.callbacks)
    elif not key.startswith("logger."):
        factory.check(config)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_takes_values_of_its_kind_only(command: str, usual: dict[str, DictConfig]) -> None:
    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    config = usual[command]
    plain = OmegaConf.to_container(config, resolve=False)
    keys = [key for key, _ in leaves(plain) if "_target_" not in key and "_partial_" not in key]
    keys = [key for key in keys if not key.startswith("world.")]  # a world checks its values itself
    if command == "benchmark":
        keys = [key for key in keys if key.startswith("benchmark.")]  # the others are train's
    defaults = values_of(config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key in keys:
            for value in BAD_VALUES:
                value_refusal(command, config, key, value, defaults)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_choice_works_alone_or_says_what_to_add(command: str) -> None:
    if command == "benchmark":
        assert groups_of(command) == groups_of("train")
        return
    for group in set(groups_of(command)) - set(OPTIONAL_GROUPS):  # recipes have tests of their own
        for choice in choices_of(group):
            paragraph = refusal(command, f"{group}={choice}", *NEEDED_WITH.get(f"{group}={choice}", []))
            assert paragraph is None or "choose one that does" in paragraph, (group, choice, paragraph)


def test_defaults_are_valid(usual: dict[str, DictConfig]) -> None:
    for command, config in usual.items():
        check_values(command, config, config)
    check_parts(usual["train"])


def test_composing_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(composed("train", []), Composed)
    assert refusal("train", "decoder=konv")
    assert not list(tmp_path.iterdir())
