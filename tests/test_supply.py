"""What is installed is what was looked at: the lock has every dependency, in the tested version, with its hashes."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from support import ROOT

EXTRAS = ("dev", "docs", "search", "joblib")
"""What ``make install`` installs."""
LOCK = (ROOT / "requirements.lock").read_text()
ENTRIES = [entry for entry in re.split(r"\n(?=[a-z])", LOCK.strip()) if not entry.startswith("#")]
LOCKED = {canonicalize_name(entry.partition("==")[0]): entry for entry in ENTRIES}


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    for requirement in map(Requirement, wanted):
        entry = LOCKED[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version_of(entry)), requirement


def test_a_python_that_hydra_does_not_run_on_is_not_installed_into() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not SpecifierSet(project["requires-python"]).contains("3.14")
    assert SpecifierSet(project["requires-python"]).contains("3.13")


def version_of(entry: str) -> str:
    return re.match(r"[\w.\-\[\]]+==([^ ;\\]+)", entry)[1]  # type: ignore[index]


def test_every_file_has_a_hash() -> None:
    for entry in ENTRIES:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.partition(" ")[0]
        assert re.fullmatch(r"[\w.\-\[\]]+==.*", entry.splitlines()[0])


def test_the_versions_are_those_that_the_tests_pass_with() -> None:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE)
    for name, version in pins:
        if entry := LOCKED.get(canonicalize_name(name)):
            assert version_of(entry) == version, f"{name}: make lock writes the lock anew"


def test_the_page_of_licences_is_of_the_lock() -> None:
    rows = re.findall(
        r"^\| ([\w.-]+) \| (\S+) \| (.+) \|$", (ROOT / "docs" / "licences.md").read_text(), flags=re.MULTILINE
    )
    listed = {name: version for name, version, _ in rows if name != "package"}
    assert len(listed) > 100
    assert all(version_of(LOCKED[canonicalize_name(name)]) == version for name, version in listed.items())
