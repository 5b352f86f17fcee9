"""How are larger models asked? LangChain chat models over any OpenAI-compatible server (vLLM) and NVIDIA NIM, JSON-schema guided."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import openai
import requests
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_nvidia_ai_endpoints import ChatNVIDIA

from domain.errors import ModelUnavailable
from domain.reply import Usage
from models.chat import Ended, OutputForm, Piece
from models.json_form import RESPONSE_FORMAT
from models.judge import VERDICT_FORMAT
from models.wire import GRAMMAR

_CHECK_S = 3.0
_GUIDES: dict[OutputForm, dict[str, Any]] = {
    "json": {"response_format": RESPONSE_FORMAT},
    "verdict": {"response_format": VERDICT_FORMAT},
    # vLLM's own field, for a model that was fine-tuned to write our lines: half the tokens of the same in JSON.
    "wire": {"extra_body": {"structured_outputs": {"grammar": GRAMMAR}}},
}


@dataclass(frozen=True)
class LangChainModel:
    """The ChatModel port over a LangChain chat model."""

    model: BaseChatModel
    name: str
    timeout_s: float = 10.0
    form: OutputForm = "json"
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def openai_compatible(
        cls, *, base_url: str, model: str, api_key: str | None, timeout_s: float, form: OutputForm = "json"
    ) -> "LangChainModel":
        """A model on vLLM or any OpenAI-compatible server; no retries, since the strategy steps down instead. "wire" needs vLLM."""
        chat = init_chat_model(
            model,
            model_provider="openai",
            base_url=base_url,
            api_key=api_key or "none",
            timeout=timeout_s,
            max_retries=0,
            temperature=0,
            stream_usage=True,
        )
        return cls(chat, f"vllm/{model}", timeout_s, form, base_url, api_key)

    @classmethod
    def nim(cls, *, model: str, api_key: str | None, base_url: str | None, timeout_s: float, form: OutputForm = "json") -> "LangChainModel":
        """A hosted or self-hosted NVIDIA NIM. ``max_retries`` and ``extra_body`` would land in the body: neither is set (FACTS.md)."""
        options: dict[str, Any] = {"model": model, "temperature": 0}
        if api_key:
            options["api_key"] = api_key
        if base_url:
            options["base_url"] = base_url
        return cls(ChatNVIDIA(**options), f"nim/{model}", timeout_s, form, base_url, api_key)

    async def stream(self, messages: list[dict[str, str]], *, max_tokens: int) -> AsyncIterator[Piece | Ended]:
        """Text as it arrives, guided by the schema of the Proposal or by the grammar of our lines."""
        total: AIMessageChunk | None = None
        bound = self.model.bind(max_tokens=max_tokens, **_GUIDES[self.form])
        try:
            async for chunk in bound.astream(messages):
                assert isinstance(chunk, AIMessageChunk)
                total = chunk if total is None else total + chunk
                if isinstance(chunk.content, str) and chunk.content:
                    yield Piece(chunk.content)
        except Exception as exc:  # langchain-nvidia-ai-endpoints raises bare Exception for every HTTP error
            raise ModelUnavailable(f"{self.name} failed: {_reason(exc)}") from exc
        yield _ended(total)

    async def check(self) -> None:
        """Asks a server of one's own for its list of models; a hosted one without an address shows at its first call."""
        if self.base_url is None:
            return
        try:
            async with httpx.AsyncClient(timeout=_CHECK_S) as client:
                answer = await client.get(f"{self.base_url.rstrip('/')}/models", headers=self._authorised())
        except httpx.HTTPError as exc:
            raise ModelUnavailable(f"{self.name} cannot be reached: {_reason(exc)}") from exc
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ModelUnavailable(f"{self.name} answers {answer.status_code}")

    def _authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def _reason(exc: Exception) -> str:
    """In an operator's words where the clients' own say little: each of them has a timeout of its own, often without a message."""
    if isinstance(exc, openai.APITimeoutError | httpx.TimeoutException | requests.Timeout | TimeoutError):
        return "no answer in time"
    return f"{type(exc).__name__}: {str(exc)[:200]}"


def _ended(total: AIMessageChunk | None) -> Ended:
    if total is None:
        return Ended(Usage(model_calls=1), complete=False)
    counted: dict[str, Any] = dict(total.usage_metadata or {})
    usage = Usage(model_calls=1, prompt_tokens=int(counted.get("input_tokens", 0)), completion_tokens=int(counted.get("output_tokens", 0)))
    return Ended(usage, complete=total.response_metadata.get("finish_reason", "stop") != "length")
