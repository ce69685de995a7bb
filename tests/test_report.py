"""Reports of sweeps, runs and evaluations: right jobs, right numbers, one page that needs nothing else."""

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.fake_evaluation import write_evaluation
from support.fake_sweep import write_job, write_study, write_sweep
from support.pages import Page, pictures

from cvae_lightning.reports.templating import csp_hash, page_script
from cvae_lightning.runs import read_table


def tables(markdown: str, heading: str) -> list[list[str]]:
    """The cells of the tables under a heading."""
    section = markdown.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] != "---"]


@pytest.fixture(scope="module")
def written(command, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_sweep(folder / "grid")
    done = command("report", "sweep=grid", "output=out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/report.html", "out/report.md", "out/figures"]
    return folder


@pytest.fixture(scope="module")
def html(written: Path) -> str:
    return (written / "out" / "report.html").read_text()


@pytest.fixture(scope="module")
def markdown(written: Path) -> str:
    return (written / "out" / "report.md").read_text()


def test_jobs_are_listed_best_first(markdown: str) -> None:
    header, *rows = tables(markdown, "Jobs, best first")
    assert header[:5] == ["job", "objective.beta", "model.latent_dim", "seed", "val/consistency/all"]
    assert rows[0][:5] == ["4", "4", "8", "0", "0.9"]
    assert rows[-1][:5] == ["9", "16", "8", "1", "0"]
    assert [row[header.index("training_minutes")] for row in rows] == ["1.5"] * 10


def test_the_map_has_the_means_over_seeds(markdown: str) -> None:
    header, *rows = tables(markdown, "Where val/consistency/all is best")
    assert header[1:] == ["8", "16"]
    assert rows == [["1", "0.6", "0.6"], ["4", "0.85", "0.25"], ["16", "0.05", "-"]]


def test_the_spread_over_seeds_is_reported(markdown: str) -> None:
    _, best, *_ = tables(markdown, "Spread over seeds")
    assert best == ["4", "8", "0, 1", "0.85", "0.8", "0.9", "0.05"]


def test_what_did_not_finish_is_listed_with_its_reason_and_command(markdown: str) -> None:
    _, failed, unfinished = tables(markdown.replace("\\|", "/"), "Not finished")
    assert (failed[0], failed[4]) == ("10", "failed")
    assert "too / big" in failed[5]
    assert failed[6].endswith("objective.beta=16 model.latent_dim=16 seed=0")
    assert (unfinished[0], unfinished[4]) == ("11", "unfinished")


def test_minutes_and_states_are_added_up(markdown: str) -> None:
    assert "12 jobs: 10 finished, 0 pruned, 1 failed, 1 unfinished." in markdown
    assert "Training took 15 minutes in all." in markdown


def test_the_best_jobs_command_and_code_are_given(markdown: str) -> None:
    repeat = markdown.split("## Repeat the best job")[1].split("## ")[0]
    assert (
        "python -m cvae_lightning.train experiment=quickstart objective.beta=4 model.latent_dim=8 seed=0\n"
    ) in repeat
    assert "c0ffee" in repeat


def test_the_page_is_whole_by_itself(html: str) -> None:
    page = Page(html)
    assert not {"link", "iframe", "base", "b"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert f"script-src '{csp_hash(page_script())}'" in html
    assert f"<script>{page_script()}</script>" in html
    assert not re.search(r"https?://|@import|url\(", html)
    assert "<b>too | big</b>" in "".join(page.words)


def test_pictures_are_those_of_best_median_and_worst(html: str) -> None:
    shown = [picture for picture in pictures(html) if picture.size == (8, 8)]
    assert [picture.getpixel((0, 0))[0] for picture in shown] == [4, 3, 9]  # the fake pictures' red is their job
    assert len(pictures(html)) == 3
    assert Page(html).tags.count("svg") == 4  # besides: map, plane, active units, curves


def test_maps_are_drawn(written: Path, html: str) -> None:
    """The lowest and the highest cell have the extreme colours of the scale, and each cell says what it is."""
    chart = html.split("<svg")[1].split("</svg>")[0]
    assert {"#440154", "#fde725"} <= set(re.findall(r"fill: (#\w+)", chart))
    assert "<title>objective.beta 4, model.latent_dim 8: 0.85</title>" in chart
    files = sorted(path.name for path in (written / "out" / "figures").iterdir())
    assert files == ["active_units.svg", "learning_curves.svg", "maps.svg", "rate_distortion.svg"]
    root = ElementTree.parse(written / "out" / "figures" / "rate_distortion.svg").getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"rate, nats per image", "distortion, nats per image"} <= set(texts)


def test_the_same_folder_gives_the_same_bytes(command, written: Path, html: str, markdown: str) -> None:
    done = command("report", "sweep=grid", "output=again", cwd=written)
    assert done.returncode == 0, done.stderr
    assert (written / "again" / "report.html").read_text() == html
    assert (written / "again" / "report.md").read_text() == markdown


def test_nothing_is_overwritten(command, written: Path, html: str) -> None:
    done = command("report", "sweep=grid", "output=out", cwd=written)
    assert done.returncode == 2
    assert "exists and is not overwritten" in done.stderr
    assert (written / "out" / "report.html").read_text() == html


@pytest.mark.slow
def test_another_metric_and_direction_turn_the_table(command, written: Path) -> None:
    done = command("report", "sweep=grid", "metric=val/rate", "mode=max", "output=rate", cwd=written)
    assert done.returncode == 0, done.stderr
    markdown = (written / "rate" / "report.md").read_text()
    assert [row[0] for row in tables(markdown, "Jobs, best first")[1:5]] == ["0", "1", "2", "3"]
    assert "val/rate, highest first" in markdown


def test_a_study_is_read_too(command, tmp_path: Path) -> None:
    write_study(tmp_path / "study")
    done = command("report", "sweep=study", "metric=val/oddity", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert "# Sweep: rate against truth" in markdown
    assert "python -m cvae_lightning.train -m search" in markdown
    assert [row[3:5] for row in tables(markdown, "Not finished")[1:]] == [
        ["pruned", "pruned at 2"],
        ["failed", "out of memory"],
    ]
    html = (tmp_path / "out" / "report.html").read_text()
    assert len(pictures(html)) == 3  # samples
    assert Page(html).tags.count("svg") == 3  # scatter, plane, curves


def test_a_sweep_of_which_nothing_has_finished_has_a_page(command, tmp_path: Path) -> None:
    write_job(tmp_path / "sweep" / "0", ["seed=$1 $2"], failure={"error": "e"})
    (tmp_path / "sweep" / "0" / "metrics.csv").write_text("step,val/loss_at_beta\n1,2.5\n")
    done = command("report", "sweep=sweep", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "No job has finished." in (tmp_path / "out" / "report.md").read_text()


def test_a_damaged_picture_does_not_spoil_the_page(command, tmp_path: Path) -> None:
    for number in range(2):
        write_job(tmp_path / "sweep" / str(number), [f"seed={number}"], {"val/loss_at_beta": float(number)})
    (tmp_path / "sweep" / "0" / "generated_samples.png").write_bytes(b"no picture")
    done = command("report", "sweep=sweep", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no readable generated\\_samples" not in (tmp_path / "out" / "report.md").read_text()
    assert (
        "Best: job 0, val/loss_at_beta 0. It has no readable generated_samples.png."
        in (tmp_path / "out" / "report.md").read_text()
    )


@pytest.mark.slow
def test_a_real_sweep_is_read_and_its_best_job_repeats(command, tmp_path: Path, tiny_sweep: Path) -> None:
    done = command("report", f"sweep={tiny_sweep}", "metric=val/distortion", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page, text, _ = (tmp_path / line for line in done.stdout.split())
    assert page.parent.parent == tmp_path / "outputs" / "reports"
    rows = tables(text.read_text(), "Jobs, best first")[1:]
    summaries = [json.loads((tiny_sweep / str(n) / "metrics.json").read_text()) for n in range(4)]
    values = [summary["metrics"]["val/distortion"] for summary in summaries]
    assert [int(row[0]) for row in rows] == sorted(range(4), key=lambda job: values[job])
    best = rows[0][0]
    repeat = re.search(r"```\n(python .*)\n```", text.read_text().split("## Repeat")[1])
    again = command("train", *shlex.split(repeat[1])[3:], "hydra.run.dir=again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert read_table(tmp_path / "again" / "metrics.csv") == read_table(tiny_sweep / best / "metrics.csv")
    assert all(picture.load() for picture in pictures(page.read_text()))


def test_a_run_is_one_page(command, tiny_run: Path, tmp_path: Path) -> None:
    done = command("report", f"run={tiny_run}", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "It ran to its end." in done.stderr
    html, markdown = ((tmp_path / "out" / name).read_text() for name in ("report.html", "report.md"))
    assert len(pictures(html)) == 2  # samples and reconstructions
    assert "| model.latent_dim | 8 | yes |" in markdown
    final = json.loads((tiny_run / "metrics.json").read_text())["metrics"]["val/rate"]
    assert f"| val/rate | rate, nats per image | {final:.6g} |" in markdown
    assert "None was given: evaluate the run" in markdown
    assert Page(html).tags.count("svg") == 1


def test_an_evaluation_and_a_comparison_are_pages(command, tmp_path: Path) -> None:
    write_evaluation(tmp_path / "a", {"test": [True, False, True]})
    write_evaluation(tmp_path / "b", {"test": [True, True, True]})
    done = command("report", "evaluation=a", "output=one", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "one" / "report.html").read_text()
    assert "1 of 3 samples are wrong." in html
    assert Page(html).tags.count("svg") == 4
    done = command("report", "compare=[a,b]", "output=two", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a difference of +33.3 points" in done.stderr


@pytest.mark.parametrize("words", [[], ["run=a", "sweep=b"], ["compare=[a,b]", "evaluation=a"]])
def test_a_report_reads_one_thing(command, tmp_path: Path, words: list[str]) -> None:
    done = command("report", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "report reads one thing: expected sweep=, run=, evaluation= or compare=[FIRST,SECOND]" in done.stderr
