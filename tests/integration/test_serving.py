"""Does a started process need nothing but this machine, and does it leave nothing behind? `app serve` with guards inside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
GUARDED = """
import ipaddress, runpy, signal, sys

def guard(event, args):
    if event == "import" and args[0] in ("torch", "sentence_transformers"):
        raise RuntimeError(f"serving imports {args[0]}")
    if event in ("socket.getaddrinfo", "socket.connect"):
        host = args[0] if event == "socket.getaddrinfo" else args[1]
        host = host[0] if isinstance(host, tuple) else host
        if isinstance(host, str) and host not in ("", "localhost") and not host.startswith("/"):
            if not ipaddress.ip_address(host).is_loopback:
                raise RuntimeError(f"serving calls {host}")

sys.addaudithook(guard)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["app", "serve"]
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""


def test_a_turn_needs_no_network_and_no_torch_and_ctrl_c_ends_what_was_started(tmp_path: Path) -> None:
    port = _free_port()
    env = {**os.environ, "AISLE_PORT": str(port), "AISLE_STATE_DIR": str(tmp_path / "state"), "REDIS_URL": ""}
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", GUARDED], cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
        reply = _said(port, "waterproof hiking boots under $120")
        redis = int(next((tmp_path / "state").rglob("*.pid")).read_text().split()[0])
        os.kill(redis, 0)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert reply["sections"][0]["products"]
    assert code in (0, 130), log.read_text()[-2000:]
    assert "serving calls" not in log.read_text() and "serving imports" not in log.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(redis, 0)


def _said(port: int, message: str) -> dict[str, list[dict[str, list[object]]]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/chat", json.dumps({"message": message}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        body: dict[str, list[dict[str, list[object]]]] = json.load(response)
    return body


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the server was not ready in 120 s:\n{log.read_text()[-3000:]}")
