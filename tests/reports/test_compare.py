"""Two evaluations side by side: the right captions, the right counts, and no claim that chance could make."""

import json
import re
from pathlib import Path

import pytest
from scipy.stats import binomtest
from support.fake_evaluation import write_evaluation, write_own_evaluation
from support.pages import Page, pictures

from cvae_lightning.errors import UserError
from cvae_lightning.reports.compare import compare_report, headline
from cvae_lightning.reports.compared import Compared, read_compared
from cvae_lightning.reports.document import Document, Gallery, to_html, to_markdown

FIRST = {"test": [True] * 80 + [False] * 20, "novel_pair": [True, False, True]}
SECOND = {
    "test": [True] * 78 + [False] * 2 + [True] * 17 + [False] * 3,
    "novel_pair": [True, True, True],
    "val": [True],
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Compared:
    folder = tmp_path_factory.mktemp("compared")
    write_evaluation(folder / "a", FIRST, red=10)
    write_evaluation(folder / "b", SECOND, red=20)
    return read_compared([str(folder / "a"), str(folder / "b")])


@pytest.fixture(scope="module")
def page(compared: Compared) -> Document:
    return compare_report(compared)


def test_captions_are_paired_by_split_and_index(compared: Compared) -> None:
    assert compared.names == ("a", "b")
    assert list(compared.splits) == ["test", "novel_pair"]
    assert compared.table("test") == (78, 2, 17, 3)
    assert compared.table("novel_pair") == (2, 0, 1, 0)


def test_the_sentence_has_the_shares_the_difference_and_the_p_value(compared: Compared) -> None:
    text = headline(compared)
    p = binomtest(2, 19).pvalue
    assert "a has 80.0 % of 100 captions right and b 95.0 %: a difference of +15.0 points" in text
    assert "a alone is right on 2 and b alone on 17, which is more than chance" in text
    assert f"p = {p:.2g}, corrected = {2 * p:.2g}" in text


def test_a_difference_that_chance_could_make_is_not_called_more(page: Document) -> None:
    sentences = [block.text for block in page.sections[0].blocks]
    assert "which is not more than chance gives (p = 1, corrected = 1)" in sentences[1]
    assert "trainings with other random seeds differ too" in sentences[-1]


def test_pictures_of_what_changed_stand_side_by_side_repairs_first(page: Document) -> None:
    html = to_html(page)
    colours = [picture.convert("RGB").getpixel((0, 0)) for picture in pictures(html)]
    changed = [*range(80, 97), 78, 79]
    assert colours == [(red, index, 0) for index in [*changed, 1] for red in (10, 20)]
    assert "✗ wrong: a; saw nothing, expected &lt;b&gt;a red star&lt;/b&gt;" in html
    (gallery,) = [block for block in page.sections[4].blocks if isinstance(block, Gallery)]
    assert [shown.right for shown in gallery.cards[0].shown] == [False, True]
    assert [shown.right for shown in gallery.cards[-1].shown] == [True, False]


def test_the_page_runs_one_script_which_its_policy_names(page: Document) -> None:
    html = to_html(page)
    taken = Page(html)
    assert taken.tags.count("script") == 1
    assert not {"link", "iframe", "base", "object"} & set(taken.tags)
    assert re.search(r"script-src 'sha256-[\w+/]+='", html)
    assert not re.search(r"https?://|@import|url\(|\son\w+=", html)
    tips = re.findall(r"<title>([^<]*)</title>", html.split("</head>")[1])
    assert tips[0].startswith("test: +15.0 points")
    assert "| test | 100 | 80.0 % | 95.0 % | +15.0 |" in to_markdown(page)


def test_captions_that_differ_are_not_compared(tmp_path: Path) -> None:
    write_evaluation(tmp_path / "a", {"test": [True]})
    write_evaluation(tmp_path / "b", {"test": [True]}, caption="another")
    with pytest.raises(UserError, match=r"caption 0 of test is 'caption 0 of test' in .* expected evaluations of the"):
        read_compared([str(tmp_path / "a"), str(tmp_path / "b")])


def test_mistakes_are_named(tmp_path: Path) -> None:
    good = write_evaluation(tmp_path / "good", {"test": [True]})
    bare = write_evaluation(tmp_path / "bare", {"test": [True]})
    (bare / "samples.jsonl").unlink()
    other = write_evaluation(tmp_path / "other", {"val": [True]})
    (tmp_path / "empty").mkdir()
    for names, words in (
        (["good"], "names 1 folders"),
        (["good", "empty"], "compare=.*empty: the folder has no evaluation.json"),
        (["good", "bare"], r"bare has no samples.jsonl.* python -m cvae_lightning.evaluate run="),
        (["good", "other"], "no split in common"),
    ):
        with pytest.raises(UserError, match=words):
            read_compared([str(tmp_path / name) for name in names])
    assert good.is_dir()
    assert other.is_dir()


def test_own_pictures_are_compared_by_whether_captions_are_found(tmp_path: Path) -> None:
    first = write_own_evaluation(tmp_path / "a", {"val": [True, True, False]}, red=10)
    second = write_own_evaluation(tmp_path / "b", {"val": [False, True, True]}, red=20)
    compared = read_compared([str(first), str(second)])
    assert compared.table("val") == (1, 1, 1, 0)
    page = compare_report(compared)
    html = to_html(page)
    assert "approximate" in html
    assert "rank 3 of 8; best: &lt;b&gt;dog&lt;/b&gt;" in html
    assert "By atom of the verdict" not in html
    colours = [picture.convert("RGB").getpixel((0, 0)) for picture in pictures(html)]
    assert colours == [(0, 2, 255), (10, 2, 0), (20, 2, 0), (0, 0, 255), (10, 0, 0), (20, 0, 0)]
    assert "| reconstruction loss (distortion), nats per image | 1.0 | 1.0 |" in to_markdown(page)


def test_own_pictures_are_compared_with_their_like_alone(tmp_path: Path) -> None:
    own = write_own_evaluation(tmp_path / "own", {"test": [True, False]})
    fewer = write_own_evaluation(tmp_path / "fewer", {"test": [True]})
    scenes = write_evaluation(tmp_path / "scenes", {"test": [True, False]})
    with pytest.raises(UserError, match=r"own is of own pictures and .*scenes of scenes"):
        read_compared([str(scenes), str(own)])
    with pytest.raises(UserError, match=r"among 2 and .*fewer among 1: expected the same retrieval_captions"):
        read_compared([str(own), str(fewer)])


@pytest.mark.parametrize(
    "damage", [{"right": None, "png": "aGVsbG8="}, {"png": "é"}, {"index": "1"}, {"caption": None}, {"original": 3}]
)
def test_a_damaged_line_is_answered(tmp_path: Path, damage: dict[str, object]) -> None:
    folder = write_evaluation(tmp_path / "a", {"test": [True]})
    file = folder / "samples.jsonl"
    file.write_text(json.dumps(json.loads(file.read_text()) | damage))
    with pytest.raises(UserError, match=r"samples.jsonl is not what this package writes"):
        read_compared([str(folder), str(folder)])
