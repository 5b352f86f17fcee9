"""Is whatever a NIM server answers a typed failure? The real client against a server on this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from domain.errors import ModelUnavailable
from models.langchain_chat import LangChainModel

pytestmark = pytest.mark.integration
ANSWERS: dict[str, tuple[int, str]] = {
    "unauthorised": (401, '{"status": 401, "title": "Unauthorized", "detail": "Authentication failed"}'),
    "overloaded": (503, "try later"),
    "broken": (500, ""),
    "no-json": (200, "data: {broken\n\n"),
}


class Failing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        status, body = ANSWERS[self.path.split("/")[1]]
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        self.send_header("Content-Type", "text/event-stream" if status == 200 else "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"object": "list", "data": [{"id": "m"}]}')

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[str]:
    own = ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    thread = threading.Thread(target=own.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{own.server_port}"
    own.shutdown()
    own.server_close()


@pytest.mark.parametrize("case", ANSWERS)
async def test_every_error_of_the_server_is_a_model_that_is_unavailable(server: str, case: str) -> None:
    model = LangChainModel.nim(model="m", api_key="nvapi-test", base_url=f"{server}/{case}/v1", timeout_s=5.0)
    with pytest.raises(ModelUnavailable, match="nim/m failed"):
        async for _ in model.stream([{"role": "user", "content": "boots"}], max_tokens=10):
            pass


async def test_a_server_that_is_not_there_is_unavailable_too() -> None:
    with pytest.raises(ModelUnavailable, match="nim/m"):
        model = LangChainModel.nim(model="m", api_key="nvapi-test", base_url="http://127.0.0.1:9/v1", timeout_s=5.0)
        async for _ in model.stream([{"role": "user", "content": "boots"}], max_tokens=10):
            pass
