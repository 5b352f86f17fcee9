"""Which bodies are taken? Within the limit, UTF-8 JSON where JSON is due, and only what text and numbers may hold."""

import json
import math
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive

from domain.errors import AisleError, BadInput, TooLarge

# Their bodies are checked by their own routes: JSON lines, and what payment providers sign byte by byte.
_NOT_JSON = ("/catalog/products", "/webhooks/")


class MalformedBody(AisleError):
    """A body that is no JSON or no UTF-8: 400, before anything is validated."""


async def read_body(request: Request, receive: Receive, *, limit: int) -> bytes:
    """The whole body; TooLarge beyond the limit, whether declared or streamed. The server reads the rest away itself."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"the body has {declared} bytes; at most {limit} are taken")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(f"the body has over {limit} bytes, which is the limit")
        parts.append(part)
        if _is_last(message):
            return b"".join(parts)


def check_json(request: Request, body: bytes) -> None:
    """MalformedBody unless the body is JSON in UTF-8; BadInput where it holds a NUL or half a surrogate pair."""
    if not body.strip() or request.url.path.startswith(_NOT_JSON):
        return
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise MalformedBody(f"the body is not UTF-8: byte {exc.start} is {body[exc.start]:#04x}") from exc
    except (ValueError, RecursionError) as exc:
        raise MalformedBody(f"the body is not JSON: {exc}"[:200]) from exc
    _check_type(request)
    _check_values(document)


def check_text(text: str, field: str) -> None:
    """BadInput when the text holds what neither a database nor a terminal takes."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        shown = ascii(text[:100])
        raise BadInput(f"{field} holds a NUL or half a surrogate pair; send plain Unicode text", field=field, value=shown)


def _check_type(request: Request) -> None:
    """A form or plain text could be sent by any web page without asking; JSON cannot (CORS is off)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise MalformedBody(f"the body is declared as {kind or 'nothing'!r}; send Content-Type: application/json")


def _check_values(document: Any) -> None:
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            check_text(value, path or "body")
        elif isinstance(value, float) and not math.isfinite(value):
            raise MalformedBody(f"the number at {path or 'body'!r} is out of range")
        elif isinstance(value, list):
            pending.extend((f"{path}.{i}".lstrip("."), item) for i, item in enumerate(value))
        elif isinstance(value, dict):
            for key, item in value.items():
                check_text(key, path or "body")
                pending.append((f"{path}.{key}".lstrip("."), item))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _is_last(message: Message) -> bool:
    return message["type"] == "http.disconnect" or not message.get("more_body", False)
