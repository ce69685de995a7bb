"""A hub can read the card, and the card says of the evaluation what the evaluation says."""

import json

import pytest
import yaml
from huggingface_hub import ModelCard
from support import ROOT

from cvae_lightning.reports.card import CardFacts, model_card
from cvae_lightning.world import DEFAULT, to_plain

FLAGSHIP = ROOT / "experiments" / "flagship"


def card(**records: object) -> str:
    empty: dict = {"config": {}, "environment": {}, "metrics": {}, "evaluation": {}, "world": to_plain(DEFAULT)}
    parts = {"text_encoder": "A", "encoder": "B"}
    sizes = {"image_size": 64, "latent_dim": 20, "parameters": 1_234_567, "size": 2_345_678}
    return model_card(CardFacts(parts=parts, blueprint={}, precision="mixed", **sizes, **(empty | records)))


@pytest.fixture(scope="module")
def evaluation() -> dict:
    return json.loads((FLAGSHIP / "evaluation" / "evaluation.json").read_text())


def test_a_hub_reads_the_metadata(evaluation: dict) -> None:
    config = yaml.safe_load((FLAGSHIP / "config.yaml").read_text())
    data = ModelCard(card(config=config, evaluation=evaluation)).data
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "cvae_lightning", "text-to-image")
    assert data.model_name == "flagship"
    assert len(data.eval_results) == 2 * len(evaluation["splits"])
    read = {(r.dataset_split, r.task_name): r for r in data.eval_results}
    for split, found in evaluation["splits"].items():
        for kind, task in (("samples", "Text-to-image"), ("reconstructions", "Reconstruction")):
            tally = found[kind]["atoms"]["all"]
            assert read[split, task].metric_value == pytest.approx(tally["share"], abs=1e-6)
            assert read[split, task].metric_args["of"] == tally["of"]
            assert read[split, task].metric_type == "accuracy"


def test_a_card_without_records_is_readable_and_says_so() -> None:
    text = card()
    assert ModelCard(text).data.eval_results is None
    assert "## Training\n\nNot recorded.\n" in text
    assert "## How good it is\n\nNot measured.\n" in text


def test_a_name_cannot_leave_the_metadata() -> None:
    name = "x\n---\nlicense: other: [\n"
    text = card(
        config={"name": name},
        evaluation={"splits": {}, "settings": {"captions": 1, "seed": 0}}
        | {"checkpoint": {"name": "a"}, "diversity": {}},
    )
    header = text.split("---\n")[1]
    assert ModelCard(text).data.license == "mit"
    assert "license: mit" in header
