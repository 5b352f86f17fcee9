"""How do browser tests get a page? A real server process over the demo catalogue, and headless Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MERCHANT_KEY = "the-merchant-of-the-browser-tests"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass
class ShopProcess:
    """An Aisle process of its own, with its own state folder; it can be started again over what it left."""

    port: int
    state: Path
    process: "subprocess.Popen[bytes]"

    @classmethod
    def started(cls, state: Path) -> "ShopProcess":
        port = _free_port()
        return cls(port, state, _serve(port, state))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_again(self) -> None:
        """After its process has ended: the same port and folder."""
        self.process = _serve(self.port, self.state)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        _wait_until_ready(f"{self.address}/readyz", self.process, self.state / "server.log")


@pytest.fixture(scope="package")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """The one server of all browser tests."""
    shop = ShopProcess.started(tmp_path_factory.mktemp("state"))
    try:
        shop.wait_until_ready()
        yield shop
    finally:
        shop.process.terminate()
        shop.process.wait(timeout=20)


@pytest.fixture(scope="package")
def server(shop_process: ShopProcess) -> str:
    """The server's address."""
    return shop_process.address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Only how long a failure takes to be told: on a busy machine an answer may need more than the usual 5 s.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A fresh profile at the page's address; any script error fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server)
    yield page
    context.close()
    assert not errors, errors


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int, state: Path) -> subprocess.Popen[bytes]:
    env = {
        **os.environ, "AISLE_PORT": str(port), "AISLE_STATE_DIR": str(state), "AISLE_MERCHANT_KEY": MERCHANT_KEY, "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    with (state / "server.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "app", "serve"], cwd=ROOT, env=env, stdout=log, stderr=log)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"the server was not ready in 90 s:\n{log.read_text()[-3000:]}")
