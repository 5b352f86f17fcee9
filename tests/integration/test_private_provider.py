"""Does the demo's payment provider end with the shop that started it, however the shop ends?"""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.payments.private_provider import PrivateProvider

pytestmark = pytest.mark.integration
_SHOP = """
import sys
from pathlib import Path
from tools.payments.private_provider import PrivateProvider
provider = PrivateProvider(Path(sys.argv[1]))
print(provider.start(), flush=True)
sys.stdin.read()
"""


def test_a_killed_shop_leaves_no_provider_behind(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _SHOP, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shop:
        assert shop.stdout is not None
        port = int(shop.stdout.readline().rsplit(":", 1)[1])
        assert listening(port)
        shop.send_signal(signal.SIGKILL)

    assert until_silent(port)


def test_a_provider_that_is_stopped_and_started_again_keeps_its_books(tmp_path: Path) -> None:
    provider = PrivateProvider(tmp_path)
    first = provider.start()
    provider.stop()
    assert until_silent(int(first.rsplit(":", 1)[1]))
    provider.start()
    provider.stop()
    assert (tmp_path / "ledger.sqlite").exists()
    assert not (tmp_path / "provider.pid").exists()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_silent(port: int) -> bool:
    deadline = time.monotonic() + 30
    while listening(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not listening(port)
