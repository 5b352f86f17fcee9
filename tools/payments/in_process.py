"""How are payments tried without a second process? The test provider in this one, on a wire that can be cut on either side."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tools.payments.ledger import Ledger
from tools.payments.local_payments import LocalPayments
from tools.payments.test_provider import create_provider

_URL = "http://provider"


def uncut(path: str) -> bool:
    """A wire that holds."""
    return False


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Between a shop and its provider: ``cut_before`` a request arrives, or ``cut_after``, before its answer does."""

    inner: httpx.AsyncBaseTransport
    cut_before: Callable[[str], bool] = field(default=uncut)
    cut_after: Callable[[str], bool] = field(default=uncut)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if self.cut_before(path):
            raise httpx.ConnectTimeout("cut before", request=request)
        response = await self.inner.handle_async_request(request)
        if self.cut_after(path):
            raise httpx.ReadTimeout("cut after", request=request)
        return response


@dataclass
class InProcessProvider:
    """The provider's books, the wire to it, and the port over both."""

    ledger: Ledger
    wire: Wire
    payments: LocalPayments

    @classmethod
    def open(cls, *, key: str = "in-process", slow_s: float = 0.01) -> "InProcessProvider":
        ledger = Ledger(None)
        wire = Wire(httpx.ASGITransport(create_provider(ledger, key, base_url=_URL, slow_s=slow_s)))

        async def url() -> str:
            return _URL

        return cls(ledger, wire, LocalPayments.connect(url, key, transport=wire))

    async def close(self) -> None:
        await self.payments.close()
        self.ledger.close()
