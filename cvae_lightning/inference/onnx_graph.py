"""A trained model as one ONNX graph, ``tokens, noise -> images``, which needs neither this package nor PyTorch.

Text encoder, flow and decoder are exported one by one; the flow's solver steps and its restarts become two loops of the
graph, so that their weights and operations are stored once. Shapes depend on the batch size alone
(:meth:`cvae_lightning.models.nn.ragged.RaggedIndex.all_of`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cvae_lightning.models import CaptionEncoding, ConditionalVAE, FlowPrior, Masked

if TYPE_CHECKING:
    import onnx

ENCODED = ("pooled", "words", "words_mask", "objects", "objects_mask")
"""An encoded caption as tensors; the last two where the text encoder gives objects."""


class Piece(nn.Module):
    """Part of the graph: a function of a model and tensors, whose last ones are an encoded caption.

    Args:
        model: the function's first argument.
        function: gives one tensor, or a tuple.
        encoded: how many of the tensors at the end are an encoded caption.
    """

    def __init__(self, model: ConditionalVAE, function: Callable[..., Any], encoded: int) -> None:
        super().__init__()
        self.model, self.function, self.encoded = model, function, encoded

    def forward(self, *tensors: Tensor) -> Any:
        if not self.encoded:
            return self.function(self.model, *tensors)
        return self.function(self.model, *tensors[: -self.encoded], _joined(tensors[-self.encoded :]))


def model_graph(model: ConditionalVAE, max_length: int) -> onnx.ModelProto:
    """The graph of :meth:`~cvae_lightning.models.ConditionalVAE.generate`.

    Args:
        model: in evaluation mode, on the CPU.
        max_length: T, tokens of a caption; shorter ones are padded.

    Returns:
        tokens (B, T) int64 and noise (B, Z) float32 to images (B, 3, S, S) float32 in [0, 1], of any batch size B.
    """
    tokens, noise = torch.ones(2, max_length, dtype=torch.long), torch.zeros(2, model.latent_dim)
    with torch.no_grad():
        encoded = _split(model.text_encoder(tokens))
    names = list(ENCODED[: len(encoded)])
    graph = _Graph()
    graph.add("encode", Piece(model, lambda m, t: _split(m.text_encoder(t)), 0), {"tokens": tokens}, names)
    caption = dict(zip(names, encoded, strict=True))
    if isinstance(model.prior, FlowPrior):
        z = _flow(graph, model, noise, caption)
    else:
        z = "z"
        graph.add(
            "prior", Piece(model, lambda m, e, c: m.prior.sample(c, e), len(names)), {"noise": noise, **caption}, [z]
        )
    graph.add("decode", Piece(model, lambda m, z, c: m.decoder(z, c), len(names)), {z: noise, **caption}, ["images"])
    return graph.model(model, max_length)


def _flow(graph: _Graph, model: ConditionalVAE, noise: Tensor, caption: dict[str, Tensor]) -> str:
    """Add the flow's loops; the name of the latent that they end with."""
    prior, count = model.prior, len(caption)
    assert isinstance(prior, FlowPrior)
    settings = prior.sampler
    times = torch.arange(settings.steps) / settings.steps
    step = Piece(model, lambda m, z, time, c: m.prior.solver_step(z, time, c), count)
    graph.loop("solver", step, {"noise": noise}, {"time": times}, caption, "solved")
    if not settings.restarts:
        return "solved"
    restart = Piece(model, lambda m, z, rotation, noise, c: m.prior.restart(z, rotation, noise, c), count)
    graph.loop(
        "restarts", restart, {"solved": noise}, {"rotation": prior.noise_rotations}, {"noise": noise, **caption}, "z"
    )
    return "z"


def _split(caption: CaptionEncoding) -> tuple[Tensor, ...]:
    tensors = [caption.pooled, caption.tokens.values, caption.tokens.mask]
    if caption.objects is not None:
        tensors += [caption.objects.values, caption.objects.mask]
    return tuple(tensor.clone() for tensor in tensors)


def _joined(tensors: Sequence[Tensor]) -> CaptionEncoding:
    pooled, values, mask, *objects = tensors
    return CaptionEncoding(pooled, Masked(values, mask), Masked(*objects) if objects else None)


class _Graph:
    """Nodes and initializers of the graph, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.stored: dict[Any, str] = {}

    def add(self, name: str, piece: Piece, inputs: dict[str, Tensor], outputs: Sequence[str]) -> None:
        """A piece that reads these values of the graph and gives those."""
        self.nodes += self._nodes(name, piece, inputs, outputs)

    def loop(
        self,
        name: str,
        piece: Piece,
        state: dict[str, Tensor],
        tables: dict[str, Tensor],
        constant: dict[str, Tensor],
        output: str,
    ) -> None:
        """A piece that is repeated: state, one row of each table, then what stays the same, to the next state."""
        from onnx import TensorProto, helper, numpy_helper

        (start, example), (table, rows) = next(iter(state.items())), next(iter(tables.items()))
        inputs = {f"{name}/state": example, f"{name}/{table}": rows[0], **constant}
        body = [helper.make_node("Gather", [f"{name}/table", f"{name}/number"], [f"{name}/{table}"], axis=0)]
        body += self._nodes(name, piece, inputs, [f"{name}/next"], fixed=[f"{name}/{table}"])
        body.append(helper.make_node("Identity", [f"{name}/going"], [f"{name}/still"]))
        number = helper.make_tensor_value_info(f"{name}/number", TensorProto.INT64, [])
        flags = [helper.make_tensor_value_info(f"{name}/{flag}", TensorProto.BOOL, []) for flag in ("going", "still")]
        states = [
            helper.make_tensor_value_info(f"{name}/{one}", TensorProto.FLOAT, ["batch", example.shape[1]])
            for one in ("state", "next")
        ]
        inner = helper.make_graph(body, name, [number, flags[0], states[0]], [flags[1], states[1]])
        self.initializers += [
            numpy_helper.from_array(rows.numpy(), f"{name}/table"),
            numpy_helper.from_array(torch.tensor(len(rows)).numpy(), f"{name}/count"),
            numpy_helper.from_array(torch.tensor(True).numpy(), f"{name}/true"),
        ]
        self.nodes.append(helper.make_node("Loop", [f"{name}/count", f"{name}/true", start], [output], body=inner))

    def _nodes(
        self, name: str, piece: Piece, inputs: dict[str, Tensor], outputs: Sequence[str], fixed: Sequence[str] = ()
    ) -> list[Any]:
        """The piece's nodes between the graph's values; its weights go into the graph, equal ones once.

        Args:
            name: begins the names of all else.
            piece: what is exported.
            inputs: an example of each, by the value's name; batches but for those named in ``fixed``.
            outputs: names of what it gives.
            fixed: inputs of one shape.
        """
        import onnx
        from onnx import numpy_helper

        # Clones, since a tensor that is given twice would become one input.
        examples = tuple(example.clone() for example in inputs.values())
        shapes = tuple({0: torch.export.Dim.DYNAMIC} if key not in fixed else None for key in inputs)
        for talker in ("onnxscript", "onnx_ir"):  # hundreds of lines about what they fold
            logging.getLogger(talker).setLevel(logging.WARNING)
        program = torch.onnx.export(piece.eval(), examples, dynamic_shapes=(shapes,), dynamo=True, verbose=False)
        assert program is not None
        exported = onnx.compose.add_prefix(program.model_proto, f"{name}:")
        assert not exported.functions
        ends = [(value.name, given) for value, given in zip(exported.graph.input, inputs, strict=True)]
        renamed = dict(ends) | dict(zip((value.name for value in exported.graph.output), outputs, strict=True))
        for tensor in exported.graph.initializer:
            content = (tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes())
            renamed[tensor.name] = self.stored.setdefault(content, tensor.name)
            self.initializers += [tensor] if renamed[tensor.name] == tensor.name else []
        for node in exported.graph.node:
            node.input[:] = [renamed.get(one, one) for one in node.input]
            node.output[:] = [renamed.get(one, one) for one in node.output]
        self.opset = exported.opset_import[0].version
        return list(exported.graph.node)

    def model(self, model: ConditionalVAE, max_length: int) -> onnx.ModelProto:
        """The whole graph, checked."""
        import onnx
        from onnx import TensorProto, helper

        size, number = model.image_size, TensorProto.FLOAT
        tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", max_length])
        noise = helper.make_tensor_value_info("noise", number, ["batch", model.latent_dim])
        images = helper.make_tensor_value_info("images", number, ["batch", 3, size, size])
        graph = helper.make_graph(self.nodes, "cvae_lightning", [tokens, noise], [images], self.initializers)
        whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)
        onnx.checker.check_model(whole)
        return whole
