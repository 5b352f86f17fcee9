"""Does the page come through a bad connection? Streams cut anywhere, servers that die, answers that take their time."""

import json
import signal

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import ShopProcess
from tests.browser.shopper import say, send

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]

_BYTE_BY_BYTE = """async () => {
    const { chat } = await import("/page/api.js");
    const stream = ": hello\\r\\n\\r\\nevent: token\\r\\ndata: {\\"text\\": \\"é\\"}\\r\\n\\r\\nevent: token\\ndata: {\\"text\\": \\"b\\"}\\n\\nevent: done\\r\\ndata: {}\\r\\n\\r\\n";
    const bytes = new TextEncoder().encode(stream);
    window.fetch = async () => new Response(new ReadableStream({ start(to) { bytes.forEach((byte) => to.enqueue(Uint8Array.of(byte))); to.close(); } }));
    const seen = [];
    await chat("boots", "t1", (name, data) => seen.push([name, data.text ?? null]));
    return seen;
}"""


def test_events_are_read_wherever_the_network_cuts_them(page: Page) -> None:
    assert page.evaluate(_BYTE_BY_BYTE) == [["token", "é"], ["token", "b"], ["done", None]]


def test_a_stream_that_breaks_off_leaves_a_retry_that_shows_everything_once(page: Page) -> None:
    turns: list[str] = []

    def cut_the_first(route: Route) -> None:
        turns.append(json.loads(route.request.post_data or "")["turn_id"])
        if len(turns) > 1:
            route.continue_()
            return
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().split("event: reply")[0])

    page.route("**/chat", cut_the_first)
    send(page, "hiking boots")
    expect(page.get_by_role("alert")).to_contain_text("Your message is safe")
    text, cards = page.locator(".answer-text").inner_text(), page.locator(".card").count()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".how")).to_have_count(1, timeout=30_000)
    assert turns[0] == turns[1]
    assert (page.locator(".answer-text").inner_text(), page.locator(".card").count()) == (text, cards) and cards
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_turn_that_still_runs_is_waited_for(page: Page) -> None:
    asked: list[Route] = []
    problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "this turn still runs"}

    def busy_at_first(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()
        else:
            route.fulfill(status=409, json=problem, headers={"Retry-After": "1"}, content_type="application/problem+json")

    page.route("**/chat", busy_at_first)
    say(page, "hiking boots")
    assert len(asked) == 2
    expect(page.get_by_role("alert")).to_have_count(0)


def test_nothing_is_sent_while_another_turn_runs(page: Page) -> None:
    asked: list[Route] = []

    def hold_all_but_the_first(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.abort()

    page.route("**/chat", hold_all_but_the_first)
    send(page, "hiking boots")
    retry = page.get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    send(page, "sandals")
    expect(page.locator(".said")).to_have_count(2)
    retry.click()
    asked[1].continue_()
    expect(page.locator(".how")).to_have_count(1, timeout=30_000)
    assert len(asked) == 2


def test_a_server_that_dies_mid_turn_leaves_a_retry_that_works(page: Page, shop_process: ShopProcess) -> None:
    """Stopped, so that the message is on its way; killed; and started again over the same folder."""
    say(page, "hiking boots")
    shop_process.process.send_signal(signal.SIGSTOP)
    send(page, "only under $150")
    expect(page.locator(".said")).to_have_count(2)
    shop_process.process.kill()
    shop_process.process.wait(timeout=20)
    expect(page.get_by_role("alert")).to_contain_text("Your message is safe")
    shop_process.start_again()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".how")).to_have_count(2, timeout=30_000)
    expect(page.locator(".turn").last.locator(".understood")).to_contain_text("up to $150")
