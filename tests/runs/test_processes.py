"""A run starts its own processes; a launcher that starts the command several times is refused before anything."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ROOT, TINY

from cvae_lightning.errors import UserError
from cvae_lightning.runs import check_started_once, is_main_process, main_process


@pytest.mark.parametrize(
    "environment",
    [
        {"TORCHELASTIC_RUN_ID": "none", "LOCAL_RANK": "0", "RANK": "0", "WORLD_SIZE": "2"},
        {"LOCAL_RANK": "1", "RANK": "1", "WORLD_SIZE": "2"},
        {"SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"},
        {"SLURM_NTASKS": "2", "SLURM_PROCID": "1"},
        {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0"},
    ],
)
def test_a_launcher_of_several_processes_is_refused(command, tmp_path: Path, monkeypatch, environment) -> None:
    with pytest.raises(UserError, match="a similar program starts the processes"):
        check_started_once(environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = command("train", *TINY, "trainer=ddp", "hydra.run.dir=run", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_NTASKS": "1", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"},  # srun --ntasks=1, submitit
        {"SLURM_NTASKS": "4", "SLURM_PROCID": "0"},  # a batch script that has reserved more
        {"CVAE_LIGHTNING_MAIN_PROCESS": "7", "LOCAL_RANK": "1"},
    ],
)
def test_a_command_that_is_started_once_runs(environment) -> None:
    check_started_once(environment)


def test_the_environment_is_as_it_was_after_a_run(monkeypatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    before = dict(os.environ)
    with main_process():
        os.environ["LOCAL_RANK"] = "0"  # as Lightning does
        assert is_main_process()
        assert not is_main_process(os.environ | {"LOCAL_RANK": "1"})
    assert dict(os.environ) == before


def test_processes_meet_on_the_machines_own_interface_unless_another_is_named(monkeypatch) -> None:
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    with main_process():
        assert os.environ["GLOO_SOCKET_IFNAME"] == "lo"
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "eth7")
    with main_process():
        assert os.environ["GLOO_SOCKET_IFNAME"] == "eth7"


@pytest.mark.parametrize("devices", [["trainer.devices=2"], ["trainer=ddp"], ["trainer.devices=1,2"]])
def test_several_devices_in_a_sweep_are_refused(command, tmp_path: Path, devices: list[str]) -> None:
    done = command("train", "-m", *TINY, *devices, "seed=0,1", cwd=tmp_path)
    assert done.returncode == 2
    assert "a job of a sweep trains on one device" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_a_further_process_ends_with_the_first() -> None:
    wait = "import time; from cvae_lightning.runs import end_with_main_process as end; end(); print(1, flush=1)"
    first = f"""
import os, subprocess, sys
os.environ |= {{"CVAE_LIGHTNING_MAIN_PROCESS": str(os.getpid()), "LOCAL_RANK": "1"}}
child = subprocess.Popen([sys.executable, "-c", {f"{wait}; time.sleep(60)"!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", first], env=environment, capture_output=True, text=True, timeout=60)
    assert has_ended(int(done.stdout)), done.stderr


def has_ended(pid: int) -> bool:
    """Whether a process ends within a second; one that its parent has not asked about counts as ended."""
    for _ in range(50):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
