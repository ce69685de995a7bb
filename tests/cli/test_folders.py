"""A command writes into the folder that ``output=`` names and into no other."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cvae_lightning.cli.configs import COMMANDS, CONF
from cvae_lightning.cli.help import help_page

SMALL = ["size=1", "image_size=32"]
LOGGED = ("train", "benchmark")
"""Commands that write a log with times into their folder."""


def test_no_folder_is_made_beside_the_output(command, tmp_path: Path) -> None:
    done = command("dataset", *SMALL, "output=made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 picture of 32 px" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert not list((tmp_path / "made").glob(".*"))
    again = command("dataset", *SMALL, "size=2", "seed=3", "output=made", cwd=tmp_path)
    assert again.returncode == 2, again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_folder_of_hydra_is_made_where_it_is_named(command, tmp_path: Path) -> None:
    done = command("dataset", *SMALL, "output=made", "hydra.run.dir=record", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "record" / ".hydra" / "overrides.yaml").is_file()


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_file_in_the_place_of_a_folder_is_named(command, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("kept")
    for name, key in (("dataset", "output"), ("report", "output"), ("train", "hydra.run.dir")):
        done = command(name, f"{key}={where}", cwd=tmp_path)
        assert done.returncode == 2
        assert f"error: {key}={where}: " in done.stderr
        assert "is a file; expected a folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", COMMANDS)
def test_reports_of_libraries_are_plain_lines(name: str) -> None:
    defaults = yaml.safe_load((CONF / f"{name}.yaml").read_text())["defaults"]
    assert ({"override hydra/job_logging": "messages"} in defaults) == (name not in LOGGED)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_each_key(name: str) -> None:
    own = help_page(name).partition("must be given:\n")[2].partition("\n\n")[0].splitlines()
    keys = [line for line in own if line.startswith("  ") and line[2] != " " and line.strip()[-1] != ":"]
    assert keys
    assert [line for line in keys if "#" not in line] == []
