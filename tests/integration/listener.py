"""Who listens where LangSmith or a collector would? A server that takes whatever is posted and remembers it."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Listener:
    """Takes whatever is posted and remembers it."""

    url: str
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener on a port of its own."""
    heard = Listener(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            limits = {
                "size_limit": 100,
                "size_limit_bytes": 1_000_000,
                "scale_up_nthreads_limit": 1,
                "scale_up_qsize_trigger": 1000,
            }
            config = {"use_multipart_endpoint": False, "scale_down_nempty_trigger": 4, **limits}
            self._answer(json.dumps({"batch_ingest_config": config}).encode())

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length")
            body = self.rfile.read(int(length)) if length else self._chunks()
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            heard.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self._answer(b"{}")

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield heard
    server.shutdown()
