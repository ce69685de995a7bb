"""The work of ``judge``: judge pictures of any generator by their captions."""

import json
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.captioned_images.declared import declared_world
from cvae_lightning.captioned_images.read import find_captioned
from cvae_lightning.captioned_images.records import json_lines
from cvae_lightning.cli.progress import progress
from cvae_lightning.cli.result import done
from cvae_lightning.cli.values import texts, world_of
from cvae_lightning.evaluation.judge_pictures import accuracy, judge_files, read_meanings, result_lines
from cvae_lightning.reports.judged import accuracy_text, wrong_page
from cvae_lightning.runs import write_new
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.runs.layout import ACCURACY, JUDGED, WRONG_PAGE
from cvae_lightning.world import DEFAULT


def job(config: DictConfig) -> None:
    """Read, judge, write the results and print how many are right."""
    output = Path(config.output)
    refuse_existing([output / name for name in (JUDGED, ACCURACY, WRONG_PAGE)])
    names, captions = texts(config.images), None if config.captions is None else texts(config.captions)
    world = world_of(config.world) if config.get("world") else declared_world(names) or DEFAULT
    sources = find_captioned(names, captions, config.caption_column)
    meanings = read_meanings(sources, world)
    with progress("pictures", len(sources)) as advance:
        judged = judge_files(sources, meanings, advance, world)
    shares = accuracy(judged)
    files = {JUDGED: json_lines(list(result_lines(judged))), ACCURACY: json.dumps(shares, indent=1) + "\n"}
    if config.html:
        files[WRONG_PAGE] = wrong_page(judged, shares)
    done(write_new(output, {name: text.encode() for name, text in files.items()}), accuracy_text(shares))
