"""Folders of sweeps and studies with known numbers, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

SHARE = {(1, 8): (0.5, 0.7), (1, 16): (0.6, 0.6), (4, 8): (0.9, 0.8), (4, 16): (0.2, 0.3), (16, 8): (0.1, 0.0)}
"""Consistency of (beta, latent_dim) with seeds 0 and 1; nothing has finished for (16, 16)."""


def write_job(
    folder: Path,
    overrides: list[str],
    metrics: dict[str, float] | None = None,
    config: dict[str, Any] | None = None,
    **files: dict[str, Any],
) -> Path:
    """A job's folder; ``files`` are JSON files by stem, ``metrics`` None for a job that has not finished."""
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    if config is not None:
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps({"metrics": metrics, "training_minutes": 1.5, "steps": 20}))
        names = sorted(metrics)
        rows = [[str(step), *(str(metrics[name] * step / 20) for name in names)] for step in (10, 20)]
        (folder / "metrics.csv").write_text("\n".join(",".join(row) for row in [["step", *names], *rows]) + "\n")
        Image.new("RGB", (8, 8), (int(folder.name), 0, 0)).save(folder / "generated_samples.png")
    for stem, content in files.items():
        (folder / f"{stem}.json").write_text(json.dumps(content))
    return folder


def settings(beta: float, latent_dim: int, seed: int) -> dict[str, Any]:
    """A resolved config, in which other values follow from the swept ones."""
    sizes = {"latent_dim": latent_dim}
    return {"seed": seed, "model": sizes, "encoder": sizes, "objective": {"beta": beta}, "data": {"shuffle_seed": seed}}


def write_sweep(root: Path) -> Path:
    """Three betas, two latent sizes, two seeds: ten finished jobs, one failed, one killed."""
    grid = [(beta, size, seed) for beta in (1, 4, 16) for size in (8, 16) for seed in (0, 1)]
    for number, (beta, size, seed) in enumerate(grid):
        overrides = ["experiment=quickstart", f"objective.beta={beta}", f"model.latent_dim={size}", f"seed={seed}"]
        if (beta, size) in SHARE:
            share = SHARE[beta, size][seed]
            metrics = {"val/consistency/all": share, "val/rate": 100.0 / beta, "val/distortion": 50.0 * beta}
            metrics |= {"val/active_units": float(size - beta // 4), "val/loss_at_beta": 100.0 + 50.0 * beta}
            job = write_job(root / str(number), overrides, metrics, settings(beta, size, seed))
            (job / "environment.json").write_text(json.dumps({"git": {"commit": "c0ffee"}}))
        elif seed == 0:
            write_job(root / str(number), overrides, failure={"error": "UserError: <b>too | big</b>", "command": "x"})
        else:
            write_job(root / str(number), overrides, None, settings(beta, size, seed))
    (root / "multirun.yaml").write_text("{}\n")
    return root


def write_study(root: Path) -> Path:
    """A search over two continuous keys with a pruned and a failed trial."""
    (root).mkdir(parents=True)
    study = {
        "name": "rate against truth",
        "metrics": ["val/oddity", "val/rate"],
        "directions": ["maximize", "minimize"],
    }
    (root / "study.json").write_text(json.dumps(study | {"command": "python -m cvae_lightning.train -m search"}))
    for number in range(20):
        beta, lr = round(1.1**number, 4), round(1e-4 * 1.3**number, 7)
        trial = {"number": number, "state": "COMPLETE", "values": [1.0], "params": {}, "pruned_at": None, "error": None}
        metrics: dict[str, float] | None = {"val/oddity": float(number % 7), "val/rate": 50.0, "val/distortion": 9.0}
        if number == 3:
            trial, metrics = trial | {"state": "PRUNED", "pruned_at": 2}, None
        elif number == 4:
            trial, metrics = trial | {"state": "FAIL", "error": "out of memory"}, None
        config = {"objective": {"beta": beta}, "optimizer": {"lr": lr}}
        write_job(root / str(number), [f"objective.beta={beta}", f"optimizer.lr={lr}"], metrics, config, trial=trial)
    return root
