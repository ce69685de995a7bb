"""The search space, in Hydra's own override syntax: ``objective.beta=tag(log, interval(0.1, 100))``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Transformer
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from cvae_lightning.errors import UserError, nearest_hint

TAGS = ("log",)
Value = bool | int | float | str


class Space(NamedTuple):
    """The overrides that all trials share, and what each trial draws.

    Attributes:
        fixed: the overrides of every trial.
        distributions: what a swept key is drawn from, by key, in the order given.
        keys: the key as an override writes it (a new one has a plus sign), by key.
        texts: the sweeps as the user wrote them, by key.
    """

    fixed: tuple[str, ...]
    distributions: dict[str, BaseDistribution]
    keys: dict[str, str]
    texts: dict[str, str]

    def overrides(self, params: Mapping[str, Value]) -> list[str]:
        """The overrides of the trial that has these params."""
        return [*self.fixed, *(f"{self.keys[name]}={override_text(params[name])}" for name in self.distributions)]

    def grid(self) -> dict[str, list[Value]]:
        """Every value of every key, for a sampler that tries all.

        Raises:
            UserError: a key is swept over an interval, which cannot be listed.
        """
        return {name: _values(name, distribution) for name, distribution in self.distributions.items()}


def read_space(arguments: Sequence[str], loader: ConfigLoader | None = None) -> Space:
    """The space that Hydra overrides describe; a later override of a key replaces an earlier one.

    Args:
        arguments: overrides such as ``model.latent_dim=choice(32,64)``; an override without a sweep is fixed.
        loader: Hydra's config loader, which ``glob`` needs.

    Raises:
        UserError: nothing is swept, or a sweep cannot be searched.
    """
    parsed = OverridesParser.create(loader).parse_overrides(list(arguments))
    overrides = {override.key_or_group: override for override in parsed}
    swept = {name: override for name, override in overrides.items() if override.is_sweep_override()}
    fixed = tuple(override.input_line or "" for name, override in overrides.items() if name not in swept)
    if not swept:
        raise UserError(
            "hydra/sweeper=optuna: nothing to search; give a key a range, as in 'objective.beta=interval(0.1,10)'"
        )
    return Space(
        fixed,
        {name: _distribution(override) for name, override in swept.items()},
        {name: override.get_key_element() for name, override in swept.items()},
        {name: (override.input_line or "").partition("=")[2] for name, override in swept.items()},
    )


def override_text(value: Value) -> str:
    """A drawn value as Hydra's override grammar writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _distribution(override: Override) -> BaseDistribution:
    sweep: Any = override.value()
    unknown = sorted(set(sweep.tags) - set(TAGS))
    if unknown:
        raise UserError(
            f"{override.input_line}: unknown tag {unknown[0]!r}{nearest_hint(unknown[0], TAGS)}; there is log"
        )
    log = "log" in sweep.tags
    try:
        if isinstance(sweep, IntervalSweep):
            return _interval(sweep.start, sweep.end, log)
        if isinstance(sweep, RangeSweep) and not sweep.shuffle:
            return _range(sweep, log)
        if log:
            raise ValueError("a choice has no logarithm; use interval(...) or range(...)")
        return CategoricalDistribution(list(dict.fromkeys(override.sweep_iterator(transformer=Transformer.encode))))
    except ValueError as error:
        raise UserError(f"{override.input_line}: {error}") from error


def _interval(start: Any, end: Any, log: bool) -> BaseDistribution:
    if isinstance(start, int) and isinstance(end, int):
        return IntDistribution(start, end, log=log)
    return FloatDistribution(float(start), float(end), log=log)


def _range(sweep: RangeSweep, log: bool) -> BaseDistribution:
    values = list(sweep.range())
    if not values:
        raise ValueError("an empty range")
    low, high = min(values), max(values)
    step = abs(sweep.step)
    if all(isinstance(value, int) for value in values):
        return IntDistribution(low, high, log=log, step=step)
    return FloatDistribution(float(low), float(high), log=log, step=float(step))


def _values(name: str, distribution: BaseDistribution) -> list[Value]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution):
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    assert isinstance(distribution, FloatDistribution)
    if distribution.step is None:
        raise UserError(
            f"{name}: sampler=grid tries every value, and those of an interval cannot be listed; use choice(...)"
        )
    count = round((distribution.high - distribution.low) / distribution.step) + 1
    return [distribution.low + k * distribution.step for k in range(count)]
