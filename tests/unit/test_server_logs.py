"""Are logs lines of JSON that say what happened and to whom it belongs, and nothing that a shopper typed?"""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server.logs import log_json
from tests.server_kit import serving


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leaves logging as it was: it is the process's, and other tests share it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


async def test_a_request_is_one_event_with_its_id_and_without_its_query(capsys: pytest.CaptureFixture[str]) -> None:
    log_json("info")
    async with serving() as server:
        answer = await server.http.get("/search?q=a+secret+wish")
    [event] = [line for line in lines(capsys.readouterr().err) if line["event"] == "request"]

    assert event["request_id"] == answer.headers["x-request-id"]
    assert (event["method"], event["path"], event["status"]) == ("GET", "/search", 200)
    assert "secret" not in json.dumps(event)
    assert event["timestamp"] and event["level"] == "info"


async def test_a_message_of_a_shopper_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    log_json("debug")
    async with serving() as server:
        await server.say("a secret wish", token=(await server.open())["token"])

    assert "secret wish" not in capsys.readouterr().err


def test_a_vendors_warning_is_json_too_and_its_chatter_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log_json("debug")
    logging.getLogger("vendor").info("chatter")
    logging.getLogger("vendor").warning("trouble with %s", "something")
    [event] = lines(capsys.readouterr().err)

    assert (event["event"], event["logger"], event["level"]) == ("trouble with something", "vendor", "warning")


def test_an_error_carries_its_traceback_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_json("info")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("turn_failed", turn_id="t1")
    [event] = lines(capsys.readouterr().err)

    assert event["turn_id"] == "t1" and "RuntimeError: broken" in str(event["exception"])
