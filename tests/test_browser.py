"""In a real browser: TensorBoard shows a sweep as it runs, and the report opens from a file without a network."""

from __future__ import annotations

import json
import logging
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import launched
from tensorboard import program
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cvae_lightning.training.loggers.tensorboard import RunTensorBoard

playwright = pytest.importorskip(
    "playwright.sync_api", reason="no playwright: install the extra with pip install -e '.[browser]'"
)

pytestmark = pytest.mark.browser
JOBS = [f"{job}/tensorboard" for job in range(4)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(playwright) as opened:
        yield opened


@pytest.fixture(scope="module")
def watched(tiny_sweep: Path, tmp_path_factory) -> Path:
    return Path(shutil.copytree(tiny_sweep, tmp_path_factory.mktemp("watched") / "sweep"))


@pytest.fixture(scope="module")
def server(watched: Path) -> str:
    board = program.TensorBoard()
    flags = {"logdir": watched, "host": "127.0.0.1", "port": 0, "load_fast": "false", "reload_interval": 1}
    board.configure(argv=["", *(word for name, value in flags.items() for word in (f"--{name}", str(value)))])
    for talker in ("tensorboard", "werkzeug"):
        logging.getLogger(talker).setLevel(logging.WARNING)
    url = board.launch()
    wait_for(lambda: all("samples" in tags(url, "images").get(job, {}) for job in JOBS))
    return url


def tags(url: str, plugin: str) -> dict[str, Any]:
    """What TensorBoard's server has read so far: run -> tags."""
    with urllib.request.urlopen(f"{url}data/plugin/{plugin}/tags") as answer:
        return json.load(answer)


def wait_for(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline, "TensorBoard never read it"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def page(browser: Any, server: str) -> Any:
    opened = browser.new_page(viewport={"width": 1500, "height": 900})
    opened.set_default_timeout(60_000)
    opened.goto(f"{server}#hparams")
    return opened


DEEP = """host => {
    const walk = node => node.nodeType === Node.TEXT_NODE ? [node.textContent]
        : ["STYLE", "SCRIPT", "TEMPLATE"].includes(node.nodeName) ? []
        : [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].flatMap(walk)
    return walk(host).map(text => text.trim()).filter(text => text)
}"""


def words(locator: Any) -> list[str]:
    """The texts below an element, in its components' shadow trees too."""
    return locator.evaluate(DEEP)


def show(page: Any, tab: str) -> None:
    page.evaluate("tab => { location.hash = tab }", tab)


def final(sweep: Path, job: int, metric: str) -> float:
    return json.loads((sweep / str(job) / "metrics.json").read_text())["metrics"][metric]


def test_hparams_has_one_row_per_job_with_swept_keys_first_and_the_final_metric(page, watched: Path) -> None:
    show(page, "hparams")
    table = page.locator("tf-hparams-table-view")
    table.get_by_text(JOBS[3], exact=True).wait_for()
    shown = words(table)
    assert shown[2:4] == ["model.latent_dim", "objective.beta"]
    for job, (beta, size) in enumerate([(1, 4), (1, 8), (4, 4), (4, 8)]):
        row = shown[shown.index(JOBS[job]) :][: shown.index(JOBS[0])]
        assert [float(value) for value in row[1:3]] == [size, beta]
        column = shown.index("val/loss_at_beta") - 1
        assert float(row[column]) == pytest.approx(final(watched, job, "val/loss_at_beta"), rel=1e-4)


def test_parallel_coordinates_draw_one_line_per_job_over_settings_and_metrics(page) -> None:
    show(page, "hparams")
    page.get_by_text("Parallel Coordinates View").click()
    plot = page.locator("tf-hparams-parallel-coords-plot")
    plot.locator(".foreground path").nth(3).wait_for(state="attached")
    axes = [name for name in plot.locator(".axis-title").all_text_contents() if name]
    assert axes[:2] == ["model.latent_dim", "objective.beta"]
    assert {"val/loss_at_beta", "val/distortion", "val/rate"} <= set(axes)
    assert plot.locator(".foreground path").count() == 4


def test_pictures_of_all_jobs_are_side_by_side(page, watched: Path) -> None:
    show(page, "images")
    pictures = page.locator("tf-image-loader img")
    pictures.nth(7).wait_for()
    shown = words(page.locator("tf-image-dashboard"))
    assert all(word in shown for word in ("reconstruction", "samples", *JOBS))
    sizes = pictures.evaluate_all("all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth)))")
    events = EventAccumulator(str(next(watched.rglob("events.out.*")).parent)).Reload()
    logged = [events.Images(tag)[0].width for tag in ("reconstruction", "samples")]
    assert logged[0] == 8 * 34 + 2
    assert logged[1] > 8 * 38  # samples have the judge's verdict as a frame, and their captions
    assert sizes == [logged[0]] * 4 + [logged[1]] * 4  # the third tag, traversals, is folded


def test_scalars_are_drawn_by_job_and_a_new_job_comes_to_the_open_page(page, server: str, watched: Path) -> None:
    show(page, "scalars")
    page.locator("tf-scalar-card").first.wait_for()
    runs = page.locator("tf-scalar-dashboard tf-runs-selector")
    runs.get_by_text(JOBS[3], exact=True).wait_for()
    assert [word for word in words(runs) if word in JOBS] == JOBS
    job = RunTensorBoard(watched / "9")
    job.log_metrics({"val/rate": 2.5}, step=1)
    job.experiment.flush()
    wait_for(lambda: "val/rate" in tags(server, "scalars").get("9/tensorboard", {}))
    page.locator("app-header-reload button").click()
    runs.get_by_text("9/tensorboard", exact=True).wait_for()


def test_the_report_opens_from_a_file_without_a_network(
    command, browser: Any, tiny_sweep: Path, tmp_path: Path
) -> None:
    done = command("report", f"sweep={tiny_sweep}", "metric=val/rate", "output=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "out" / "report.html").as_uri())
    pictures = page.locator("img").evaluate_all("all => all.map(one => [one.complete, one.naturalWidth])")
    assert len(pictures) == 3
    assert all(complete and width > 200 for complete, width in pictures)
    assert set(asked) <= {"file", "data"}
    assert complaints == []
    assert page.locator("pre").first.inner_text().startswith("python -m cvae_lightning.train model.image_size=32")
    check_sorting(page)
    check_tooltip(page)
    assert complaints == []
    context.close()


def check_sorting(page: Any) -> None:
    """A click on a header sorts by its column, upwards and then downwards; so does the key Enter."""
    table = page.locator("table.sortable").first
    header = table.locator("th", has_text="val/distortion")

    def column() -> list[float]:
        index = header.evaluate("one => one.cellIndex")
        return [float(text) for text in table.locator(f"td:nth-child({index + 1})").all_inner_texts()]

    header.click()
    assert column() == sorted(column())
    assert header.get_attribute("aria-sort") == "ascending"
    header.press("Enter")
    assert column() == sorted(column(), reverse=True)


def check_tooltip(page: Any) -> None:
    """Where the pointer is on a cell of a map, its value is shown at once."""
    page.locator("svg [data-tip]").first.hover(force=True)
    shown = page.locator("#tip")
    assert shown.is_visible()
    assert shown.inner_text() == page.locator("svg [data-tip]").first.get_attribute("data-tip")
    assert "model.latent_dim" in shown.inner_text()
