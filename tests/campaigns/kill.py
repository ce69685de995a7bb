"""Kill runs at random moments, resume them, and compare them with the unbroken run.

``python -m campaigns.kill --kills 300 --seed 0`` prints each difference, writes ``kill.json`` and ends with 1 where
there is one. A number of a kill and the seed decide everything but the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from omegaconf import OmegaConf

import cvae_lightning.commands.train  # noqa: F401
from campaigns.compare import differences
from campaigns.forks import MODULES, Fork, fork_command, import_what_is_used, sessions
from campaigns.kills import Kill, arm, draw_full_disk, draw_kill
from campaigns.ranks import fork_ranks
from campaigns.settings import SETTINGS, arguments, is_distributed
from cvae_lightning.cli import start as starting
from cvae_lightning.reports import run as report
from cvae_lightning.runs import write_atomic

SHOWN = 12
"""Problems of a case that are printed."""
REFUSED = 2
"""Exit code of a command that the system, or a mistake, has refused."""
LONGEST = 240.0
"""Seconds that a command of the campaign may take on a busy machine."""


@dataclass(slots=True, kw_only=True)
class Case:
    """A run that is killed once or twice and then resumed until it has finished.

    Attributes:
        number: of the case; with the campaign's seed it decides the case.
        setting: a key of ``SETTINGS``.
        kills: in turn, each of a start of the run.
        temporary: the ``$TMPDIR`` of its commands.
        problems: what was wrong, a line each.
    """

    number: int
    setting: str
    kills: list[Kill]
    temporary: Path
    problems: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)


def draw_case(seed: int, number: int, temporary: list[Path], full_disk: bool = False) -> Case:
    """The case of a number: settings in turn, kills (or full disks) at random, every fourth killed twice."""
    rng = random.Random(f"{seed} {number}")
    setting = list(SETTINGS)[number % len(SETTINGS)]
    count = 2 if rng.random() < 0.25 else 1
    kills = [draw_full_disk(rng) if full_disk else draw_kill(rng, setting) for _ in range(count)]
    return Case(number=number, setting=setting, kills=kills, temporary=rng.choice(temporary))


def start(folder: Path, setting: str, given: list[str], temporary: Path, kill: Kill | None) -> Fork:
    """Start ``train`` in a fork that kills itself where it is asked to."""

    def prepare() -> None:
        # Half of a tiny run's time, and other tests' matter: the curves, which read the table, and the config's checks.
        report.training_curves = quick_curves
        starting.composed = unchecked
        os.environ["TMPDIR"] = str(temporary)
        tempfile.tempdir = None
        if is_distributed(setting):
            fork_ranks(kill)
        if kill:
            arm(kill)

    return fork_command("train", given, folder, folder / f"log_{len(list(folder.glob('log_*')))}.txt", prepare)


def quick_curves(rows: list[dict[str, str]], path: Path) -> None:
    """A file that is equal where the curves would be."""
    write_atomic(path, json.dumps(rows))


def unchecked(*arguments: Any, **named: Any) -> Any:
    """What a start needs of its checked config."""
    hydra = OmegaConf.create({"run": {"dir": "run"}, "job": {"chdir": False}, "mode": None})
    return SimpleNamespace(config=OmegaConf.create(), hydra=hydra)


def attempt(folder: Path, case: Case, kill: Kill | None) -> int:
    """Start or resume the run of a case; notes what must not be."""
    run = folder / "run"
    begun = (run / "config.yaml").exists()
    given = [f"resume={run}"] if begun else [*arguments(case.setting), f"hydra.run.dir={run}"]
    fork = start(folder, case.setting, given, case.temporary, kill)
    case.sessions.append(fork.pid)
    try:
        code = fork.wait(LONGEST)
    except TimeoutError as error:
        case.problems.append(f"hangs: {error}")
        return -signal.SIGKILL
    case.codes.append(code)
    lost = kill is not None and kill.how is signal.SIGKILL
    # A process that ends before it has found the others can tell them by its death only.
    early = kill is not None and kill.rank > 0 and kill.moment == "start"
    full = kill is not None and kill.how is None and code == REFUSED
    if code not in (0, 130) and not (lost or full) and not (early and code == -signal.SIGKILL):
        case.problems.append(f"exit code {code} after {kill}: {fork.printed()[-1500:]}")
    if "Traceback" in fork.printed() and not lost:
        case.problems.append(f"a traceback after {kill}: {fork.printed()[-1500:]}")
    return code


def play(root: Path, case: Case, unbroken: Path) -> Case:
    """Kill, resume and compare; the folder is removed where nothing is wrong."""
    folder = root / f"{'disk' if case.kills[0].how is None else 'case'}_{case.number}"
    folder.mkdir()
    for kill in case.kills:
        if not (folder / "run" / "metrics.json").exists():
            attempt(folder, case, kill)
    code = attempt(folder, case, None) if not (folder / "run" / "metrics.json").exists() else 0
    if code:
        case.problems.append(f"the last resume ends with {code}")
    case.problems += differences(folder / "run", unbroken)
    case.problems += [f"{path} was left in $TMPDIR" for path in _left(case.temporary)]
    if not case.problems:
        shutil.rmtree(folder)
    return case


def _left(temporary: Path) -> list[Path]:
    """Files in ``$TMPDIR``, but for the empty folders that Python's workers make there."""
    return [path for path in temporary.rglob("*") if path.is_file() and not path.parent.name.startswith("pymp-")]


def orphans(cases: list[Case], seconds: float = 30.0) -> list[str]:
    """Processes of the cases that still run some time after the last one has ended."""
    ours = {session for case in cases for session in case.sessions}
    end = time.monotonic() + seconds
    while (left := [pid for pid, session in sessions().items() if session in ours]) and time.monotonic() < end:
        time.sleep(0.2)
    for pid in left:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return [f"process {pid} was left" for pid in left]


def unbroken_runs(root: Path, wanted: set[str], temporary: Path) -> dict[str, Path]:
    """Each setting's run without a kill."""
    runs: dict[str, Path] = {}
    os.environ[MODULES] = str(root / "modules.txt")
    for setting in sorted(wanted, key=lambda one: (is_distributed(one), one)):
        folder = root / f"unbroken_{setting}"
        folder.mkdir()
        case = Case(number=-1, setting=setting, kills=[], temporary=temporary)
        if attempt(folder, case, None) or case.problems:
            raise SystemExit(f"the run of {setting} without a kill fails: {case.problems or case.codes}")
        if not runs:
            import_what_is_used(root / "modules.txt")
            del os.environ[MODULES]
        runs[setting] = folder / "run"
    return runs


def campaign(root: Path, cases: Sequence[Case], temporary: list[Path]) -> Iterator[Case]:
    """The cases, each as it has ended."""
    for folder in temporary:
        folder.mkdir(parents=True, exist_ok=True)
    unbroken = unbroken_runs(root, {case.setting for case in cases}, temporary[0])
    for case in cases:
        yield play(root, case, unbroken[case.setting])


def summary(cases: list[Case], left: list[str], minutes: float) -> dict[str, Any]:
    """Counts of a campaign as plain data."""
    kills = [kill for case in cases for kill in case.kills[: len(case.codes)]]
    return {
        "kills": len(kills),
        "runs": len(cases),
        "settings": len({case.setting for case in cases}),
        "killed_twice": sum(len(case.kills) > 1 for case in cases),
        "runs_that_differ": sum(bool(case.problems) for case in cases),
        "orphans": len(left),
        "by_signal": dict(Counter(kill.how.name if kill.how else "full disk" for kill in kills)),
        "by_moment": dict(Counter(kill.moment for kill in kills)),
        "exit_codes": {str(code): count for code, count in Counter(c for case in cases for c in case.codes).items()},
        "minutes": round(minutes, 1),
    }


def parsed() -> argparse.Namespace:
    """The arguments of the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=300, help="how many runs are killed, once or twice each")
    parser.add_argument("--only", help="numbers of the cases that are run, with commas; all below --kills without it")
    parser.add_argument("--disks", default="", help="numbers of cases with a full disk, with commas, run besides")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--settings", default=",".join(SETTINGS), help="of these alone, with commas")
    parser.add_argument("--full-disk", action="store_true", help="a disk that is full in place of signals")
    parser.add_argument("--folder", type=Path, help="where runs that differ stay; none: a temporary folder")
    parser.add_argument("--out", type=Path, help="a JSON file for the counts")
    return parser.parse_args()


def main() -> None:
    given, began = parsed(), time.monotonic()
    root = (given.folder or Path(tempfile.mkdtemp(prefix="kill_campaign_"))).resolve()
    root.mkdir(parents=True, exist_ok=True)
    shared = Path("/dev/shm") / root.name  # another file system than the runs'
    temporary = [root / "tmp", shared] if Path("/dev/shm").is_dir() else [root / "tmp"]
    numbers = [int(one) for one in given.only.split(",")] if given.only else range(given.kills)
    drawn = [draw_case(given.seed, number, temporary, given.full_disk) for number in numbers]
    drawn += [draw_case(given.seed, int(number), temporary, True) for number in given.disks.split(",") if number]
    cases = [case for case in drawn if case.setting in given.settings.split(",")]
    for case in campaign(root, cases, temporary):
        print(f"{case.number} {case.setting}: {'; '.join(map(str, case.kills))} -> {case.codes}", flush=True)
        for problem in case.problems[:SHOWN]:
            print(f"  {problem}", flush=True)
    left = orphans(cases)
    result = summary(cases, left, (time.monotonic() - began) / 60)
    print(json.dumps(result, indent=1))
    shutil.rmtree(shared, ignore_errors=True)
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")
    if not result["runs_that_differ"] and not given.folder:
        shutil.rmtree(root)
    sys.exit(bool(result["runs_that_differ"] or left))


if __name__ == "__main__":
    main()
