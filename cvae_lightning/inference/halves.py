"""Painting on several cores: half of a batch in a second thread gains more than two cores per operation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import torch
from torch import Tensor

from cvae_lightning.models import ConditionalVAE

_in_use = Lock()
"""While one call has changed the number of threads, which is the process's, others leave it as it is."""
FEWEST = 8
"""Images for which a second thread is worth its start."""


@torch.inference_mode()
def generate(model: ConditionalVAE, tokens: Tensor, noise: Tensor) -> Tensor:
    """The images (B, 3, S, S) that the model generates for captions (B, T) and noise (B, Z), one each.

    Half of them are generated in a second thread where the model is on a processor with a core for it.
    """
    threads = torch.get_num_threads()
    if threads < 2 or len(tokens) < FEWEST or tokens.device.type != "cpu" or not _in_use.acquire(blocking=False):
        return model.generate(tokens, noise=noise)
    (tokens, other_tokens), (noise, other_noise) = tokens.tensor_split(2), noise.tensor_split(2)

    @torch.inference_mode()  # of a thread
    def other_half() -> Tensor:
        torch.set_num_threads(threads // 2)
        return model.generate(other_tokens, noise=other_noise)

    try:
        torch.set_num_threads(threads - threads // 2)
        with ThreadPoolExecutor(1, "half") as pool:
            other = pool.submit(other_half)
            return torch.cat([model.generate(tokens, noise=noise), other.result()])
    finally:
        torch.set_num_threads(threads)
        _in_use.release()
