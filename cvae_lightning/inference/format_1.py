"""Models of file format 1 as models of format 2: other names, and constants that format 1 kept in the code.

A model gives the same images before and after, bit for bit (``tests/golden``). Weights that never had a gradient are
dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

Plan = dict[str, Any]
Weights = dict[str, Tensor]
Renames = tuple[tuple[str, str | None], ...]
"""Prefixes of weights' names, old and new; None drops the weight. The first that fits counts."""

POSITION_SCALE = 4.0
CONSTANTS: dict[str, Plan] = {
    "BottleneckTextEncoder": {"auxiliary_loss_weight": 1000.0},
    "ResidualEncoder": {"head_channels": 32, "head_width": 512, "initial_log_sigma": -3.0},
    "ResidualDecoder": {"hidden": 384},
    "SlotEncoder": {
        "edge_loss_weight": 0.5,
        "key_dim": 64,
        "sharpness": 4.0,
        "vote_scale": 0.3,
        "neighbourhoods": [3, 5],
        "initial_log_sigma": -3.0,
        "assignment": {
            "part": "SlotAssignment",
            "bandwidth": 0.05,
            "steps": 2,
            "inhibition_radius": 0.08,
            "inhibition_strength": 10.0,
            "reading_order": [0.5, 1.0],
            "min_log_share": -20.0,
        },
    },
    "SlotDecoder": {
        "slot_channels": 96,
        "frequencies": [2, 4, 8, 16],
        "offset_scale": 4.0,
        "distance_scale": 10.0,
        "shift_scale": 0.1,
    },
    "CompositingDecoder": {
        "frequencies": [2, 4, 8, 16],
        "offset_scale": 4.0,
        "alpha_scale": 2.0,
        "alpha_falloff": 200.0,
        "initial_colour": -0.2,
        "shift_scale": 0.1,
    },
    "FlowPrior": {"time_frequencies": 32, "max_time_frequency": 200.0, "state_frequencies": [0.25, 0.5, 1.0]},
}
"""What format 1 kept in the code, at its values when the format ended."""
SELF_ATTENTION: Renames = (
    ("own.", "self_attention."),
    ("norms.0.", None),
    ("norms.1.", "norms.0."),
    ("norms.2.", "norms.1."),
)
CROSS_ATTENTION: Renames = (("cross.", "cross_attention."), ("norms.1.", None), ("norms.2.", "norms.1."))
BOTH_ATTENTIONS: Renames = (("own.", "self_attention."), ("cross.", "cross_attention."))
MESSAGES: Renames = (("mine.", "receiver."), ("theirs.", "sender."), ("apart.", "edge."))
QUERIES: Renames = (
    ("states.", "queries.project."),
    ("learned", "queries.queries"),
    ("number", "index_embedding"),
    ("read.", "queries.block."),
)
BODY: Renames = tuple((f"{name}.", f"body.{name}.") for name in ("halvings", "stages", "doublings", "exit"))


def upgrade(plan: Mapping[str, Any], weights: Mapping[str, Tensor]) -> tuple[Plan, Weights]:
    """Blueprint and weights of format 2 of those of format 1.

    Raises:
        KeyError, TypeError, ValueError: they are not those of a model of format 1.
    """
    model, renamed = dict(plan), dict(weights)
    for name in ("text_encoder", "encoder", "decoder", "prior"):
        if model.get(name) is not None:
            model[name], renamed = _within(renamed, f"{name}.", model[name])
    return model, renamed


def _within(weights: Weights, prefix: str, plan: Plan) -> tuple[Plan, Weights]:
    """A part's new plan, and all weights with those below its prefix renamed."""
    inner = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    outer = {name: value for name, value in weights.items() if not name.startswith(prefix)}
    convert = CONVERTERS.get(str(plan["part"]), _unchanged)
    plan, inner = convert(dict(plan), inner)
    plan |= CONSTANTS.get(str(plan["part"]), {})
    return plan, outer | {prefix + name: value for name, value in inner.items()}


def _renamed(weights: Weights, renames: Renames, prefix: str = "") -> Weights:
    """Weights whose names below ``prefix`` are changed."""
    result: Weights = {}
    for name, value in weights.items():
        below = name.removeprefix(prefix)
        hit = next(((old, new) for old, new in renames if name.startswith(prefix) and below.startswith(old)), None)
        if hit is None:
            result[name] = value
        elif hit[1] is not None:
            result[prefix + hit[1] + below.removeprefix(hit[0])] = value
    return result


def _unchanged(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    return plan, weights


def _transformer(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    for block in range(plan["layers"]):
        weights = _renamed(weights, SELF_ATTENTION, f"blocks.{block}.")
    return plan, _renamed(weights, (("places", "index_embedding"),))


def _bottleneck(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    plan["reader"], weights = _within(weights, "reader.", plan["reader"])
    weights = _renamed(weights, BOTH_ATTENTIONS, "find.")
    return plan | {"part": "BottleneckTextEncoder"}, _renamed(weights, (("meaning.", "classify."), ("said.", "embed.")))


def _slots(plan: Plan, width_key: str, position_scale: float | None) -> Plan:
    """Layout and queries, in place of numbers and a conditioning."""
    latent_dim, num_slots, width = (plan.pop(key) for key in ("latent_dim", "slots", width_key))
    kind = {"things": "ObjectQueries", "cross_attention": "LearnedQueries"}[plan.pop("conditioning")]
    layout = {"part": "LatentLayout", "latent_dim": latent_dim, "num_slots": num_slots}
    queries = {"part": kind, "num_slots": num_slots, "width": width, "caption_dim": plan["caption_dim"]}
    return plan | {"layout": layout | {"position_scale": position_scale}, "queries": queries}


def _queries(weights: Weights, prefix: str) -> Weights:
    """What was below ``prefix`` is the queries, and an embedding of the index beside them."""
    weights = _renamed(weights, tuple((prefix + old, new) for old, new in QUERIES))
    return _renamed(weights, CROSS_ATTENTION, "queries.block.")


def _encoder(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    weights = _renamed(weights, (*BODY, ("entrance.", "body.entrance.")))
    if plan["conditioning"] in ("concat", "film"):
        for key in ("slots", "slot_width", "sketch"):
            plan.pop(key)
        return plan, _renamed(weights, (("head.", ""),))
    plan = _slots(plan | {"part": "SlotEncoder", "auxiliary_loss_weight": plan["sketch"]}, "slot_width", POSITION_SCALE)
    plan.pop("sketch")
    competition = {
        "slot_norm": "query_norm",
        "query": "query",
        "key": "key",
        "colour_key": "colour_key",
        "nobody": "background_logit",
        "paper": "background_colour",
        "ink": "slot_colour",
        "look": "edges",
    }
    head = {"value": "value", "seen": "attended", "place": "position", "block": "block", "out": "out"}
    weights = _renamed(_queries(weights, "head.read."), SELF_ATTENTION, "head.block.")
    renames = (
        *((f"head.{old}", f"competition.{new}") for old, new in competition.items()),
        *((f"head.{old}.", f"head.{new}.") for old, new in head.items()),
        *((f"head.{name}.", f"{name}.") for name in ("norm", "vote")),
    )
    return plan, _renamed(weights, renames)


def _compositing(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    plan = _slots(plan | {"part": "CompositingDecoder"}, "slot_width", POSITION_SCALE)
    renames = (("brush.", "content."), ("distance.", "offset."), ("coverage.", "alpha."), ("paper", "background"))
    return plan, _renamed(_queries(weights, "read."), renames)


def _residual_decoder(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    weights = _renamed(weights, BODY)
    if plan["conditioning"] in ("concat", "film"):
        for key in ("slots", "slot_width"):
            plan.pop(key)
        return plan, _renamed(weights, (("entrance.hidden.", "hidden."), ("entrance.out.", "entrance.")))
    plan = _slots(plan | {"part": "SlotDecoder"}, "slot_width", POSITION_SCALE)
    weights = _renamed(_queries(weights, "entrance.read."), SELF_ATTENTION, "entrance.block.")
    renames = (("brush.", "content."), ("distance.", "offset."), ("paint.", "write."), ("", ""))
    return plan, _renamed(_renamed(weights, renames, "entrance."), (("entrance.", ""),))


def _flow(plan: Plan, weights: Weights) -> tuple[Plan, Weights]:
    sampler = {"part": "SamplerConfig", "restart_time": 0.85, "restarts": plan.pop("corrections")}
    sampler |= {key: plan.pop(key) for key in ("steps", "solver", "guidance_scale")}
    plan["message_width"] = plan.pop("messages")
    plan = _slots(plan, "width", None) | {"sampler": sampler}
    null_embedding = "null_embedding" if plan["caption_dropout"] else None  # without dropout it had no use
    weights = _renamed(_queries(weights, "read."), (("unheard", null_embedding),))
    for layer in range(plan["layers"]):
        weights = _renamed(weights, SELF_ATTENTION, f"blocks.{layer}.")
        weights = _renamed(weights, MESSAGES, f"messages.{layer}.")
        for kind in ("weight", "bias"):  # scale and shift of three norms, the first of which had no use
            rows = weights.pop(f"blocks.{layer}.modulate.{kind}")
            weights[f"blocks.{layer}.modulation.{kind}"] = rows[len(rows) // 3 :].contiguous()
    return plan, weights


CONVERTERS: dict[str, Callable[[Plan, Weights], tuple[Plan, Weights]]] = {
    "TransformerTextEncoder": _transformer,
    "ThingsTextEncoder": _bottleneck,
    "ResidualEncoder": _encoder,
    "LayeredDecoder": _compositing,
    "ResidualDecoder": _residual_decoder,
    "FlowPrior": _flow,
}
