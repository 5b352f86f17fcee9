"""What does the learned ranker say of a row of features? Boosted trees as plain arrays: serving needs no LightGBM."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from domain.errors import StartupError

COMMITTED = Path(__file__).resolve().parents[1] / "models" / "weights" / "ranker.safetensors"
"""Made by ``python -m training.ranker``."""
_Ints = npt.NDArray[np.int32]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankTrees:
    """Trees of one shape: row ``t`` of each array is tree ``t``, column ``n`` its node ``n``; the root is node 0."""

    features: tuple[str, ...]
    """Names of the columns, in the order of training."""
    column: _Ints
    """The column that a node asks, shape (trees, nodes); 0 in leaves."""
    threshold: _Floats
    """Goes left when the value is at most this; infinite in leaves."""
    left: _Ints
    right: _Ints
    """The next node; a leaf leads to itself."""
    value: _Floats
    """What a leaf adds; 0 elsewhere."""
    depth: int
    """Steps after which every row stands in a leaf."""

    def scores(self, rows: _Floats) -> _Floats:
        """One figure a row, higher is better; only differences within one list mean anything."""
        first, column, threshold, children, value = self._flat
        row = (np.arange(len(rows)) * rows.shape[1])[:, None]
        flat = np.ascontiguousarray(rows).ravel()
        node = np.broadcast_to(first, (len(rows), len(first)))
        for _ in range(self.depth):
            goes_left = flat.take(row + column.take(node)) <= threshold.take(node)
            node = children.take(2 * node + goes_left)
        found: _Floats = value.take(node).sum(axis=1)
        return found

    @cached_property
    def _flat(self) -> tuple[npt.NDArray[Any], ...]:
        """All trees' nodes in one row, in the machine's own integers: roots, columns, thresholds, (right, left) children, values."""
        trees, width = self.column.shape
        first = np.arange(trees) * width
        children = np.stack([self.right, self.left], axis=-1).astype(np.intp) + first[:, None, None]
        return first, self.column.astype(np.intp).ravel(), self.threshold.ravel(), children.ravel(), self.value.ravel()

    def save(self) -> bytes:
        """The file's content; the same trees give the same bytes."""
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}
        return save(arrays, {"shape": json.dumps({"depth": self.depth, "features": list(self.features)})})

    @classmethod
    def load(cls, file: Path) -> "RankTrees":
        """StartupError when the file is missing or no ranker."""
        try:
            with safe_open(file, framework="numpy") as opened:
                shape = json.loads((opened.metadata() or {})["shape"])
                arrays = {name: opened.get_tensor(name) for name in _ARRAYS}
        except (OSError, SafetensorError, KeyError, ValueError) as exc:
            raise StartupError(f"{str(file)!r} is no ranker ({exc}); restore it or run `python -m training.ranker`") from exc
        return cls(features=tuple(shape["features"]), depth=shape["depth"], **arrays)

    @classmethod
    def of_dump(cls, dump: Mapping[str, Any]) -> "RankTrees":
        """From what LightGBM's ``dump_model`` tells of numeric features."""
        trees = [_nodes(info["tree_structure"]) for info in dump["tree_info"]]
        width = max(len(nodes) for nodes, _ in trees)
        return cls(
            features=tuple(dump["feature_names"]), depth=max(depth for _, depth in trees),
            column=_padded([[n.column for n in nodes] for nodes, _ in trees], width, np.int32),
            threshold=_padded([[n.threshold for n in nodes] for nodes, _ in trees], width, np.float64),
            left=_padded([[n.left for n in nodes] for nodes, _ in trees], width, np.int32),
            right=_padded([[n.right for n in nodes] for nodes, _ in trees], width, np.int32),
            value=_padded([[n.value for n in nodes] for nodes, _ in trees], width, np.float64),
        )  # fmt: skip


_ARRAYS = ("column", "threshold", "left", "right", "value")


@cache
def committed_trees() -> RankTrees:
    """The ranker that Aisle ships with."""
    return RankTrees.load(COMMITTED)


@dataclass
class _Node:
    column: int
    threshold: float
    left: int
    right: int
    value: float


def _nodes(structure: Mapping[str, Any]) -> tuple[list[_Node], int]:
    """Nodes of one tree, the root first, and its depth."""
    nodes: list[_Node] = []

    def add(part: Mapping[str, Any]) -> tuple[int, int]:
        at = len(nodes)
        if "split_feature" not in part:
            nodes.append(_Node(0, float("inf"), at, at, part["leaf_value"]))
            return at, 0
        node = _Node(part["split_feature"], part["threshold"], at, at, 0.0)
        nodes.append(node)
        node.left, left_depth = add(part["left_child"])
        node.right, right_depth = add(part["right_child"])
        return at, 1 + max(left_depth, right_depth)

    return nodes, add(structure)[1]


def _padded(rows: Sequence[Sequence[float]], width: int, kind: type) -> npt.NDArray[Any]:
    return np.asarray([[*row, *[0] * (width - len(row))] for row in rows], kind)
