"""The report names what is wrong, and its pictures show it."""

from dataclasses import replace

import numpy as np
import pytest

from cvae_lightning.evaluation.consistency import JudgedImage, judged
from cvae_lightning.evaluation.model_adapter import ReconstructionStats
from cvae_lightning.evaluation.split_result import SplitResult, findings
from cvae_lightning.pictures.frames import CORRECT, WRONG
from cvae_lightning.reports.evaluation import evaluation_report
from cvae_lightning.reports.evaluation_pictures import draw_evaluation, judged_grid, position_map
from cvae_lightning.reports.summary import summary_sentences
from cvae_lightning.world import Scene, render, sample, scene_rng

COUNT, SIDE = 60, 64


def survey(edit, split="test") -> SplitResult:
    """What a painter would show that draws each thing as ``edit`` has it, and reconstructs truly."""
    drawn = [sample(scene_rng(0, split, i), split) for i in range(COUNT)]
    meanings, scenes = [meaning for meaning, _ in drawn], [scene for _, scene in drawn]
    real = render(scenes, SIDE)
    painted = render([Scene(tuple(edit(t) for t in scene.things)) for scene in scenes], SIDE)
    zeros = np.zeros((COUNT, 4))
    stats = ReconstructionStats(real[:16], zeros[:, 0] - 9000, zeros + 2, zeros, zeros)
    weights = np.full((8, 3), -8900.0)
    right = judged(real, meanings)
    return SplitResult(
        captions=[f"caption {i}" for i in range(COUNT)],
        real=right,
        samples=judged(painted, meanings),
        reconstructed=right,
        stats=stats,
        log_weights=weights,
        originals=real[:16],
        painted=painted[:16],
    )


def results_of(surveys, diversity):
    return {
        "checkpoint": {"name": "best.ckpt", "sha256": "0"},
        "settings": {"captions": COUNT, "seed": 0, "world": {"seed": 0, "train_size": 180}},
        "given": ["Reading: words."],
        "bounds_prior": "N(0, I), which samples are drawn from",
        "prior_bound": {"split": "test", "images": 8, "rate": 44.5, "base_rate": 52.1, "error": 0.9}
        | {"elbo": 77_000.0, "base_elbo": 76_992.4},
        "fixed_caption": {"captions": 1, "scenes": 16, "units": 4, "active_units": 0},
        "image_size": SIDE,
        "splits": {split: findings(result) | {"novelty": NOVELTY} for split, result in surveys.items()},
        "diversity": diversity,
    }


TALLY = {"passed": 9, "of": 10, "share": 0.9, "low": 0.6, "high": 0.98}
NOVELTY = {"wording": {"new": TALLY}, "meaning": {"known": TALLY, "new": TALLY}, "content": {"known": TALLY}}
VARIETY = {"ratio": 0.64, "low": 0.55, "high": 0.75, "by_object": [0.6]}
UNMEASURED = {"captions": 1, "measured": 0, "rows": [{"caption": "a red star", "right": 3, "of": 64}]}
MEASURED = {
    "captions": 1,
    "measured": 1,
    "coverage": {"model": 0.6, "real": 0.96, "ratio": 0.625},
    "spread": {"model": 0.3, "real": 0.3, "ratio": 1.0},
    "variety": {"mean": 0.64, "worst": VARIETY | {"caption": "a red star"}},
    "rows": [
        {
            "caption": "a red star",
            "right": 60,
            "of": 64,
            "coverage": {"model": 0.6, "real": 0.96},
            "spread": {"model": 0.3, "real": 0.3},
            "variety": VARIETY,
        }
    ],
}


def rounded_stars(thing):
    return replace(thing, shape="circle") if thing.shape == "star" else thing


@pytest.fixture(scope="module")
def starless() -> dict[str, SplitResult]:
    return {"test": survey(rounded_stars), "novel_count": survey(rounded_stars, "novel_count")}


def test_the_reading_names_the_error(starless) -> None:
    text = "\n".join(summary_sentences(results_of(starless, UNMEASURED)))
    stars = sum(g.count for case in starless["test"].samples for g in case.meaning.groups if g.shape == "star")
    wrong = sum(not case.verdict.all for case in starless["test"].samples)
    assert f"in the {wrong} wrong samples: shape in 100.0 % (alone in " in text
    assert f"confusions: shape star seen as circle, {stars} of {stars}." in text
    assert "below the average" in text
    assert "shape star: 0.0 %" in text
    assert "so captions are used" in text
    assert "`novel_count`" in text
    assert "0 of 4 latents are active at a fixed caption (0 over all captions): the posterior has collapsed" in text
    assert "the most is 3 of 64" in text


def test_a_perfect_model_has_no_listed_errors() -> None:
    text = "\n".join(summary_sentences(results_of({"test": survey(lambda thing: thing)}, MEASURED)))
    assert "100.0 % (94.0 to 100.0) are painted right" in text
    assert "wrong sample" not in text
    assert "confusions" not in text
    assert "cover 62.5 % of what real scenes cover, not within 10.0 % of them" in text


def test_numbers_of_a_survey_are_those_of_its_arrays(starless) -> None:
    found = findings(starless["test"])
    assert found["bounds"]["elbo"] == 9000 - 4 * 2
    assert found["bounds"]["importance_weighted"]["bound"] == pytest.approx(-8900)
    assert found["latent"] == {"units": 4, "active_units": 0, "rate_by_dimension": [2.0] * 4}
    assert found["real"]["atoms"]["all"]["share"] == found["reconstructions"]["atoms"]["all"]["share"] == 1


@pytest.mark.slow
def test_the_report_is_whole_and_shows_pictures_that_are_written(starless, tmp_path) -> None:
    results = results_of(starless, MEASURED)
    text = evaluation_report(results)
    draw_evaluation(results, starless, tmp_path)
    shown = {line.split("(")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")}
    assert shown == {path.name for path in tmp_path.iterdir()}
    assert "| star |" in text
    assert "nan" not in text.lower().split()
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in table.strip().splitlines()}) == 1 for table in tables)


def test_frames_are_green_where_the_judge_passes(starless) -> None:
    result = starless["test"]
    page = np.asarray(judged_grid(result.painted[:8], result.samples[:8], result.captions[:8]))
    enlarged = SIDE * 3
    colours = [tuple(page[20, 8 + column * (enlarged + 8) - 2].tolist()) for column in range(8)]
    assert colours == [CORRECT if image.verdict.all else WRONG for image in result.samples[:8]]
    assert len(set(colours)) == 2


def test_the_map_of_positions_shows_a_gap() -> None:
    cases = [
        JudgedImage(c.meaning, tuple(t for t in c.things if t.x < 0.5), c.verdict) for c in survey(rounded_stars).real
    ]
    density = position_map(cases)
    assert density.sum() == pytest.approx(1)
    assert density[:, 8:].sum() == 0
    assert density[:8].sum() > 0.2


def test_new_captions_are_counted_apart_or_reported_as_unknown(starless) -> None:
    results = results_of(starless, MEASURED)
    text = evaluation_report(results)
    assert "captions of all 180 training scenes" in text
    assert "| `test` | word for word | 0 |  | 10 | 90.0 % (60.0 to 98.0) |" in text
    assert "| `novel_count` | meaning: synonyms are equal | 10 | 90.0 % (60.0 to 98.0) | 10 |" in text
    assert "right are 90.0 % (60.0 to 98.0) of 10 captions that training had." in text
    results["settings"]["world"]["train_size"] = None
    for found in results["splits"].values():
        del found["novelty"]
    unknown = evaluation_report(results)
    assert "Not known: without the run's `config.yaml`" in unknown
    assert "captions that training had." not in unknown


def test_the_report_says_what_is_given_which_prior_and_how_varied(starless) -> None:
    text = evaluation_report(results_of(starless, MEASURED))
    assert "- Reading: words." in text
    assert "Rates and bounds are under N(0, I), which samples are drawn from." in text
    assert "Under the prior itself the rate of the first 8 images of `test` is 44.5 nats" in text
    assert "At a fixed caption 0 of 4 units are active" in text
    assert "| 0.64 (0.55 to 0.75) | 0.60 |" in text
    assert "the least varied caption is *a red star* with 64.0 % (55 to 75)" in text
