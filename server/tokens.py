"""How does a session prove itself? An unguessable id in a signed token with an expiry; HMAC-SHA256."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.errors import Unauthorised

_VERSION = "a1"


def new_session_id() -> str:
    """128 random bits."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class TokenSigner:
    """Signs and reads session tokens: ``a1.<session id>.<expiry>.<signature>``."""

    key: bytes
    unix_time: Callable[[], float] = time.time

    def sign(self, session_id: str, *, expires_at: int) -> str:
        """A token for the session; ``expires_at`` in Unix seconds."""
        body = f"{_VERSION}.{session_id}.{expires_at}"
        return f"{body}.{self._signature(body)}"

    def read(self, token: str) -> str:
        """The session id; Unauthorised if the token is malformed, forged or expired, without saying which."""
        body, _, signature = token.rpartition(".")
        parts = body.split(".")
        genuine = hmac.compare_digest(signature.encode(), self._signature(body).encode())
        if not genuine or len(parts) != 3 or parts[0] != _VERSION or int(parts[2]) < self.unix_time():
            raise Unauthorised("the session token is not valid; open a session with POST /sessions")
        return parts[1]

    def _signature(self, body: str) -> str:
        digest = hmac.new(self.key, body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
