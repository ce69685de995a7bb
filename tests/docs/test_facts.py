"""What pages say about the code is true: file names, choices, experiments, pictures, the map of folders."""

import json
import re

import numpy as np
from PIL import Image
from support import ROOT
from support.docs import DOCS, PAGES, script

PACKAGE = ROOT / "cvae_lightning"
README = (ROOT / "README.md").read_text()


def first_column(page: str, section: str) -> set[str]:
    """The code words that begin the rows of a section's tables."""
    text = (DOCS / page).read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE))


def test_the_architecture_page_names_at_most_ten_files_and_each_exists() -> None:
    text = (DOCS / "architecture.md").read_text()
    walks = text.split("\n## What imports what\n")[0]
    steps = re.findall(r"^\d\. `([\w/]+\.py)`", walks, flags=re.MULTILINE)
    assert 2 <= len(set(steps)) <= 10
    for name in {*steps, *re.findall(r"`(?:cvae_lightning/)?([\w/]+\.py)`", walks)}:
        assert (PACKAGE / name).exists(), name
    for name in re.findall(r"`((?:cvae_lightning|tests)/[\w/]+\.py)`", text):
        assert (ROOT / name).exists(), name


def test_the_tests_that_hold_a_fault_exist() -> None:
    text = (DOCS / "trust.md").read_text()
    rows = [row for row in text.split("## Which test holds which fault")[1].splitlines() if row.startswith("| ")]
    rows = [row for row in rows if row != "| fault | test |"]
    assert len(rows) > 40
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text(), (file, test)


def test_the_drawing_is_up_to_date_and_its_files_exist() -> None:
    diagram = script("make_diagram")
    assert diagram.FILE.read_text() == diagram.draw()
    assert [name for name in diagram.files() if not (PACKAGE / name).exists()] == []


def test_the_samples_shown_are_the_shipped_models() -> None:
    scripted, shown = script("make_strip"), Image.open(DOCS / "images" / "samples.png").convert("RGB")
    painted = scripted.strip(scripted.first_captions(8))
    assert painted.size == shown.size
    assert np.abs(np.asarray(painted, dtype=int) - np.asarray(shown, dtype=int)).mean() < 2


def test_pictures_are_small() -> None:
    assert all(file.stat().st_size < 100_000 for file in (DOCS / "images").iterdir())


def test_the_table_of_experiments_is_complete() -> None:
    assert first_column("train.md", "Experiments") == {
        path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")
    }


def test_the_table_of_parts_names_every_choice() -> None:
    text = (DOCS / "models.md").read_text()
    for group in ("text_encoder", "encoder", "decoder", "prior", "likelihood"):
        (row,) = re.findall(rf"^\| [\w ]+ \| `{group}` \| (.*) \|$", text, flags=re.MULTILINE)
        choices = {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}
        assert choices <= set(re.findall(r"`(\w+)`", row)), group


def test_the_readme_is_short_and_its_map_is_made_from_the_docstrings() -> None:
    assert len(README.splitlines()) <= 150
    assert script("make_map").table() in README


def test_pages_use_plain_words() -> None:
    refused = re.compile(r"\b(anew|nobody|whoever|heed(s|ed)?|dear(er|est)?|go(es)? on)\b", flags=re.IGNORECASE)
    found = {page.name: match.group() for page in PAGES if (match := refused.search(page.read_text()))}
    assert found == {}


def test_the_table_of_formats_is_the_measured_one() -> None:
    measured = json.loads((ROOT / "experiments" / "judge" / "formats.json").read_text())
    page = (DOCS / "judge.md").read_text()
    assert f"that fail, of {measured['scenes']} |" in page
    for name, failed in measured["failed"].items():
        assert f"| {name} | {failed['64']} | {failed['256']} |" in page
