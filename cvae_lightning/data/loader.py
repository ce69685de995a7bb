"""A DataLoader that begins when its first batch is asked for, and whose workers leave signals to their parent."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any

from torch.utils.data import DataLoader

from cvae_lightning.data.dataset import Example


class SceneLoader(DataLoader[Example]):
    """Loads batches of scenes, from the batch on that the run needs at the moment of the first one.

    Lightning iterates the training loader before it restores a checkpoint, to count the steps that a learning rate
    schedule is spread over. Workers would prefetch the first scenes of the world at once; here the iteration, and with
    it the sampler's, begins with the first ``next()``, when the run knows how many batches it has done.

    Args:
        dataset: the scenes; it and all others are :class:`torch.utils.data.DataLoader`'s.

    Example:
        >>> from cvae_lightning.data.dataset import ShapeSceneDataset
        >>> len(SceneLoader(ShapeSceneDataset(4, 32), batch_size=2))
        2
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        yield from super().__iter__()

    def _get_iterator(self) -> Any:
        # Once per set of workers: those that persist serve many epochs.
        batches = super()._get_iterator()
        if self.num_workers:
            Finalize(batches, _end, args=(batches._workers,), exitpriority=0)  # type: ignore[attr-defined]
        return batches


def _end(workers: Sequence[BaseProcess]) -> None:
    """Kill workers, when their loader is gone or when the process ends with an error that keeps it.

    At a process's end the multiprocessing module sends SIGTERM to its workers, which ignore it, and waits for them.
    """
    for worker in workers:
        if worker.is_alive():
            worker.kill()


def leave_signals_to_parent(worker: int) -> None:
    """Ignore Ctrl-C and SIGTERM in a worker: a terminal or a scheduler sends them to the whole process group.

    A worker that dies first takes the run with it before anything is saved. The main process ends its workers itself,
    and a worker whose main process was killed ends within seconds.

    Args:
        worker: its number.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
