"""Write the pictures of pages in `docs/images/screens/`: reports, TensorBoard and the page that paints in a browser.

    python -m cvae_lightning.evaluate captions=160 splits=[test,novel_count] output=trained
    python -m cvae_lightning.evaluate captions=160 splits=[test,novel_count] output=three_steps sampler.steps=3 \\
        sampler.restarts=0
    python docs/make_screenshots.py three_steps trained

The run is the published quickstart; its table is replayed for TensorBoard. `tests/docs/test_screenshots.py` takes the
same pictures of a small run.
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
from PIL import Image
from tensorboard import program

from cvae_lightning.reports.compare import compare_report
from cvae_lightning.reports.compared import read_compared
from cvae_lightning.reports.document import Document, to_html
from cvae_lightning.reports.run_page import run_page
from cvae_lightning.reports.run_record import read_run
from cvae_lightning.runs import read_table
from cvae_lightning.training.loggers.tensorboard import RunTensorBoard

DOCS = Path(__file__).parent
SCREENS = DOCS / "images" / "screens"
RUN = DOCS.parent / "experiments" / "quickstart"
SIZE = {"width": 1180, "height": 820}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 96
"""Of a picture; pages have few, and the files stay small."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def screenshot(page: Any, address: str, ready: str, file: Path, scroll_to: str | None = None) -> None:
    """A picture of a page once an element is there, from the top or from another element on."""
    page.goto(address)
    page.locator(ready).first.wait_for(timeout=120_000)
    if scroll_to:
        page.locator(scroll_to).first.scroll_into_view_if_needed()
        page.locator(scroll_to).first.evaluate("one => one.scrollIntoView()")
    page.screenshot(path=file)
    with Image.open(file) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def reports(page: Any, run: Path, evaluations: Sequence[Path], folder: Path, output: Path) -> None:
    """The page of a run, its pictures, and the comparison of two evaluations."""

    def written(name: str, document: Document) -> str:
        file = folder / f"{name}.html"
        file.write_text(to_html(document))
        return file.resolve().as_uri()

    address = written("run", run_page(read_run(run)))
    screenshot(page, address, "svg", output / "run.png", "h2:has-text('Curves')")
    compared = compare_report(read_compared([str(one) for one in evaluations]))
    screenshot(page, written("compare", compared), "svg", output / "compare.png")


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
        yield browser.new_page(viewport=SIZE)
        browser.close()


def main() -> None:
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser_page(path) as page:
        reports(page, RUN, [Path(one) for one in sys.argv[1:]], Path(name), SCREENS)
        tensorboard(page, RUN, Path(name), SCREENS)
        play(page, SCREENS)


if __name__ == "__main__":
    main()
