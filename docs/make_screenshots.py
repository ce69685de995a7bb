"""Write the pictures of pages in `docs/images/screens/`: demo, notebooks, reports, TensorBoard and the static page.

    python docs/make_screenshots.py

The run is the published quickstart, whose table is replayed for TensorBoard; the demo and the evaluation are of the
model that comes with the package. The pages of a sweep and of a comparison are taken only where these are named:

    python -m cvae_lightning.train -m model.image_size=32 model.stages=3 model.base_channels=8 model.caption_dim=16 \\
        text_encoder.embedding_dim=16 text_encoder.layers=1 data.size=1000 data.batch_size=16 trainer.precision=fp32 \\
        trainer.max_epochs=2 objective.beta=1,10,100 model.latent_dim=4,8 hydra.sweep.dir=sweep
    python -m cvae_lightning.evaluate captions=160 splits=[test,novel_count] output=trained
    python -m cvae_lightning.evaluate captions=160 splits=[test,novel_count] output=three_steps sampler.steps=3 \\
        sampler.restarts=0
    python docs/make_screenshots.py sweep three_steps trained

`tests/docs/test_screenshots.py` takes the same pictures of a small run.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from markdown_it import MarkdownIt
from PIL import Image
from tensorboard import program

from cvae_lightning import load
from cvae_lightning.reports.compare import compare_report
from cvae_lightning.reports.compared import read_compared
from cvae_lightning.reports.document import Document, to_html
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.reports.evaluation_page import evaluation_page
from cvae_lightning.reports.kept_samples import read_samples
from cvae_lightning.reports.run_page import run_page
from cvae_lightning.reports.run_record import read_run
from cvae_lightning.reports.sweep import sweep_report
from cvae_lightning.runs import read_table
from cvae_lightning.sweeps import criterion, read_sweep
from cvae_lightning.training.loggers.tensorboard import RunTensorBoard

DOCS = Path(__file__).parent
SCREENS = DOCS / "images" / "screens"
EXPERIMENTS = DOCS.parent / "experiments"
RUN, EVALUATION = EXPERIMENTS / "quickstart", EXPERIMENTS / "flagship" / "shipped"
NOTEBOOKS = {"first_pictures": "", "what_beta_does": "pre:has-text('models.items')"}
"""Which notebooks are shown, and from which element on."""
STYLE = """body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 940px }
body { margin: 24px auto; padding: 0 16px }
code { font: 14px/1.45 ui-monospace, monospace; background: #f5f5f5 } pre { background: #f5f5f5; padding: 10px }
img { max-width: 100% }"""
SIZE: Any = {"width": 1180, "height": 820}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 120_000
"""Milliseconds for a page, also on a busy machine."""
COLOURS = 96
"""Of a picture; pages have few, and the files stay small."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def screenshot(page: Any, address: str, ready: str, file: Path, scroll_to: str | None = None) -> None:
    """A picture of a page once an element is there, from the top or from another element on."""
    page.goto(address)
    taken(page, ready, file, scroll_to)


def taken(page: Any, ready: str, file: Path, scroll_to: str | None = None, whole: bool = False) -> None:
    """A picture of the open page once an element is there: of a screen, or of the whole page."""
    page.locator(ready).first.wait_for()
    if scroll_to:
        page.locator(scroll_to).first.scroll_into_view_if_needed()
        page.locator(scroll_to).first.evaluate("one => one.scrollIntoView()")
    page.screenshot(path=file, full_page=whole)
    with Image.open(file) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def report(page: Any, document: Document, file: Path, folder: Path, scroll_to: str | None = None) -> None:
    """A picture of a report."""
    written = folder / f"{file.stem}.html"
    written.write_text(to_html(document))
    screenshot(page, written.resolve().as_uri(), "svg", file, scroll_to)


def reports(page: Any, run: Path, evaluation: Path, folder: Path, output: Path) -> None:
    """The page of a run and of an evaluation."""
    report(page, run_page(read_run(run)), output / "run.png", folder, "h2:has-text('Curves')")
    found = evaluation_page(read_evaluation(evaluation), read_samples(evaluation), evaluation)
    report(page, found, output / "evaluation.png", folder, "h2:has-text('Right samples')")


def comparisons(page: Any, sweep: Path, evaluations: Sequence[Path], folder: Path, output: Path) -> None:
    """The page of a sweep, and the comparison of two evaluations."""
    jobs = read_sweep(str(sweep))
    report(page, sweep_report(jobs, criterion(jobs, "val/distortion")), output / "sweep.png", folder)
    compared = compare_report(read_compared([str(one) for one in evaluations]))
    report(page, compared, output / "compare.png", folder)


def notebooks(page: Any, folder: Path, output: Path) -> None:
    """Notebooks with their outputs, as a page that shows Markdown shows them."""
    head = f'<meta charset=utf-8><base href="{(DOCS / "notebooks").resolve().as_uri()}/"><style>{STYLE}</style>'
    for name, start in NOTEBOOKS.items():
        text = (DOCS / "notebooks" / f"{name}.md").read_text(encoding="utf-8")
        shown = folder / f"{name}.html"
        shown.write_text(head + MarkdownIt().enable("table").render(text), encoding="utf-8")
        screenshot(page, shown.resolve().as_uri(), "img", output / f"notebook_{name}.png", start)


@contextmanager
def demo_server() -> Iterator[str]:
    """The address of the demo of the model that comes with the package.

    It is made before a browser is: the driver of the browser has an event loop, and Gradio would take it for its own.
    """
    from cvae_lightning.web.server import served

    with served(load()) as address:
        yield address


def demo(page: Any, address: str, output: Path) -> None:
    """The demo with what the judge detected, and a word edited."""
    page.goto(address)
    page.locator("#outline input").check()
    taken(page, "#samples figure >> nth=3", output / "demo.png", whole=True)
    page.get_by_role("tab", name="Edit words").click()
    page.locator("#changes button", has_text="blue →").first.click()
    taken(page, "#edits figure >> nth=1", output / "demo_edit.png", "[role=tablist]")


def tensorboard(page: Any, run: Path, folder: Path, output: Path) -> None:
    """TensorBoard's scalars of a run's table."""
    logger = RunTensorBoard(folder / run.name)
    for row in read_table(run / "metrics.csv"):
        values = {name: float(value) for name, value in row.items() if value and name not in ("step", "epoch")}
        logger.log_metrics(values, int(row["step"]))
    samples = np.asarray(Image.open(run / "generated_samples.png").convert("RGB"))
    logger.experiment.add_image("samples", samples, int(row["step"]), dataformats="HWC")
    logger.experiment.close()
    board = program.TensorBoard()
    flags = {"logdir": folder, "host": "127.0.0.1", "port": 0, "load_fast": "false"}
    board.configure(argv=["", *(word for name, value in flags.items() for word in (f"--{name}", str(value)))])
    for talker in ("tensorboard", "werkzeug"):
        logging.getLogger(talker).setLevel(logging.WARNING)
    address = board.launch()
    screenshot(page, f"{address}#scalars", "tf-scalar-card", output / "tensorboard.png")


def play(page: Any, output: Path) -> None:
    """The page without a server, after it has painted."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(DOCS / "play")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.set_viewport_size({"width": 760, "height": 460})
    screenshot(page, f"http://127.0.0.1:{server.server_port}/", "canvas >> nth=3", output / "play.png")
    server.shutdown()


@contextmanager
def browser_page(path: str) -> Iterator[Any]:
    """A page of a browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(TIMEOUT)
        yield page
        browser.close()


def main() -> None:
    sweep_and_evaluations = sys.argv[1:]
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, demo_server() as address, browser_page(path) as page:
        demo(page, address, SCREENS)
        notebooks(page, Path(name), SCREENS)
        reports(page, RUN, EVALUATION, Path(name), SCREENS)
        if sweep_and_evaluations:
            sweep, *evaluations = map(Path, sweep_and_evaluations)
            comparisons(page, sweep, evaluations, Path(name), SCREENS)
        tensorboard(page, RUN, Path(name), SCREENS)
        play(page, SCREENS)


if __name__ == "__main__":
    main()
