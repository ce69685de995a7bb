"""Write licences.md: the licence of every package in requirements.lock that is installed here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK, PAGE = ROOT / "requirements.lock", Path(__file__).with_name("licences.md")
HEAD = """# Licences of the dependencies

What `make install-locked` installs, from `requirements.lock`, with the licence that each package states of itself.
`make lock` writes this page. Packages for other systems and Python versions are left out.

| package | version | licence |
|---|---|---|
"""
LONGEST = 60
"""Characters; some packages state the whole text of their licence."""


def locked() -> dict[str, str]:
    """Versions by name of the lock."""
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))


def rows() -> Iterator[str]:
    for name, version in sorted(locked().items()):
        try:
            facts = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        yield f"| {name} | {version} | {licence(facts)} |"


def licence(facts: metadata.PackageMetadata) -> str:
    """What a package states: an SPDX expression, else its classifiers, else the first line of its licence."""
    if expression := facts.get("License-Expression"):
        return str(expression)
    classifiers = [line for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    names = [line.rpartition(" :: ")[2] for line in classifiers if line != "License :: OSI Approved"]
    text = next((line.strip() for line in str(facts.get("License") or "").splitlines() if line.strip()), "")
    return ", ".join(names) or text[:LONGEST] or "not stated"


if __name__ == "__main__":
    PAGE.write_text(HEAD + "".join(f"{row}\n" for row in rows()), encoding="utf-8")
