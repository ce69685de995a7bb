"""Another way of sampling for a model that is trained: steps, solver, guidance and corrections of its flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.models import build

SAMPLING = ("steps", "solver", "guidance_scale", "corrections")
"""Arguments of a flow prior that have no weights (:class:`cvae_lightning.models.FlowPrior`)."""


def chosen(sampling: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is not left as trained."""
    return {name: value for name, value in (sampling or {}).items() if value is not None}


def resampled(plan: Mapping[str, Any], sampling: Mapping[str, Any] | None) -> dict[str, Any]:
    """A model's blueprint whose prior samples as chosen; what is absent or None stays as trained.

    Raises:
        UserError: the prior takes no such choice, or not this value.
    """
    wanted = chosen(sampling)
    prior = plan.get("prior")
    for name, value in wanted.items():
        if name not in SAMPLING:
            raise UserError(f"sampling.{name}: expected one of {', '.join(SAMPLING)}{nearest_hint(name, SAMPLING)}")
        if not isinstance(prior, Mapping) or name not in prior:
            kind = prior.get("part") if isinstance(prior, Mapping) else "its default"
            raise UserError(f"sampling.{name}={value}: this model's prior, {kind}, is no flow and has no {name}")
        _check_kind(name, value, prior[name])
    if not wanted or not isinstance(prior, Mapping):
        return dict(plan)
    changed = {**prior, **wanted}
    try:
        build(changed)
    except ValueError as error:
        raise UserError(f"sampling: {error}") from error
    return {**plan, "prior": changed}


def _check_kind(name: str, value: Any, trained: Any) -> None:
    kinds = {int: (int, "a whole number"), float: (int | float, "a number"), str: (str, "a word")}
    kind, words = kinds[type(trained)]
    if isinstance(value, bool) or not isinstance(value, kind):
        raise UserError(f"sampling.{name}={value}: expected {words}, such as {trained}")
