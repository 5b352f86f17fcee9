"""Does the page work as a shopper meets it, in a real browser?"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shopper import last_turn_prices, say

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


def test_typing_a_need_shows_sections_of_cards_within_the_budget(page: Page) -> None:
    say(page, "waterproof hiking boots under $150")
    turn = page.locator(".turn").last
    expect(turn.locator(".aisle h3").first).to_be_visible()
    prices = last_turn_prices(page)
    assert prices and max(prices) <= 150
    expect(turn.locator(".card-picture img").first).to_have_js_property("complete", value=True)


def test_sections_stand_before_the_reply_is_over(page: Page) -> None:
    """The first card must be in the document when the turn's panel isn't yet: sections stream."""
    page.evaluate(
        """() => { window.seen = null; new MutationObserver(() => {
            if (window.seen === null && document.querySelector('.card')) window.seen = !document.querySelector('.how');
        }).observe(document.getElementById('log'), {childList: true, subtree: true}); }"""
    )
    say(page, "running shoes for women")
    assert page.evaluate("window.seen") is True


def test_a_refinement_narrows_what_was_shown(page: Page) -> None:
    say(page, "hiking boots")
    say(page, "only under $100 please")
    prices = last_turn_prices(page)
    assert prices and max(prices) <= 100
    expect(page.locator(".turn").last.locator(".understood")).to_contain_text("up to $100")


def test_a_reload_finds_the_conversation_again(page: Page) -> None:
    say(page, "a desk lamp for my office")
    titles = page.locator(".card-title").all_inner_texts()
    page.reload()
    expect(page.locator(".said")).to_have_text("a desk lamp for my office")
    expect(page.locator(".card-title").first).to_be_visible()
    assert page.locator(".card-title").all_inner_texts() == titles


def test_a_comparison_is_a_table_with_both_products_and_marks_what_differs(page: Page) -> None:
    say(page, "hiking boots")
    say(page, "compare the first two")
    table = page.locator(".turn").last.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(2)
    expect(table.locator("thead img")).to_have_count(2)
    expect(table.get_by_role("rowheader", name="price")).to_be_visible()
    assert 0 < table.locator("tr.differs").count() < table.locator("tbody tr").count()


def test_a_question_is_answered_with_the_passage_of_the_listing(page: Page) -> None:
    say(page, "waterproof hiking boots")
    say(page, "is the first one waterproof?")
    expect(page.locator(".turn").last.locator(".citation")).to_contain_text("From the listing")


def test_only_what_was_said_of_products_is_shown_as_understood(page: Page) -> None:
    """Standing filters hold for the next search; under "what is in my cart?" they would read as a misunderstanding."""
    say(page, "hiking boots under $150")
    expect(page.locator(".turn").last.locator(".understood")).to_be_visible()
    say(page, "what is in my cart?")
    expect(page.locator(".turn").last.locator(".understood")).to_be_hidden()


def test_the_first_ideas_are_those_of_the_served_catalogue(browser: Browser, server: str) -> None:
    """Another shop's catalogue knows no skiing: its own aisles stand in, each idea with what is really there."""
    page = browser.new_context().new_page()
    aisles = [
        {"path": ["Kitchen", "Drinkware", "Mugs"], "name": "Mugs", "count": 50},
        {"path": ["Footwear", "Sandals"], "name": "Sandals", "count": 9},
    ]
    page.route("**/categories", lambda route: route.fulfill(json={"categories": aisles}))
    page.goto(server)
    ideas = page.locator("#starters button")
    expect(ideas).to_have_count(2)
    expect(ideas.first).to_have_text("Comfortable sandals for a summer music festival")
    expect(ideas.last).to_have_text(re.compile(r"^Mugs under \$\d+$"))
    expect(page.locator("#starters img")).to_have_count(2)
    page.context.close()


def test_an_aisle_can_be_walked_into(page: Page) -> None:
    aisle = page.locator("#aisles button").first
    name = aisle.inner_text()
    aisle.click()
    expect(page.locator(".aisle h3").first).to_have_text(name, timeout=30_000)


def test_a_suggestion_can_be_tapped(page: Page) -> None:
    say(page, "yoga mat")
    suggestion = page.locator(".turn").last.locator(".suggestions button").first
    text = suggestion.inner_text()
    suggestion.click()
    expect(page.locator(".said").last).to_have_text(text)
    expect(page.locator(".turn .how")).to_have_count(2, timeout=30_000)


def test_the_panel_tells_plan_checks_and_timings(page: Page) -> None:
    say(page, "red mug under $20")
    panel = page.locator(".how").last
    panel.locator("summary").click()
    expect(panel).to_contain_text("search")
    expect(panel.locator(".checks li").first).to_be_visible()
    expect(panel.locator(".timings .ms").first).to_contain_text("ms")


def test_a_thumb_is_taken(page: Page) -> None:
    say(page, "power bank")
    thumb = page.get_by_role("button", name="Helpful", exact=True).last
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")


def test_a_product_sheet_opens_by_keyboard_and_closes_with_escape(page: Page) -> None:
    say(page, "carry-on suitcase")
    page.locator(".card-title").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#product h2")).to_be_visible()
    expect(page.locator("#product")).not_to_contain_text("[object")
    page.keyboard.press("Escape")
    expect(page.locator("#product")).not_to_be_visible()


def test_markup_in_a_message_stays_text(page: Page) -> None:
    say(page, "<img src=x onerror=alert(1)> hiking boots")
    assert page.locator(".said img").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overflows_sideways(browser: Browser, server: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(server)
    say(page, "I need shoes for hiking, what else should I get for my trip?")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_the_page_asks_no_other_host(browser: Browser, server: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(server)
    say(page, "tent for two")
    context.close()
    assert hosts == {server.removeprefix("http://")}
