"""Standard normal rows by key: the only place where the noise of samples and posterior draws is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cvae_lightning.errors import UserError

Key = Sequence[int]
"""Whole numbers, 0 or more, that seed one row, such as (seed, index of the sample)."""


def normal_rows(keys: Sequence[Key], dim: int) -> Tensor:
    """(N, dim) standard normal numbers on the CPU; row i is a pure function of key i.

    The first numbers of a row do not depend on ``dim``.

    >>> normal_rows([(0, 0), (0, 1)], dim=4).shape
    torch.Size([2, 4])
    """
    rows = [np.random.default_rng(list(key)).standard_normal(dim) for key in keys]
    return torch.from_numpy(np.stack(rows)).float()


def sample_key(seed: int, index: int, candidate: int = 0) -> Key:
    """The key of sample ``index`` of a caption; candidate 0 is the sample without ``best_of``."""
    return (seed, index, candidate) if candidate else (seed, index)


def check_seed(seed: int) -> None:
    """Raises: UserError: a seed below 0."""
    if seed < 0:
        raise UserError(f"seed={seed}: expected 0 or more")
