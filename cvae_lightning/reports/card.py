"""The model card of exported weights: what the model is, how to use it, how it was trained and how good it is.

Its header is the metadata that model hubs read (https://huggingface.co/docs/hub/model-cards). It is written here,
because ``huggingface_hub`` would bring an HTTP client for a few lines of YAML; a test reads it with that package.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cvae_lightning.evaluation.given_information import given_information
from cvae_lightning.reports.card_pictures import pictures_card
from cvae_lightning.reports.templating import render, with_interval
from cvae_lightning.runs import WEIGHTS, override_key
from cvae_lightning.runs.counted import counted
from cvae_lightning.world import CaptionError, World, from_plain, parse

Plain = Mapping[str, Any]
KINDS = {"samples": "Text-to-image", "reconstructions": "Reconstruction"}
"""What of an evaluation the metadata gives, as the name of a task."""
REPOSITORY_TYPE = "shape-world"
"""The data set's identifier in the metadata."""
EXAMPLE = "a large blue square above 3 small red circles"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a card is composed from; records that do not exist are empty.

    Attributes:
        image_size: side of its pictures.
        latent_dim: Z.
        parts: class names of its parts.
        blueprint: of the model.
        parameters: how many it has.
        precision: how they are stored, in words.
        size: bytes of the file.
        world: of its captions, as plain data; None for captions of any text.
        config: of the run.
        environment: ``environment.json`` of the run.
        metrics: ``metrics.json`` of the run.
        evaluation: ``evaluation.json``.
    """

    image_size: int
    latent_dim: int
    parts: Mapping[str, str]
    blueprint: Plain
    parameters: int
    precision: str
    size: int
    world: Plain | None
    config: Plain
    environment: Plain
    metrics: Plain
    evaluation: Plain


def model_card(facts: CardFacts) -> str:
    """The card as Markdown under its metadata."""
    name = str(facts.config.get("name", "A trained model"))
    if facts.world is None:
        return pictures_card(facts, _sections(facts, name))
    return render(
        "card.md.j2",
        metadata=yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True),
        name=name,
        image_size=facts.image_size,
        weights=WEIGHTS,
        model=_model(facts),
        given=given_information(facts.blueprint),
        data=facts.config.get("data"),
        command=command_of(facts.environment["command"]) if "command" in facts.environment else "",
        training=list(_training(facts)),
        evaluation=_evaluation(facts.evaluation) if facts.evaluation else None,
        validation=_validation(facts),
        num_words={part: len(facts.world["language"][part]) for part in ("colours", "shapes", "sizes", "links")},
        max_groups=facts.world["max_groups"],
        novel=from_plain(facts.world).splits.names[3:],
        example=_example(from_plain(facts.world)),
    )


def _example(world: World) -> str:
    """A caption: the one that all pages use, where the world has it."""
    try:
        parse(EXAMPLE, world=world)
    except CaptionError:
        return world.language.examples[0]
    return EXAMPLE


def _sections(facts: CardFacts, name: str) -> dict[str, Any]:
    """What a card says whatever the model was trained on."""
    return {
        "name": name,
        "metadata": metadata(facts) | {"license": "other"},
        "model": _model(facts),
        "command": command_of(facts.environment["command"]) if "command" in facts.environment else "",
        "training": list(_training(facts)),
        "validation": _validation(facts),
    }


def _validation(facts: CardFacts) -> list[list[str]]:
    metrics = facts.metrics.get("metrics", {}).items()
    return [[f"`{metric}`", f"{value:.6g}"] for metric, value in metrics if metric.startswith("val/")]


def metadata(facts: CardFacts) -> dict[str, Any]:
    """The card's header: licence, task and, with an evaluation, its results, as a hub reads them."""
    header: dict[str, Any] = {
        "license": "mit",
        "language": "en",
        "library_name": "cvae_lightning",
        "pipeline_tag": "text-to-image",
        "tags": ["conditional-vae", "text-to-image", "pytorch-lightning", "safetensors"],
    }
    if facts.evaluation and facts.world is not None:
        name = str(facts.config.get("name", "cvae_lightning"))
        header["model-index"] = [{"name": name, "results": list(_results(facts.evaluation))}]
    return header


def _results(evaluation: Plain) -> Iterator[dict[str, Any]]:
    for split, found in evaluation["splits"].items():
        for kind, task in KINDS.items():
            tally = found[kind]["atoms"]["all"]
            metric = {
                "type": "accuracy",
                "name": f"caption consistency of {kind}, all atoms",
                "value": round(tally["share"], 6),
                "args": {"low": round(tally["low"], 6), "high": round(tally["high"], 6), "of": tally["of"]},
            }
            yield {
                "task": {"type": "text-to-image", "name": task},
                "dataset": {"type": REPOSITORY_TYPE, "name": "shape world", "split": split},
                "metrics": [metric],
            }


def _model(facts: CardFacts) -> list[list[str]]:
    return [
        *([name.replace("_", " "), f"`{part}`"] for name, part in facts.parts.items()),
        ["latent", f"{facts.latent_dim} numbers"],
        ["parameters", f"{facts.parameters / 1e6:.2f} million"],
        ["weights", f"{facts.precision}; {facts.size / 1e6:.1f} MB; scalars and vectors as trained"],
    ]


def _training(facts: CardFacts) -> Iterator[Sequence[str]]:
    """What is recorded of the training, as rows of a name and a value."""
    environment, metrics = facts.environment, facts.metrics
    if facts.config.get("seed") is not None:
        yield "seed", str(facts.config["seed"])
    if "steps" in metrics:
        yield "steps", f"{metrics['steps']:,} ({counted(metrics['epochs'], 'epoch')})"
        yield "time", f"{metrics['training_minutes']} minutes, {metrics['images_per_second']} images/s"
    if metrics.get("hardware") is not None:
        yield "hardware", str(metrics["hardware"])
    if machine := environment.get("machine"):
        yield "machine", f"{machine['cores']} cores, {machine['processor']}"
    if packages := environment.get("packages"):
        yield "versions", ", ".join(f"{name} {version}" for name, version in packages.items())
    git = environment.get("git", {})
    if git.get("commit"):
        yield "commit", f"{git['commit']}{' with uncommitted changes' if git.get('changes') else ''}"


def command_of(command: str) -> str:
    """A run's command without what names folders of one machine: Hydra's own settings, and the run it resumed.

    Example:
        >>> command_of("python -m cvae_lightning.train seed=1 hydra.run.dir=run")
        'python -m cvae_lightning.train seed=1'
    """
    keys = ("hydra.", "resume")
    return shlex.join(word for word in shlex.split(command) if not override_key(word).startswith(keys))


def _evaluation(found: Plain) -> dict[str, Any]:
    kinds = ("samples", "reconstructions")
    return {
        "captions": found["settings"]["captions"],
        "seed": found["settings"]["seed"],
        "source": "these weights" if found["checkpoint"]["name"] == WEIGHTS else "the checkpoint before rounding",
        "rows": [
            [f"`{split}`", *(with_interval(result[kind]["atoms"]["all"]) for kind in kinds)]
            for split, result in found["splits"].items()
        ],
        "coverage": found["diversity"]["coverage"] if found["diversity"].get("measured") else None,
    }
