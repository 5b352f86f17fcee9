"""What does a shopper do on the page? The gestures that the browser tests share."""

import re

from playwright.sync_api import Page, expect


def say(page: Page, message: str) -> None:
    """Types and sends, then waits until the turn is over."""
    before = page.locator(".turn .how").count()
    send(page, message)
    expect(page.locator(".turn .how")).to_have_count(before + 1, timeout=30_000)


def send(page: Page, message: str) -> None:
    """Types and sends, and waits for nothing."""
    page.get_by_label("Your message").fill(message)
    page.keyboard.press("Enter")


def last_turn_prices(page: Page) -> list[float]:
    """What the cards of the last turn cost, where they have a price."""
    texts = page.locator(".turn").last.locator(".card-price").all_inner_texts()
    return [float(re.sub(r"[^0-9.]", "", text)) for text in texts if "$" in text]
