"""Types and ranges of a composed config, checked without importing torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from cvae_lightning.cli.configs import leaves
from cvae_lightning.cli.messages import shown
from cvae_lightning.cli.rules import kind_complaint, rule_of
from cvae_lightning.cli.values import world_of
from cvae_lightning.errors import UserError

REMOVABLE = ("callbacks.", "logger.", "penalties.")
"""Entries of these may be null, which leaves them out."""
NEEDED = {
    "logger.csv": "training_curves.png and reports are made from its metrics.csv",
}
CHECKPOINTS = ("callbacks.best", "callbacks.last")
"""A run is loaded from one of these."""
PART = "._part_"
"""Stands for the keys of a part that another key refers to."""
AT_RUN_TIME = ("${hydra:", "${now:", "${oc.")
"""Values that only the running job has."""


def check_values(
    command: str, config: DictConfig, usual: DictConfig, defaults: Mapping[str, Any] | None = None
) -> None:
    """Raise for the first value that its key cannot have.

    Args:
        command: its name.
        config: as composed, without the ``hydra`` node.
        usual: the same choices with no value changed, whose types count.
        defaults: :func:`values_of` it, where the caller has them.

    Raises:
        UserError: the message names the key, its value and what was expected.
        omegaconf.errors.InterpolationKeyError: a key takes its value from one that is not there.
    """
    for key in sorted(set(usual) - set(config), key=str):
        raise UserError(f"{key}=null: the config needs its {key}; leave the argument out")
    given = values_of(config)
    defaults = values_of(usual) if defaults is None else defaults
    for key, why in NEEDED.items():
        if _absent(config, key) and not _absent(usual, key):
            raise UserError(f"{key} cannot be left out: {why}")
    if all(_absent(config, key) and not _absent(usual, key) for key in CHECKPOINTS):
        raise UserError(f"{' and '.join(CHECKPOINTS)} cannot both be left out: a run is loaded from its checkpoint")
    parts = {".".join(key.split(".")[:length]) for key in defaults for length in range(1, key.count(".") + 1)}
    if config.get("world") is not None:
        world_of(config.world)
    for key, value in given.items():
        if key.startswith(("world.", "data.world.")):
            continue  # a world checks its values itself
        if (whole := _replaced(key, defaults)) is not None:
            key, value = whole, OmegaConf.to_container(OmegaConf.select(config, whole), resolve=False)
            complaint: str | None = _mapping_complaint(command, whole, value, defaults)
        elif key in parts and key not in defaults:
            if value is None and key.startswith(REMOVABLE):
                continue
            complaint = _part_complaint(key, defaults)
        else:
            complaint = _complaint(command, key, value, defaults)
        if complaint:
            raise UserError(f"{key}={shown(value)}: expected {complaint}")
    _check_batches(given)
    _check_end(given)
    if config.get("distribution_matching") is not None and config.initial_weights is None:
        raise UserError("distribution_matching needs a trained flow to match: initial_weights=RUN, a run folder")


def _replaced(key: str, defaults: Mapping[str, Any]) -> str | None:
    """The key above this one that has a single value by default, where it was given keys of its own."""
    above = (".".join(key.split(".")[:length]) for length in range(1, key.count(".") + 1))
    return next((name for name in above if name in defaults and not isinstance(defaults[name], dict)), None)


def _mapping_complaint(command: str, key: str, value: Any, defaults: Mapping[str, Any]) -> str:
    """What a key that has a single value expects where it was given keys of its own."""
    if rule := rule_of(key, command):
        return rule.words
    return kind_complaint(value, defaults[key]) or "one value, not a mapping"


def _part_complaint(key: str, defaults: Mapping[str, Any]) -> str:
    """What a part may be where one value was given for it."""
    if f"{key}{PART}" in defaults:
        group = key.rpartition(".")[2]
        return f"the chosen {group}; choose with {group}=CHOICE"
    example = next(name for name in defaults if name.startswith(f"{key}.") and "._" not in name)
    return f"keys of its own, such as {example}={shown(defaults[example])}"


def _complaint(command: str, key: str, value: Any, defaults: Mapping[str, Any]) -> str | None:
    if isinstance(value, str) and value.startswith(AT_RUN_TIME):
        return None
    if value == "???":
        return None
    if key.endswith(".filename") and isinstance(value, str) and ("/" in value or "\\" in value):
        return "a file's name without a folder"
    rule = rule_of(key, command)
    if rule and isinstance(value, bool | int | float | str | list | None):
        return rule.complaint(value) or (None if value is None else _finite(value))
    if key not in defaults or defaults[key] is None:
        return _finite(value)
    return kind_complaint(value, defaults[key])


def _finite(value: Any) -> str | None:
    return kind_complaint(value, 1.0) if isinstance(value, float) else "a text or null" if value == "" else None


def _absent(config: DictConfig, key: str) -> bool:
    group, _, name = key.partition(".")
    node = config.get(group)
    return (isinstance(node, DictConfig) and node.get(name) is None) or (group in config and node is None)


def values_of(config: DictConfig) -> dict[str, Any]:
    """Every value by its dotted key; one that refers to another key as that key's value, after all others."""
    return dict(_values(config))


def _values(config: DictConfig) -> Iterator[tuple[str, Any]]:
    referred: dict[str, Any] = {}
    written = leaves(OmegaConf.to_container(config, resolve=False))
    for key, value in sorted(written, key=lambda item: isinstance(item[1], str) and "${" in item[1]):
        if not isinstance(value, str) or "${" not in value or value.startswith(AT_RUN_TIME):
            yield key, value
            continue
        if value not in referred:
            found = OmegaConf.select(config, key)
            plain = OmegaConf.to_container(found, resolve=False) if OmegaConf.is_list(found) else found
            referred[value] = plain
        if OmegaConf.is_config(referred[value]):
            yield f"{key}{PART}", None
        else:
            yield key, referred[value]


def _check_batches(values: Mapping[str, Any]) -> None:
    """A share of the training batches is at least one batch; Lightning would say so after its start.

    Raises:
        UserError: it is less.
    """
    share, size, batch = (values.get(key) for key in ("trainer.limit_train_batches", "data.size", "data.batch_size"))
    if isinstance(share, float) and 0 < share < 1 and isinstance(size, int) and isinstance(batch, int) and batch > 0:
        batches = int(size * (1 - float(values.get("data.val_fraction") or 0))) / batch
        if share * batches < 1:
            raise UserError(
                f"trainer.limit_train_batches={share}: of {batches:.0f} batches this is not one; expected a whole "
                "number of batches, or a larger share"
            )


def _check_end(values: Mapping[str, Any]) -> None:
    """Training without a number of epochs ends after a number of steps, which schedules need, too.

    Raises:
        UserError: it would not end.
    """
    endless = all(values.get(f"trainer.max_{unit}") in (None, -1) for unit in ("epochs", "steps"))
    if endless and "trainer.max_epochs" in values:
        raise UserError(
            f"trainer.max_epochs={shown(values['trainer.max_epochs'])}: training would have no end; expected a number "
            "of epochs, or a number of steps beside it, such as +trainer.max_steps=1000"
        )
