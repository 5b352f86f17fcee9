"""What do tests of the planner share? The planner over the demo catalogue's own vocabulary, and conversations played on it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from catalog.demo import load_demo
from catalog.vocabulary import Vocabulary
from domain.filters import Filters
from domain.money import Money
from domain.plan import Plan
from domain.session import Session, ShownProduct
from planner.lexicon import Lexicon
from planner.rule_planner import RulePlanner
from planner.safety import safety_rules

_NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The demo catalogue's words, read once for all tests."""
    return Vocabulary.from_products(load_demo())


@lru_cache(maxsize=1)
def planner() -> RulePlanner:
    return RulePlanner(vocabulary=vocabulary, safety=safety_rules())


def lexicon() -> Lexicon:
    return planner().lexicon()


def a_session(
    subject: str | None = None,
    *,
    standing: Filters | None = None,
    shown: Sequence[ShownProduct] = (),
    recipient: str | None = None,
    question: str | None = None,
) -> Session:
    """A conversation that is about ``subject`` already."""
    return Session(
        session_id="s", created_at=_NOW, expires_at=_NOW + timedelta(days=1), subject=subject, standing=standing or Filters(),
        shown=tuple(shown), recipient=recipient, question=question,
    )  # fmt: skip


def plan(message: str, session: Session | None = None) -> Plan:
    return planner().plan_now(message, session or a_session())


def after(*messages: str, session: Session | None = None) -> Plan:
    """The plan of the last of several messages, each heard after the ones before it."""
    current = session or a_session()
    planned = None
    for message in messages:
        planned = planner().plan_now(message, current)
        searches = planned.searches
        current = current.model_copy(
            update={
                "standing": planned.standing,
                "recipient": planned.recipient,
                "subject": searches[-1].request if searches else current.subject,
            }
        )
    assert planned is not None, "say at least one message"
    return planned


def on_screen(
    *titles: str, category: str = "Hiking Boots", colors: Sequence[str] = (), prices: Sequence[str] = ()
) -> tuple[ShownProduct, ...]:
    """Products of one section, in order."""
    return tuple(
        ShownProduct(
            product_id=f"p{i}", ordinal=i, title=title, category=category, colors=(colors[i - 1],) if colors else (),
            price=Money.of(prices[i - 1], "USD") if prices else None,
        )
        for i, title in enumerate(titles, start=1)
    )  # fmt: skip
