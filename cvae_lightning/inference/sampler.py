"""Other settings of the sampler for a model that is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.models import ConditionalVAE


def changed_settings(sampler: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that are not left as trained (None)."""
    return {name: value for name, value in (sampler or {}).items() if value is not None}


def change_sampler(model: ConditionalVAE, sampler: Mapping[str, Any] | None) -> None:
    """Let a model's prior sample by other settings; what is absent or None stays as trained.

    Args:
        model: its prior may have a sampler (:class:`cvae_lightning.models.SamplerConfig`).
        sampler: values by name of the setting.

    Raises:
        UserError: the prior has no such setting, or it cannot have this value.
    """
    changed, trained = changed_settings(sampler), model.prior.sampler
    if not changed:
        return
    if trained is None:
        prior = type(model.prior).__name__
        name, value = next(iter(changed.items()))
        raise UserError(f"sampler.{name}={value}: this model's prior, {prior}, is not a flow and has no sampler")
    known = asdict(trained)
    for name, value in changed.items():
        if name not in known:
            raise UserError(f"sampler.{name}: expected one of {', '.join(known)}{nearest_hint(name, known)}")
        _check_kind(name, value, known[name])
    try:
        model.prior.set_sampler(replace(trained, **changed))
    except ValueError as error:
        raise UserError(str(error)) from error


def _check_kind(name: str, value: Any, trained: Any) -> None:
    kinds = {int: (int, "a whole number"), float: (int | float, "a number"), str: (str, "a word")}
    kind, words = kinds[type(trained)]
    if isinstance(value, bool) or not isinstance(value, kind):
        raise UserError(f"sampler.{name}={value}: expected {words}, such as {trained}")
