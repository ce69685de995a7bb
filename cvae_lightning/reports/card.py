"""The model card of exported weights: what the model is, how it was made, how good it is and how it is used."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from cvae_lightning.reports.evaluation import table
from cvae_lightning.reports.summary import percent, with_interval
from cvae_lightning.runs import WEIGHTS, override_key
from cvae_lightning.world import COLOURS, SHAPES, SIZES
from cvae_lightning.world.captions import LINK_WORDS

Plain = Mapping[str, Any]


class CardFacts(NamedTuple):
    """What a card tells; records that do not exist are empty.

    Attributes:
        image_size: side of its pictures.
        latent_dim: Z.
        parts: class names of its parts.
        parameters: how many it has.
        precision: how they are stored, in words.
        size: bytes of the file.
        config: of the run.
        environment: ``environment.json`` of the run.
        metrics: ``metrics.json`` of the run.
        evaluation: ``evaluation.json``.
    """

    image_size: int
    latent_dim: int
    parts: Mapping[str, str]
    parameters: int
    precision: str
    size: int
    config: Plain
    environment: Plain
    metrics: Plain
    evaluation: Plain


def model_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    parts = [
        f"# {facts.config.get('name', 'A trained model')}\n",
        f"A conditional VAE that paints captions of the shape world as pictures of {facts.image_size} px: "
        f"*a large blue square above 3 small red circles*. Made with cvae_lightning.\n",
        "## What it is\n",
        _model(facts),
        "## How to use it\n",
        USAGE,
        "## Data\n",
        _data(facts.config),
        "## Training\n",
        _training(facts),
        "## How good it is\n",
        _quality(facts),
        "## Intended use\n",
        "To study how a caption becomes a picture where the truth of each picture is known exactly, to compare other "
        "models with, and to try the package before training anything.\n",
        "## Limits\n",
        LIMITS,
        "## Licence\n",
        "MIT, as the package. The data are drawn by the package, so no other licence applies.\n",
    ]
    return "\n".join(parts)


USAGE = f"""From this folder, with cvae_lightning installed:

```python
from cvae_lightning import load

painter = load("{WEIGHTS}")
painter("a large blue square above 3 small red circles", num_samples=4, seed=0)[0].save("square.png")
```

```bash
python -m cvae_lightning.generate run={WEIGHTS} 'captions=["a large blue square above 3 small red circles"]'
```

The file is safetensors: tensors and, in its header, JSON text with the model's blueprint and vocabulary. It holds no
code, and only parts of the package are built from it.
"""

LIMITS = f"""- It knows {len(COLOURS)} colours, {len(SHAPES)} shapes, {len(SIZES)} sizes, {len(LINK_WORDS)} ways to join
  two groups, and nothing else: it is no model of photographs or of free English. Other words are refused.
- A picture may be wrong, most often in what the evaluation says. The package's judge tells which ones are; `best_of=8`
  paints again until the judge agrees.
- Pictures come at one size, and at most two groups of things are named by a caption.
"""


def _model(facts: CardFacts) -> str:
    rows = [[name.replace("_", " "), f"`{part}`"] for name, part in facts.parts.items()]
    rows += [
        ["latent", f"{facts.latent_dim} numbers"],
        ["parameters", f"{facts.parameters / 1e6:.2f} million"],
        ["weights", f"{facts.precision}; {facts.size / 1e6:.1f} MB; scalars and vectors as trained"],
    ]
    return table(["part", ""], rows)


def _data(config: Plain) -> str:
    source = "Scenes, captions and pictures are drawn by the package itself; nothing was collected from anywhere."
    held = (
        "Meanings that one of the `novel_pair`, `novel_count` and `novel_relation` splits accepts were never shown in "
        "training."
    )
    if not (data := config.get("data")):
        return f"{source} {held}\n"
    drawn = f"{data['size']:,} scenes of {data['canvas_size']} pixels, data seed {data['seed']}"
    return f"{source} {drawn}, of which {100 * data['val_fraction']:g} % are validation. {held}\n"


def _training(facts: CardFacts) -> str:
    ran, done, machine = facts.environment, facts.metrics, facts.environment.get("machine", {})
    git, packages = ran.get("git", {}), ran.get("packages", {})
    changed = " with uncommitted changes" if git.get("changes") else ""
    known = {
        "seed": facts.config.get("seed"),
        "steps": f"{done['steps']:,} ({done['epochs']} epochs)" if "steps" in done else None,
        "time": f"{done['training_minutes']} minutes, {done['images_per_second']} images/s"
        if "steps" in done
        else None,
        "hardware": done.get("hardware"),
        "machine": f"{machine['cores']} cores, {machine['processor']}" if machine else None,
        "versions": ", ".join(f"{name} {version}" for name, version in packages.items()) or None,
        "commit": f"{git['commit']}{changed}" if git.get("commit") else None,
    }
    rows = [[name, str(value)] for name, value in known.items() if value is not None]
    begin = f"```\n{command_of(ran['command'])}\n```\n" if "command" in ran else ""
    return "\n".join(one for one in (begin, table(["", ""], rows) if rows else "") if one) or "Not recorded.\n"


def command_of(words: str) -> str:
    """A run's command without where it wrote, which is not what it was."""
    return shlex.join(word for word in shlex.split(words) if not override_key(word).startswith("hydra."))


def _quality(facts: CardFacts) -> str:
    shown = {name: value for name, value in facts.metrics.get("metrics", {}).items() if name.startswith("val/")}
    parts = []
    if facts.evaluation:
        parts += [_evaluation(facts.evaluation)]
    if shown:
        rows = [[f"`{name}`", f"{value:.6g}"] for name, value in shown.items()]
        parts += ["At the end of training, which is not always the checkpoint kept as best:\n", table(["", ""], rows)]
    return "\n".join(parts) or "Not measured.\n"


def _evaluation(found: Plain) -> str:
    settings = found["settings"]
    rows = [
        [f"`{split}`", *(with_interval(one[kind]["atoms"]["all"]) for kind in ("samples", "reconstructions"))]
        for split, one in found["splits"].items()
    ]
    source = "these weights" if found["checkpoint"]["name"] == WEIGHTS else "the checkpoint before rounding"
    words = (
        f"Pictures that say exactly what their captions say, by a judge that sees pixels alone: {settings['captions']} "
        f"captions of each split, one sample each, seed {settings['seed']}, 95 % intervals. Measured on {source}.\n"
    )
    return "\n".join([words, table(["split", "samples", "reconstructions"], rows), _places(found["diversity"])])


def _places(diversity: Plain) -> str:
    """How much of the places that real scenes use its right pictures use (Naeem et al. 2020)."""
    if not diversity.get("measured"):
        return ""
    model, real = (percent(diversity["coverage"][side]) for side in ("model", "real"))
    return f"Coverage of positions given the caption: {model}; as many real scenes have {real}.\n"
