"""A resumed run follows what the run itself wrote, and a damaged record of it is refused by name."""

from pathlib import Path

import pytest
import yaml

from cvae_lightning.errors import UserError
from cvae_lightning.runs import CONFIG, LAST, OVERRIDES, claim, resumed_arguments, saved_overrides
from cvae_lightning.runs.layout import HYDRA_OVERRIDES

OURS, HYDRAS = ["seed=0", "+x.y=[1,2]", "~logger.csv"], ["seed=5"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder that a later, refused command has left its Hydra files in."""
    folder = tmp_path / "run"
    claim(folder, {"seed": 0}, [*OURS, "resume=auto"], resumed=False)
    (folder / LAST).parent.mkdir()
    (folder / LAST).write_bytes(b"")
    (folder / HYDRA_OVERRIDES).parent.mkdir()
    (folder / HYDRA_OVERRIDES).write_text(yaml.safe_dump(HYDRAS))
    return folder


def test_a_refused_command_does_not_change_what_is_resumed(run: Path) -> None:
    with pytest.raises(UserError, match="already holds a run"):
        claim(run, {"seed": 5}, HYDRAS, resumed=False)
    assert resumed_arguments([f"resume={run}"], run) == [*OURS, f"resume='{run}'", f"hydra.run.dir='{run}'"]


def test_a_run_of_an_older_version_is_resumed_by_hydras_file(run: Path) -> None:
    (run / OVERRIDES).unlink()
    assert saved_overrides(run) == HYDRAS
    (run / HYDRA_OVERRIDES).unlink()
    with pytest.raises(UserError, match="has neither"):
        saved_overrides(run)


def test_a_resumed_run_remembers_what_was_changed_and_keeps_the_earlier_record(run: Path) -> None:
    arguments = resumed_arguments([f"resume={run}", "seed=3"], run)
    claim(run, {"seed": 3}, arguments[:-1], resumed=True)
    assert saved_overrides(run) == ["+x.y=[1,2]", "~logger.csv", "seed=3"]
    assert yaml.safe_load((run / "overrides.1.yaml").read_text()) == OURS
    assert yaml.safe_load((run / CONFIG).read_text()) == {"seed": 3}


DAMAGED = [b"", b"null", b"3", b"text", b"{a: 1}", b"[1]", b"[[a=1]]", b"[--config-dir=x]", b"[-m]", b"['']"]
DAMAGED += [b"- \xff", b"[" * 5000, b"a: &a [x]\nb: *c", b"!!python/object/apply:os.getcwd []"]


def test_a_damaged_record_is_refused_by_name(run: Path) -> None:
    """An empty file would resume another model: that of the default settings."""
    for content in DAMAGED:
        (run / OVERRIDES).write_bytes(content)
        with pytest.raises(UserError, match=r"overrides\.yaml cannot be read"):
            saved_overrides(run)


def test_no_overrides_are_a_record_too(run: Path) -> None:
    claim(run, {}, [], resumed=True)
    assert saved_overrides(run) == []


def test_arguments_of_an_earlier_version_are_renamed(run: Path) -> None:
    renamed = {"lr": "lr_scheduler", "a.b": "c.d", "text=things": "text=bottleneck", "kind=x": "kind=y more=z"}
    saved = ["lr=cosine", "+a.b.e=1", "~a.b", "a.bc=1", "text=things", "kind=x", "kind=w"]
    (run / OVERRIDES).write_text(yaml.safe_dump(saved))
    now = ["lr_scheduler=cosine", "+c.d.e=1", "~c.d", "a.bc=1", "text=bottleneck", "kind=y", "more=z", "kind=w"]
    assert resumed_arguments(["resume=x"], run, renamed)[:-2] == now
    assert resumed_arguments(["lr_scheduler=constant"], run, renamed)[:-3] == now[1:]
