"""What single keys may be, where neither a default value nor a constructor says it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from cvae_lightning.cli.machine import DEVICES, PRECISIONS
from cvae_lightning.cli.messages import shown
from cvae_lightning.errors import nearest_hint
from cvae_lightning.type_hints import is_kind

SEEDS = 2**32 - 1
"""The largest seed that every generator takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a key may be.

    Attributes:
        kinds: types of the value, of a list's items where ``many``.
        words: what is expected, for the message.
        lowest, highest: of numbers, both included.
        above: numbers are greater than this.
        without: numbers that are refused all the same, but as items of a list.
        choices: texts that are allowed; all where there are none.
        optional: whether null is allowed.
        many: whether a list is allowed, too.
        forbidden: characters that a text must not have.
    """

    kinds: tuple[type, ...]
    words: str
    lowest: float = -math.inf
    highest: float = math.inf
    above: float = -math.inf
    without: Sequence[float] = ()
    choices: Sequence[str] = ()
    optional: bool = False
    many: bool = False
    forbidden: str = ""

    def complaint(self, value: Any) -> str | None:
        """What was expected instead of a value; None for one that fits."""
        if value is None:
            return None if self.optional else self.words
        items = value if self.many and isinstance(value, list) else [value]
        if items and value not in self.without and all(self._fits(item) for item in items):
            return None
        counts = is_kind(value, (int,)) and is_kind(value, self.kinds)
        if counts and value < self.lowest and self.lowest >= 0 and not self.optional:
            return f"at least {self.lowest:g}"
        return self.words + self._hint(value)

    def _fits(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return isinstance(value, self.kinds) and self._is_choice(value) and is_kind(value, self.kinds)
        return is_kind(value, self.kinds) and self.lowest <= value <= self.highest and value > self.above

    def _is_choice(self, value: Any) -> bool:
        if not isinstance(value, str):
            return True
        return value != "" and (not self.choices or value in self.choices) and not set(value) & set(self.forbidden)

    def _hint(self, value: Any) -> str:
        return nearest_hint(value, self.choices) if isinstance(value, str) and self.choices else ""


def _whole(lowest: int, highest: float = math.inf, optional: bool = False) -> Rule:
    top = f" to {highest:.0f}" if highest < math.inf else " or more"
    words = f"a whole number of {lowest}{top}" + (", or null" if optional else "")
    return Rule(kinds=(int,), words=words, lowest=lowest, highest=highest, optional=optional)


def _limit(things: str, optional: bool = False) -> Rule:
    words = f"a number of {things}, at least 1, or -1 for no limit"
    return Rule(kinds=(int,), words=words, lowest=-1, without=(0,), optional=optional)


def _number(words: str, **limits: Any) -> Rule:
    return Rule(kinds=(float,), words=words, **limits)


def _choice(*choices: str) -> Rule:
    return Rule(kinds=(str,), words=f"{', '.join(choices)} or null", choices=choices, optional=True)


SHARE = "a whole number of batches, 1 or more, or a share of them such as 0.5"
PATH = Rule(kinds=(str,), words="a path", optional=True)
CAPTIONS = Rule(
    kinds=(str,), words="at least one caption, each a text in quotes, such as 'captions=[\"a red star\"]'", many=True
)
TEXTS = Rule(kinds=(str,), words="a text or a list of texts", many=True)
RULES: dict[str, Rule] = {
    "seed": _whole(0, SEEDS),
    "*.seed": _whole(0, SEEDS),
    "data.shuffle_seed": _whole(0, SEEDS),
    "name": Rule(kinds=(str,), words="a name without slashes, such as default", forbidden="/\\"),
    "output": Rule(kinds=(str,), words="a folder"),
    "run": PATH,
    "resume": PATH,
    "initial_weights": PATH,
    "evaluation": PATH,
    "sweep": Rule(kinds=(str,), words="the folder of a multirun or of a search", optional=True),
    "compare": Rule(kinds=(str,), words="two evaluations' folders, such as [first,second]", optional=True, many=True),
    "generate captions": CAPTIONS,
    "judge captions": replace(CAPTIONS, optional=True),
    "reconstruct captions": replace(CAPTIONS, optional=True),
    "imports": Rule(kinds=(str,), words="names of modules, such as [my_parts]", many=True, optional=True),
    "images": TEXTS,
    "splits": replace(TEXTS, optional=True),
    "split": TEXTS,
    "size": _whole(1, 1_000_000),
    "image_size": _whole(32, 512),
    "mode": _choice("max", "min"),
    "channels_last": Rule(kinds=(str, bool), words="auto, true or false", choices=("auto",)),
    "side_thread": Rule(kinds=(str, bool), words="auto, true or false", choices=("auto",)),
    "clip_by_part": Rule(kinds=(bool,), words="true or false"),
    "device": Rule(kinds=(str,), words="auto, cpu, cuda", choices=DEVICES),
    "batch_size": _whole(1),
    "num_samples": _whole(1),
    "port": _whole(0, 65535),
    "best_of": _whole(1),
    "scenes": _whole(1),
    "num_workers": _whole(0, 128),
    "data.num_workers": _whole(0, 128, optional=True),
    "model.vocab_size": Rule(kinds=(), words="null, for it is the fitted tokenizer's", optional=True),
    "*.vocab_size": Rule(kinds=(), words="null, for it is the fitted tokenizer's", optional=True),
    "*.lexicon": Rule(kinds=(), words="null, for it is the fitted tokenizer's", optional=True),
    "*.num_groups": Rule(kinds=(), words="null, for it is the world's", optional=True),
    "*.objects_per_group": Rule(kinds=(), words="null, for it is the world's", optional=True),
    "*.resume_step": Rule(kinds=(), words="null, for resume= sets it", optional=True),
    "sampler.steps": _whole(1, optional=True),
    "sampler.solver": _choice("euler", "midpoint", "heun"),
    "sampler.guidance_scale": _number("a number of 0 or more, or null", lowest=0, highest=1e6, optional=True),
    "sampler.restarts": _whole(0, optional=True),
    "sampler.restart_time": _number("a number from 0 to 1, or null", lowest=0, highest=1, optional=True),
    "optimizer.lr": _number("a learning rate above 0 and at most 10", above=0, highest=10),
    "*.optimizer.lr": _number("a learning rate above 0 and at most 10", above=0, highest=10),
    "trainer.accelerator": Rule(kinds=(str,), words="auto, cpu or gpu", choices=("auto", "cpu", "gpu", "cuda")),
    "trainer.devices": Rule(
        kinds=(int, str),
        words="a number of devices, their indices such as [0,1], auto, or -1 for all",
        lowest=-1,
        without=(0,),
        choices=("auto",),
        many=True,
    ),
    "trainer.precision": Rule(
        kinds=(str, int),
        words="auto, fp32, bf16 or fp16",
        choices=("auto", *PRECISIONS),
        above=31,  # 32 may be written as a number
        highest=32,
    ),
    "trainer.max_epochs": _limit("epochs", optional=True),
    "trainer.max_steps": _limit("steps"),
    "trainer.accumulate_grad_batches": _whole(1),
    "trainer.gradient_clip_val": _number("a number of 0 or more, or null", lowest=0, highest=1e30, optional=True),
    "trainer.check_val_every_n_epoch": _whole(1),
    "trainer.log_every_n_steps": _whole(1),
    "trainer.num_sanity_val_steps": _whole(0),
    "trainer.limit_val_batches": _number(f"0 for no validation, {SHARE}", lowest=0),
    "trainer.limit_*_batches": _number(SHARE, above=0),
    "trainer.profiler": _choice("simple", "advanced", "pytorch"),
    "trainer.fast_dev_run": Rule(kinds=(bool, int), words="true, false or a number of batches", lowest=1),
    "callbacks.*.every_n_epochs": _whole(1),
    "callbacks.*.count": _whole(1),
    "callbacks.*.save_top_k": _whole(-1),
    "callbacks.*.after_epochs": _whole(0),
    "callbacks.*.decay": _number("a number from 0 to below 1, or null", lowest=0, highest=1 - 1e-9, optional=True),
    "benchmark.warmup": _whole(0),
    "benchmark.rounds": _whole(1),
    "benchmark.against": Rule(kinds=(str,), words="a git revision, such as HEAD~1, or null", optional=True),
    "benchmark.compare": Rule(
        kinds=(str,),
        words="a list of some of loops, precision, memory_format, threads, side_thread, compile and clip_by_part",
        choices=("loops", "precision", "memory_format", "threads", "side_thread", "compile", "clip_by_part"),
        many=True,
    ),
}
"""By key, with ``*`` for any text, or by command and key; the first that fits counts."""


def rule_of(key: str, command: str = "") -> Rule | None:
    """The rule of a command's key, or None."""
    if rule := RULES.get(f"{command} {key}") or RULES.get(key):
        return rule
    return next((rule for pattern, rule in RULES.items() if fnmatchcase(key, pattern)), None)


def kind_complaint(value: Any, usual: Any) -> str | None:
    """What was expected in place of a value, by the value that a key usually has; None where it fits."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"a finite number, such as {shown(usual)}"
    if isinstance(usual, bool):
        return None if isinstance(value, bool) else f"true or false, such as {shown(usual)}"
    for kind, words in ((int, "a whole number"), (float, "a number")):
        if isinstance(usual, kind):
            return None if is_kind(value, (kind,)) else f"{words}, such as {shown(usual)}"
    if isinstance(usual, str):
        return None if isinstance(value, str) and value else f"a text, such as {shown(usual)}"
    if isinstance(usual, list):
        return _list_complaint(value, usual)
    return None


def _list_complaint(value: Any, usual: list[Any]) -> str | None:
    fits = isinstance(value, list) and bool(value)
    if fits and usual:
        fits = all(kind_complaint(item, usual[0]) is None for item in value)
    return None if fits else f"a list, such as {shown(usual)}"
