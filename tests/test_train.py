"""A run leaves what it should, repeats exactly, and continues after any stop as if it had not stopped."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image
from support import ROOT, TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from cvae_lightning.runs import read_table

LEFT = [
    "config.yaml",
    "environment.json",
    "metrics.csv",
    "metrics.json",
    "training_curves.png",
    "reconstruction.png",
    "generated_samples.png",
    "checkpoints/best.ckpt",
    "checkpoints/last.ckpt",
    "checkpoints/tokenizer_vocab.json",
]


def test_a_run_leaves_its_files(tiny_run: Path) -> None:
    assert [name for name in LEFT if not (tiny_run / name).is_file() or not (tiny_run / name).stat().st_size] == []


def test_pictures_show_sixteen_validation_scenes(tiny_run: Path) -> None:
    grid = Image.open(tiny_run / "reconstruction.png")
    assert grid.width > 8 * 144
    background = grid.getpixel((8 + 4, 8 + 4))
    assert background == (250, 250, 250)  # a corner of the first original, on the world's background


def test_metrics_are_scalars_of_every_kind(tiny_run: Path) -> None:
    rows = read_table(tiny_run / "metrics.csv")
    trained = [row for row in rows if row["train/loss"]]
    validated = [row for row in rows if row["val/loss"]]
    assert len(validated) == 2
    for name in ("loss", "distortion", "rate", "kl_weight", "beta_effective"):
        assert all(row[f"train/{name}"] for row in trained)
        assert all(row[f"val/{name}"] for row in validated)
    for name in ("mse", "mae", "psnr"):
        assert float(validated[-1][f"val/{name}"]) > 0
    summary = json.loads((tiny_run / "metrics.json").read_text())
    judged = [f"{kind}/all" for kind in ("consistency", "consistency_reconstructed")]
    for name in (*judged, "consistency/relation", "active_units", "sharpness", "caption_effect"):
        assert all(row[f"val/{name}"] for row in validated)
        assert summary["metrics"][f"val/{name}"] == pytest.approx(float(validated[-1][f"val/{name}"]))
    assert summary["steps"] == 24
    assert summary["metrics"]["val/mse"] == pytest.approx(float(validated[-1]["val/mse"]))


def test_tensorboard_has_scalars_pictures_captions_and_hyperparameters(tiny_run: Path) -> None:
    events = EventAccumulator(str(tiny_run / "tensorboard"))
    tags = events.Reload().Tags()
    assert {"train/loss", "val/rate", "val/consistency/all", "throughput/images_per_second"} <= set(tags["scalars"])
    assert {"reconstruction", "samples"} <= set(tags["images"])
    assert "captions/text_summary" in tags["tensors"]
    assert len(events.Images("samples")) == 2
    assert b"model.latent_dim" in events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"val/consistency/all" in events.SummaryMetadata("_hparams_/experiment").plugin_data.content


def test_what_is_needed_to_repeat_is_written(tiny_run: Path) -> None:
    config = yaml.safe_load((tiny_run / "config.yaml").read_text())
    assert config["encoder"]["latent_dim"] == 8  # resolved
    environment = json.loads((tiny_run / "environment.json").read_text())
    assert environment["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert environment["command"].startswith("python -m cvae_lightning.train ")
    assert {"git", "machine", "python"} <= set(environment)


def test_checkpoints_are_plain_data(tiny_run: Path) -> None:
    for name in ("best", "last"):
        checkpoint = torch.load(tiny_run / "checkpoints" / f"{name}.ckpt", weights_only=True)
        content = checkpoint["cvae_lightning"]
        assert content["format_version"] == 2
        assert content["blueprint"]["part"] == "ConditionalVAE"
        assert "red" in content["tokenizer"]["words"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cvae_lightning.train", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stop_after(process: subprocess.Popen[str], rows: int, table: Path, how: signal.Signals) -> int:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if table.exists() and table.read_text().count("\n") > rows:
            process.send_signal(how)
            break
        time.sleep(0.02)
    process.communicate(timeout=120)
    return process.returncode


LONGER = [*TINY, "trainer.max_epochs=4", "trainer.log_every_n_steps=1", "lr_scheduler=cosine"]


@pytest.fixture(scope="module")
def unbroken(command, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    done = command("train", *LONGER, "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("how", "rows"), [(signal.SIGINT, 20), (signal.SIGTERM, 33), (signal.SIGKILL, 30)], ids=["int", "term", "kill"]
)
def test_a_stopped_run_resumes_as_if_it_had_not_stopped(command, tmp_path, unbroken, how, rows) -> None:
    run = tmp_path / "run"
    code = stop_after(start(tmp_path, *LONGER, "hydra.run.dir=run"), rows, run / "metrics.csv", how)
    assert code == (-signal.SIGKILL if how is signal.SIGKILL else 130)
    assert not (run / "metrics.json").exists()
    done = command("train", f"resume={run}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (run / "metrics.csv").read_text() == (unbroken / "metrics.csv").read_text()
    best, expected = (
        torch.load(run_folder / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
        for run_folder in (run, unbroken)
    )
    assert all(torch.equal(best[key], expected[key]) for key in expected)
    # The curve in TensorBoard has no gap, and no step twice.
    curves = [
        EventAccumulator(str(run_folder / "tensorboard")).Reload().Scalars("train/loss")
        for run_folder in (run, unbroken)
    ]
    resumed, expected = ([(event.step, event.value) for event in curve] for curve in curves)
    assert resumed == expected


@pytest.mark.slow
def test_a_moved_run_keeps_its_best(command, tmp_path, tiny_run) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for source in tiny_run.rglob("*"):
        target = moved / source.relative_to(tiny_run)
        target.mkdir(exist_ok=True) if source.is_dir() else target.write_bytes(source.read_bytes())
    done = command("train", f"resume={moved}", "trainer.max_epochs=3", "objective.beta=1000", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = torch.load(moved / "checkpoints" / "last.ckpt", weights_only=True)
    best = last["callbacks"]["RunCheckpoint(best)"]
    assert best["monitor"] == "val/loss_at_beta"
    assert best["best_model_path"] == str(moved / "checkpoints" / "best.ckpt")
    assert last["epoch"] == 2
    before = torch.load(tiny_run / "checkpoints" / "best.ckpt", weights_only=True)["global_step"]
    after = torch.load(moved / "checkpoints" / "best.ckpt", weights_only=True)["global_step"]
    assert after == before  # at this weight the new epoch is worse, so the old best is still the best


@pytest.mark.e2e
def test_auto_resumes_the_unfinished_run_of_the_same_config(command, tmp_path) -> None:
    arguments = [*LONGER, "name=auto", "resume=auto"]
    process = start(tmp_path, *arguments)
    folder = wait_for_checkpoint(tmp_path, process)
    process.kill()
    process.communicate()
    other = command("train", *TINY, "name=auto", "resume=auto", "seed=5", cwd=tmp_path)
    again = command("train", *arguments, cwd=tmp_path)
    assert other.returncode == again.returncode == 0, again.stderr
    assert (folder / "metrics.json").exists()
    assert len(list((tmp_path / "outputs" / "auto").iterdir())) == 2


def wait_for_checkpoint(root: Path, process: subprocess.Popen[str]) -> Path:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if found := list(root.glob("outputs/auto/*/checkpoints/last.ckpt")):
            return found[0].parent.parent
        time.sleep(0.02)
    raise AssertionError("no checkpoint came")


@pytest.mark.slow
def test_equal_commands_leave_equal_tables_and_seeds_differ(command, tmp_path, tiny_run) -> None:
    again = command("train", *TINY, "hydra.run.dir=again", cwd=tmp_path)
    other = command("train", *TINY, "hydra.run.dir=other", "seed=1", cwd=tmp_path)
    assert again.returncode == other.returncode == 0
    table = (tiny_run / "metrics.csv").read_text()
    assert (tmp_path / "again" / "metrics.csv").read_text() == table
    assert (tmp_path / "other" / "metrics.csv").read_text() != table


def test_a_run_is_never_overwritten(command, tiny_run) -> None:
    done = command("train", *TINY, f"hydra.run.dir={tiny_run}", cwd=tiny_run.parent)
    assert done.returncode == 2
    assert "already holds a run" in done.stderr


@pytest.mark.e2e
def test_two_processes_train_one_epoch(command, tmp_path) -> None:
    # A flow without caption dropout has weights that no step uses.
    flow = ["prior=flow", "model.num_slots=4", "model.slot_width=16", "prior.layers=1", "prior.sampler.steps=2"]
    arguments = [*TINY, *flow, "trainer.max_epochs=1", "trainer.log_every_n_steps=1"]
    process = start(tmp_path, *arguments, "trainer=ddp", "data.batch_size=8", "hydra.run.dir=two")
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    alone = command("train", *arguments, "hydra.run.dir=one", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    steps = [len([r for r in read_table(tmp_path / run / "metrics.csv") if r["train/loss"]]) for run in ("one", "two")]
    assert steps[0] == steps[1] == 12
    losses = [
        float(next(r for r in read_table(tmp_path / run / "metrics.csv") if r["val/loss"])["val/mse"])
        for run in ("one", "two")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)  # the same scenes, other posterior noise


@pytest.mark.slow
def test_a_sweep_has_one_folder_per_job_equal_to_the_job_alone(command, tmp_path, tiny_sweep) -> None:
    tables = [(tiny_sweep / str(job) / "metrics.csv").read_text() for job in range(4)]
    assert len(set(tables)) == 4
    third = ["objective.beta=4", "model.latent_dim=4", "trainer.max_epochs=1"]
    alone = command("train", *TINY, *third, "hydra.run.dir=alone", cwd=tmp_path)
    assert alone.returncode == 0
    assert (tmp_path / "alone" / "metrics.csv").read_text() == tables[2]
    assert differing(tiny_sweep / "2") == {"objective.beta", "model.latent_dim"}
    assert differing(tmp_path / "alone") == set()


def differing(run: Path) -> set[str]:
    """The settings that the run's HParams say a sweep varies."""
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    content = events.SummaryMetadata("_hparams_/experiment").plugin_data.content
    return {info.name for info in HParamsPluginData.FromString(content).experiment.hparam_infos if info.differs}
