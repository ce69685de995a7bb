"""Which process of a run this is: a run on several devices starts its own processes, and nothing else may.

The processes of one run must agree on everything that is drawn or chosen: the run folder, whose name may hold the
time; the checkpoint to continue from; a search's trial. The first process decides, and starts the others with
arguments that leave nothing open. A launcher that starts the command several times would let each decide.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cvae_lightning.errors import UserError

MAIN_PROCESS = "CVAE_LIGHTNING_MAIN_PROCESS"
"""The environment variable by which a run's further processes know its first: the number of that process."""
RANK = "LOCAL_RANK"
COUNTS = {
    "SLURM_STEP_NUM_TASKS": "srun",
    "OMPI_COMM_WORLD_SIZE": "mpirun",
    "PMI_SIZE": "mpirun",
}
"""Variables in which launchers say how many processes they have started."""
INDICES = {"SLURM_PROCID": "srun", "OMPI_COMM_WORLD_RANK": "mpirun", "PMI_RANK": "mpirun"}
"""Variables in which launchers say which of these processes this is."""
GLOO_INTERFACE = "GLOO_SOCKET_IFNAME"
"""The environment variable that names the network interface over which gloo connects a run's processes."""
LOOPBACK = "lo"
SET_WHILE_RUNNING = (MAIN_PROCESS, RANK, "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", GLOO_INTERFACE)
_SIGNAL_AT_PARENT_DEATH = 1
"""``PR_SET_PDEATHSIG`` of Linux's prctl(2)."""


def is_main_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the process that a user started: it alone writes the run folder.

    Example:
        >>> is_main_process({}), is_main_process({"CVAE_LIGHTNING_MAIN_PROCESS": "1", "LOCAL_RANK": "1"})
        (True, False)
    """
    return MAIN_PROCESS not in environment or environment.get(RANK, "0") == "0"


def check_started_once(environment: Mapping[str, str] = os.environ) -> None:
    """Raise where torchrun, srun or mpirun has started the command, and would start it several times.

    Raises:
        UserError: the message says how a run on several devices is started.

    Example:
        >>> check_started_once({"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"})
        >>> check_started_once({"LOCAL_RANK": "1"})
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: LOCAL_RANK=1 says that torchrun ...
    """
    if MAIN_PROCESS in environment:
        return
    found = next((name for name in (RANK, "TORCHELASTIC_RUN_ID") if name in environment), None)
    launcher = "torchrun"
    for names, least in ((COUNTS, 2), (INDICES, 1)):
        for name, program in names.items():
            value = environment.get(name, "0")
            if found is None and value.isdigit() and int(value) >= least:
                found, launcher = name, program
    if found is not None:
        raise UserError(
            f"{found}={environment[found]} says that {launcher} or a similar program starts the processes of this "
            "command: start it once, with trainer=ddp trainer.devices=2 for two devices, and it starts its own "
            f"processes (under srun: --ntasks=1; if nothing has started several: unset {found})"
        )


@contextmanager
def main_process() -> Iterator[None]:
    """Let the processes that are started in the block know this one; at its end the environment is as it was.

    They are all on this machine and talk over its loopback interface, unless the environment names another. Without a
    name gloo would look up the machine's own, which can take minutes where no name server answers, and listen on a
    network interface.

    Example:
        >>> with main_process():
        ...     os.environ[MAIN_PROCESS] == str(os.getpid())
        True
    """
    if not is_main_process():
        yield
        return
    before = {name: os.environ.get(name) for name in SET_WHILE_RUNNING}
    os.environ[MAIN_PROCESS] = str(os.getpid())
    if LOOPBACK in (name for _, name in socket.if_nameindex()):
        os.environ.setdefault(GLOO_INTERFACE, LOOPBACK)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def end_with_main_process() -> None:
    """Let the system end this process, one of a run's further ones, when the first has ended, however it ended.

    Otherwise it would wait for the first one's answer, for half an hour. Linux only.

    Raises:
        SystemExit: the first process has ended already.

    Example:
        >>> end_with_main_process()  # in the first process there is nothing to do
    """
    if is_main_process() or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != int(os.environ[MAIN_PROCESS]):
        raise SystemExit(1)


def check_one_process(devices: object) -> None:
    """Raise where a job of a sweep would start further processes.

    These would start the whole sweep again, or draw trials of their own from a search.

    Args:
        devices: ``trainer.devices``: how many, which ones, or a word for all.

    Raises:
        UserError: it is more than one.

    Example:
        >>> check_one_process(1), check_one_process([0]), check_one_process("auto")
        (None, None, None)
        >>> check_one_process(2)
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: trainer.devices=2: a job of a sweep trains on one device...
    """
    count = len(devices) if isinstance(devices, Sequence) and not isinstance(devices, str) else devices
    if isinstance(count, int) and count > 1:
        raise UserError(
            f"trainer.devices={devices}: a job of a sweep trains on one device, since further processes would start "
            "the sweep again; a launcher such as hydra/launcher=joblib runs several jobs at once, and a run on several "
            "devices is started by itself, without -m"
        )
