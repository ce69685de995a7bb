"""The values that a sweep tries, checked one by one before its first job is started."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Transformer
from omegaconf import DictConfig, OmegaConf

from cvae_lightning.cli.choices import read_overrides
from cvae_lightning.cli.compose import Composed, composed
from cvae_lightning.cli.configs import CONF
from cvae_lightning.cli.validate import check_values, values_of
from cvae_lightning.runs import check_one_process

MOST = 1000
"""Values of one key that are checked."""


def check_sweep(command: str, arguments: Sequence[str], folder: str | None = None) -> Composed:
    """Check every listed value of every swept key, beside the first values of the other keys.

    What a sampler draws, such as ``interval(0, 1)``, is left to the jobs.

    Args:
        command: its name.
        arguments: ``key=value`` texts.
        folder: another folder of configs, as ``--config-dir`` gives it.

    Returns:
        the first job's config.

    Raises:
        UserError: what is wrong, in one paragraph.
    """
    folders = [CONF, *([Path(folder)] if folder else [])]
    overrides = read_overrides(command, arguments, folders)
    swept = {index: _listed(override) for index, override in enumerate(overrides) if override.is_sweep_override()}
    lines = {index: str(override.input_line) for index, override in enumerate(overrides) if index not in swept}
    lines |= {index: values[0] for index, values in swept.items() if values}
    first = _composed(command, lines, folder)
    defaults = values_of(first.usual)
    for index, values in swept.items():
        for line in values[1:]:
            if any((root / overrides[index].key_or_group).is_dir() for root in folders):
                _composed(command, lines | {index: line}, folder)
            else:
                override = OverridesParser.create().parse_override(line)
                changed = first.config.copy()
                OmegaConf.update(changed, override.key_or_group, override.value(), merge=False, force_add=True)
                check_values(command, changed, first.usual, defaults)
                _check_job(changed)
    return first


def _composed(command: str, lines: dict[int, str], folder: str | None) -> Composed:
    """A job's config, checked."""
    job = composed(command, [lines[index] for index in sorted(lines)], folder, partial=True)
    _check_job(job.config)
    return job


def _check_job(config: DictConfig) -> None:
    check_one_process(OmegaConf.select(config, "trainer.devices", default=1))


def _listed(override: Override) -> list[str]:
    """The values of a sweep over choices or a range, each as an argument; none of a sweep of another kind."""
    if not (override.is_choice_sweep() or override.is_range_sweep()):
        return []
    texts = islice(override.sweep_iterator(transformer=Transformer.encode), MOST)
    return [f"{override.get_key_element()}={text}" for text in texts]
