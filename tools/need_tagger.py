"""Which words of the conversation are the need? A small encoder marks them: MiniLM with retrained upper layers, on onnxruntime.

Where its network comes from stands in ``tools.tagger_network``.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import snowballstemmer
from onnxruntime.capi import onnxruntime_pybind11_state as _ort

from domain.errors import ModelUnavailable
from domain.need import TaggedNeed
from domain.product import Gender
from domain.proposal import Attributes
from domain.turn import FormulationRequest
from tools.need_words import NeedInput, NeedWord, need_input
from tools.tagger_network import GENDERS, TAGS, TaggerFile, tagger_onnx

_MARKED_FROM = 0.3
"""Chance from which a word is part of an attribute; chosen on w-validation, which the reported figures leave out."""
_LISTS = frozenset({"brand", "color", "material", "features", "exclude"})
_GENDER_WORDS: Mapping[Gender | None, str] = {"women": "women's", "men": "men's", "kids": "kids"}
_SAYS_GENDER = frozenset({"women", "woman", "ladi", "men", "man", "kid", "child", "children", "boy", "girl"})
_STEMMER = snowballstemmer.stemmer("english")
_UNREADABLE = (_ort.InvalidProtobuf, _ort.InvalidGraph, _ort.Fail, _ort.NoSuchFile, _ort.InvalidArgument, _ort.NotImplemented)
"""What onnxruntime raises for a file that is not the network; its types share no base of their own."""
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Marks:
    """Probabilities for one input: a row a word, and two genders for all of it."""

    input: NeedInput
    need: Array
    tags: Array
    gender: Array
    query_gender: Array


class OnnxNeedTagger:
    """The NeedTagger port; loaded at the first call or before. What keeps it from loading is remembered until a restart."""

    def __init__(self, file: TaggerFile, cache_dir: Path, *, threads: int = 1) -> None:
        self._file, self._cache_dir, self._threads = file, cache_dir, threads
        self._session: Any = None
        self._failure: ModelUnavailable | None = None
        self._lock = Lock()
        self._thresholds: dict[str, float] = {}

    async def tag(self, request: FormulationRequest) -> TaggedNeed:
        return await asyncio.to_thread(self.tag_now, request)

    def tag_now(self, request: FormulationRequest) -> TaggedNeed:
        """The same, blocking: for benchmarks and builders."""
        return need_of(self.marks(request), self._thresholds)

    def marks(self, request: FormulationRequest) -> Marks:
        """The raw probabilities; ModelUnavailable when the weights are missing or not those that were measured."""
        session = self._loaded()
        read = need_input(request)
        ids = np.asarray([read.ids], np.int64)
        out = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        words = out[[word.token for word in read.words]]
        genders = out[0, 1 + len(TAGS) :].reshape(2, len(GENDERS))
        return Marks(read, _sigmoid(words[:, 0]), _sigmoid(words[:, 1 : 1 + len(TAGS)]), _softmax(genders[0]), _softmax(genders[1]))

    async def check(self) -> None:
        """ModelUnavailable unless it can answer now."""
        await asyncio.to_thread(self._loaded)

    def _loaded(self) -> Any:
        with self._lock:
            if self._failure is not None:
                raise ModelUnavailable(str(self._failure))
            if self._session is None:
                try:
                    self._session = self._opened()
                except ModelUnavailable as error:
                    self._failure = error
                    raise
            return self._session

    def _opened(self) -> Any:
        """The network; a cached file that onnxruntime cannot read is made anew once."""
        try:
            return self._open()
        except _UNREADABLE:
            tagger_onnx(self._file, self._cache_dir)[0].unlink(missing_ok=True)
        try:
            return self._open()
        except _UNREADABLE as exc:
            raise ModelUnavailable(f"the tagger's network cannot be opened: {str(exc)[:160]}") from exc

    def _open(self) -> Any:
        file, self._thresholds = tagger_onnx(self._file, self._cache_dir)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])


def need_of(marks: Marks, thresholds: Mapping[str, float]) -> TaggedNeed:
    """The query and attributes that the marks amount to."""
    words = marks.input.words
    chosen: dict[str, str] = {}
    for word, chance in zip(words, marks.need, strict=True):
        if chance >= thresholds["need"] and word.text[0].isalnum():
            chosen.setdefault(_stemmed(word.text), word.text)
    gender = GENDERS[int(marks.query_gender.argmax())]
    said = {stem for stems in chosen for stem in stems.split()}
    lead = [_GENDER_WORDS[gender]] if chosen and gender in _GENDER_WORDS and not said & _SAYS_GENDER else []
    last = [abs(2 * float(p) - 1) for word, p in zip(words, marks.need, strict=True) if word.segment == marks.input.last_segment]
    return TaggedNeed(
        query=" ".join([*lead, *chosen.values()]),
        confidence=sum(last) / len(last) if last else 0.0,
        attributes=_attributes(marks, thresholds),
    )


def _attributes(marks: Marks, thresholds: Mapping[str, float]) -> Attributes:
    found: dict[str, Any] = {}
    for column, tag in enumerate(TAGS):
        spans = _spans(marks.input.words, marks.tags[:, column], thresholds.get(tag, _MARKED_FROM))
        if spans and tag in _LISTS:
            found[tag] = tuple(dict.fromkeys(text for text, _ in spans))
        elif spans:
            found[tag] = max(spans, key=lambda span: span[1])[0]
    return Attributes.model_validate(found | {"gender": GENDERS[int(marks.gender.argmax())]})


def _spans(words: Sequence[NeedWord], chances: Array, threshold: float) -> list[tuple[str, float]]:
    """Neighbouring words over the threshold as (text, mean chance), each text once."""
    spans: list[tuple[list[str], list[float]]] = []
    previous: NeedWord | None = None
    for word, chance in zip(words, chances, strict=True):
        if chance < threshold or not word.text[0].isalnum():
            continue
        if previous and (word.segment, word.position) == (previous.segment, previous.position + 1):
            spans[-1][0].append(word.text)
            spans[-1][1].append(float(chance))
        else:
            spans.append(([word.text], [float(chance)]))
        previous = word
    best: dict[str, tuple[str, float]] = {}
    for texts, own in spans:
        text = " ".join(texts)
        best.setdefault(text.lower(), (text, sum(own) / len(own)))
    return list(best.values())


@lru_cache(maxsize=20_000)
def _stemmed(word: str) -> str:
    parts = "".join(c if c.isalnum() else " " for c in word.lower().replace("’", "'").removesuffix("'s")).split()
    return " ".join(_STEMMER.stemWord(part) for part in parts)


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)), np.float32)


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum(), np.float32)
