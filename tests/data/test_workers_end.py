"""Workers leave signals to the main process, and end with it however it ends."""

import subprocess
import sys

import pytest
from support import ROOT

SCRIPT = """
import sys
from cvae_lightning.data.dataset import ShapeSceneDataset
from cvae_lightning.data.loader import SceneLoader, leave_signals_to_parent

settings = {"num_workers": 1, "persistent_workers": True, "worker_init_fn": leave_signals_to_parent}
sys.kept = SceneLoader(ShapeSceneDataset(64, 32), batch_size=2, **settings)
next(iter(sys.kept))
print(sys.kept._iterator._workers[0].pid)
raise SystemExit(2)
"""


@pytest.mark.slow
def test_a_process_ends_with_an_error_that_keeps_its_workers() -> None:
    # As after a full disk: the error keeps the training loop, and that its loader.
    ended = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert subprocess.run(["ps", "-p", ended.stdout.strip()], capture_output=True).returncode == 1, "no worker is left"
