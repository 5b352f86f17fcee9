"""Can a shopper buy on the page, and see what became of it? Cart, consent, orders and returns in a real browser."""

import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.conftest import MERCHANT_KEY
from tests.browser.shopper import say

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]


def press(target: Locator) -> None:
    """By keyboard, as who uses no mouse."""
    target.focus()
    target.press("Enter")


def put_a_mug_in_the_cart(page: Page) -> None:
    say(page, "show me mugs")
    add = page.locator(".turn").last.locator(".add").first
    press(add)
    expect(page.locator("#cart-count")).to_have_text("1")
    expect(add).to_have_text(re.compile("In your cart"))


def test_from_search_to_return_by_keyboard(page: Page, server: str) -> None:
    put_a_mug_in_the_cart(page)
    press(page.locator("#cart-open"))
    cart = page.locator("#cart")
    press(cart.get_by_role("button", name="One more"))
    expect(cart.locator("output")).to_have_text("2")
    press(cart.get_by_role("button", name="Check out"))
    card = cart.locator(".consent")
    expect(card).to_contain_text("Order 2 ×")
    expect(card.locator(".totals")).to_contain_text(re.compile(r"total\$\d", re.IGNORECASE))
    press(card.get_by_role("button", name="Yes, place the order"))
    expect(card.get_by_role("status")).to_have_text(re.compile(r"^Done\. Order \S+ is paid\.$"))
    # The cart was drawn anew, as an empty one: the confirmation must stand beside it.
    expect(cart).to_contain_text("Nothing here yet")
    order_id = card.get_by_role("status").inner_text().split()[2]

    for state in ("shipped", "delivered"):
        told = page.request.post(f"{server}/orders/{order_id}/events", data={"state": state}, headers={"X-Api-Key": MERCHANT_KEY})
        assert told.ok, told.text()
    page.keyboard.press("Escape")
    press(page.locator("#orders-open"))
    order = page.locator(f"#orders [data-order='{order_id}']")
    expect(order.locator(".state")).to_have_text("delivered")
    press(order.get_by_role("button", name=re.compile("^Return ")))
    press(order.get_by_role("button", name="Yes, return it"))
    expect(order.locator(".consent-status")).to_have_text(re.compile("^Done"))
    expect(order.locator(".lines")).to_contain_text("return requested")


def test_a_no_leaves_the_cart_and_says_so(page: Page) -> None:
    put_a_mug_in_the_cart(page)
    page.locator("#cart-open").click()
    page.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#cart .consent-status")).to_have_text("Left as it was. Nothing has been done.")
    expect(page.locator("#cart .lines li")).to_have_count(1)


def test_a_changed_cart_takes_back_what_was_proposed_for_the_old_one(page: Page) -> None:
    put_a_mug_in_the_cart(page)
    page.locator("#cart-open").click()
    page.get_by_role("button", name="Check out").click()
    expect(page.locator("#cart .consent")).to_be_visible()
    page.get_by_role("button", name="One more").click()
    expect(page.locator("#cart .consent")).to_have_count(0)


def test_what_waits_for_a_yes_is_asked_again_after_a_reload(page: Page) -> None:
    put_a_mug_in_the_cart(page)
    say(page, "check out")
    expect(page.locator(".turn").last.locator(".consent")).to_be_visible()
    page.reload()
    card = page.locator(".consent")
    expect(card).to_have_count(1)
    card.get_by_role("button", name="Yes, place the order").click()
    expect(card.get_by_role("status")).to_have_text(re.compile("^Done"))
    expect(page.locator("#cart-count")).to_have_text("0")


def test_a_yes_in_the_chat_closes_the_card_that_it_answered(page: Page) -> None:
    put_a_mug_in_the_cart(page)
    say(page, "check out")
    card = page.locator(".consent")
    expect(card.get_by_role("button")).to_have_count(2)
    say(page, "yes")
    expect(page.locator(".turn").last.locator(".order")).to_contain_text("paid")
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_yes_to_another_default_address_is_confirmed(page: Page) -> None:
    say(page, "change my default address to 9 Oak Road, Portland, OR 97201")
    card = page.locator(".turn").last.locator(".consent")
    expect(card).to_contain_text("Change your default address?")
    card.get_by_role("button", name="Yes, change it").click()
    expect(card.get_by_role("status")).to_have_text("Done. Your default address is changed.")


def test_starting_over_with_goods_in_the_cart_asks_first(page: Page) -> None:
    put_a_mug_in_the_cart(page)
    new_chat = page.get_by_role("button", name="New chat")
    asked: list[str] = []

    def leave(question: Dialog) -> None:
        asked.append(question.message)
        question.dismiss()

    # Answered as it opens: a click does not return while a question stands.
    page.once("dialog", leave)
    with page.expect_event("dialog"):
        new_chat.click()
    assert asked == ["Start over? Your cart would be left behind."]
    expect(page.locator(".said")).to_have_count(1)
    page.once("dialog", lambda question: question.accept())
    new_chat.click()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator("#cart-count")).to_have_text("0")


def test_what_could_not_be_put_into_the_cart_is_said_and_not_counted(page: Page) -> None:
    problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "the last one has just been sold"}
    page.route("**/cart/lines", lambda route: route.fulfill(status=409, json=problem, content_type="application/problem+json"))
    reported: list[str] = []
    page.on("request", lambda request: reported.append(request.post_data or "") if request.url.endswith("/feedback") else None)
    say(page, "show me mugs")
    page.locator(".add").first.click()
    expect(page.locator("#status")).to_have_text("the last one has just been sold")
    page.locator(".card-title").first.click()
    page.locator("#product").get_by_role("button", name="Add to cart").click()
    expect(page.locator("#product .notice")).to_have_text("the last one has just been sold")
    assert not [body for body in reported if "add_to_cart" in body]
