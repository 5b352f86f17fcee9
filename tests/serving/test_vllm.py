"""Does a turn go through a real vLLM server, guided, and does it survive when that server is killed? Run by `make test-serving`."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from config import ROOT, Settings
from domain.reply import Reply
from evaluator.conversation import converse

STARTS_WITHIN_S = 300
MOST_CUT_OFF = 2
MESSAGES = (
    "hi, i'm looking for waterproof hiking boots for my wife, nothing over 150", "gaming headset with a good mic under $50",
    "we're going skiing in january and i own nothing", "red coffee mugs", "a gift for my dad, he is always in the garden",
    "running shoes with arch support", "something to keep my hands warm at the bus stop", "noise cancelling headphones not over the ear",
    "what do i need for a first camping weekend?", "desk lamp for a tiny desk", "tent for four people",
    "yoga mat and a water bottle please", "black leather boots for men", "carry-on that fits ryanair", "kids rain boots in yellow",
    "sunglasses for driving", "a pillow for my bad neck", "bike lights", "summer festival sandals, comfy ones", "power bank for long flights",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """(base URL, process) of a vLLM on the CPU over the merged folder that the Makefile made."""
    port = _free_port()
    log = tmp_path_factory.mktemp("vllm") / "log"
    command = [
        os.environ["AISLE_SERVING_PYTHON"],
        "-m",
        "models.vllm_server",
        os.environ["AISLE_SERVING_MODEL"],
        "--cpu",
        "--port",
        str(port),
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1", process
    finally:
        _end(process)


async def test_twenty_turns_are_formulated_by_it_and_the_next_survives_its_death(
    served: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    base_url, process = served
    roles = tmp_path / "roles.yaml"
    roles.write_text(
        f"formulator:\n  - {{kind: openai, base_url: '{base_url}', model: '{os.environ['AISLE_SERVING_MODEL']}', form: wire, "
        "first_ms: 60000, total_ms: 60000}\n"
    )
    settings = Settings(state_dir=tmp_path / "state", catalog="demo", models_file=roles)
    app.prepare_index(settings)
    application = app.build(settings, redis_url=app.NO_REDIS)
    async with application.running():
        replies = [(await converse(application.assistant, [message]))[0] for message in MESSAGES]
        _end(process)
        after = (await converse(application.assistant, ["waterproof hiking boots for women"]))[0]
    answered = [reply for reply in replies if reply.sections]
    by_model = [reply for reply in replies if _by_vllm(reply)]
    others = [step.reason for reply in replies for step in reply.degraded if step.role == "formulator"]
    # A small model may list titles without end; that it was cut off is said, and rules answer.
    assert len(others) <= MOST_CUT_OFF and all("cut off" in reason for reason in others)
    assert len(by_model) == len(replies) - len(others)
    assert all(reply.usage.model_calls == 1 and reply.usage.completion_tokens > 0 for reply in by_model)
    assert len(answered) == len(replies)
    assert after.sections and [d.used for d in after.degraded if d.role == "formulator"] == ["rules"]


def _by_vllm(reply: Reply) -> bool:
    return not any(d.role == "formulator" for d in reply.degraded)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        if process.poll() is not None:
            pytest.fail(f"vLLM ended with {process.returncode}: {log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    pytest.fail(f"vLLM was not ready in {STARTS_WITHIN_S} s: {log.read_text()[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group: the engine is a child of the server."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
