"""What is a scenario, and does a reply meet it? Conversations with expectations, as data; every miss is told in words."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from domain.document import Document
from domain.filters import Filters
from domain.reply import ProductView, Reply
from domain.terms import fold

SCENARIOS = Path(__file__).resolve().parent / "scenarios"

Theme = Literal[
    "refinement", "relaxation", "reference", "comparison", "cross_category", "gift", "gender_switch", "out_of_stock", "nothing_fits",
    "price_in_words", "units", "typos", "several_intents", "distractor", "switch", "contradiction", "clarify", "preference",
    "product_question", "shop_question", "cart", "order", "gift_card", "small_talk", "out_of_scope", "other_language", "bad_input",
    "injection_in_message", "injection_in_product", "unsafe", "self_harm", "harmless",
]  # fmt: skip
"""What a scenario is about; figures are told by it."""


class ProductExpectation(Document):
    """What products must be like; every field that is given must hold."""

    title_has: tuple[str, ...] | None = None
    """Any of these words in the title or category."""
    price_max: Decimal | None = None
    price_min: Decimal | None = None
    color: str | None = None
    gender_in: tuple[str, ...] | None = None
    in_stock: bool | None = None
    says: tuple[str, ...] | None = None
    """Any of these in title, features, material or description."""

    def fits(self, product: ProductView) -> bool:
        """Whether a shown product is like this."""
        name = fold(" ".join((product.title, *product.category)))
        text = fold(" ".join((product.title, *product.features, *product.material, product.description)))
        amount = Decimal(product.price.amount) if product.price else None
        return (
            (self.title_has is None or any(fold(w) in name for w in self.title_has))
            and (self.price_max is None or (amount is not None and amount <= self.price_max))
            and (self.price_min is None or (amount is not None and amount >= self.price_min))
            and (self.color is None or any(fold(self.color) in fold(c) for c in product.colors))
            and (self.gender_in is None or product.gender is None or product.gender in self.gender_in)
            and (self.in_stock is None or product.in_stock == self.in_stock)
            and (self.says is None or any(fold(w) in text for w in self.says))
        )


class Expectation(Document):
    """What a reply must be like."""

    kinds: tuple[str, ...] | None = None
    """Kinds of the plan's tasks, in order."""
    request_has: tuple[str, ...] | None = None
    filters: dict[str, Any] = Field(default_factory=dict)
    """Filters of the first task: values, or null for "not held"."""
    products_min: int = 0
    no_products: bool = False
    all: ProductExpectation | None = None
    any: ProductExpectation | None = None
    none: ProductExpectation | None = None
    sections_min: int = 0
    sections_named: tuple[str, ...] = ()
    """Each stands in the name of some section."""
    text_has: tuple[str, ...] = ()
    """Any of these."""
    text_lacks: tuple[str, ...] = ()
    suggests: bool = False
    comparison: bool = False
    cites: tuple[str, ...] = ()
    """Any of these fields or sources is cited."""


class Turn(Document):
    say: str
    expect: Expectation


class Scenario(Document):
    """One conversation from its first word."""

    name: str
    theme: Theme
    gap: str | None = None
    """What is known not to work yet, in words: it counts as missed in every figure, and the tests expect the miss."""
    turns: tuple[Turn, ...]


def load_scenarios(folder: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """All scenarios, in the order of files and of their place in them; names are unique."""
    found = [Scenario.model_validate(row) for file in sorted(folder.glob("*.yaml")) for row in yaml.safe_load(file.read_text())]
    names = [scenario.name for scenario in found]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"scenario names stand twice: {sorted(doubled)}")
    return tuple(found)


def misses(expected: Expectation, reply: Reply) -> list[str]:
    """Every way in which the reply is not as expected, in words; empty when it is."""
    products = reply.products
    found = [miss for check in _CHECKS for miss in check(expected, reply)]
    if expected.no_products and products:
        found.append(f"shows {products[0].title!r} although nothing may be shown")
    if len(products) < expected.products_min:
        found.append(f"shows {len(products)} products, at least {expected.products_min} expected")
    return found


def _plan(expected: Expectation, reply: Reply) -> list[str]:
    kinds = tuple(task.kind for task in reply.plan)
    missed = [] if expected.kinds in (None, kinds) else [f"plans {kinds}, not {expected.kinds}"]
    request = fold(reply.plan[0].request) if reply.plan else ""
    missed += [f"request {request!r} lacks {w!r}" for w in expected.request_has or () if fold(w) not in request]
    held = reply.plan[0].filters.model_dump(mode="json") if reply.plan else Filters().model_dump(mode="json")
    for name, value in expected.filters.items():
        actual = held.get(name)
        same = sorted(map(fold, actual)) == sorted(map(fold, value)) if isinstance(value, list) and actual else _same(actual, value)
        if not same:
            missed.append(f"filter {name} is {actual!r}, not {value!r}")
    return missed


def _same(actual: object, value: object) -> bool:
    if value is None:
        return actual in (None, [])
    return str(actual).lower() == str(value).lower()


def _shown(expected: Expectation, reply: Reply) -> list[str]:
    missed: list[str] = []
    if expected.all is not None:
        missed += [f"{p.title!r} is not as all must be" for p in reply.products if not expected.all.fits(p)]
    if expected.any is not None and not any(expected.any.fits(p) for p in reply.products):
        missed.append("no product is as one must be")
    if expected.none is not None:
        missed += [f"{p.title!r} is what none may be" for p in reply.products if expected.none.fits(p)]
    if len(reply.sections) < expected.sections_min:
        missed.append(f"{len(reply.sections)} sections, at least {expected.sections_min} expected")
    names = " ".join(fold(s.category) for s in reply.sections)
    return missed + [f"no section is named {name!r}" for name in expected.sections_named if fold(name) not in names]


def _said(expected: Expectation, reply: Reply) -> list[str]:
    text = fold(reply.text)
    missed = [] if not expected.text_has or any(fold(w) in text for w in expected.text_has) else [f"text lacks {expected.text_has}"]
    missed += [f"text says {w!r}" for w in expected.text_lacks if fold(w) in text]
    if expected.suggests and not reply.suggestions:
        missed.append("suggests nothing")
    if expected.comparison and reply.comparison is None:
        missed.append("compares nothing")
    cited = {c.source or c.field or "" for c in reply.citations}
    if expected.cites and not any(want in name for want in expected.cites for name in cited):
        missed.append(f"cites {sorted(cited)}, not {expected.cites}")
    return missed


def _always(expected: Expectation, reply: Reply) -> list[str]:
    """What holds for every reply: grounded text, the paper's rules, no gift cards."""
    missed = [f"check {c.name} failed: {c.reason}" for c in reply.checks if not c.passed and c.name != "answers_what_was_asked"]
    if not reply.text.strip():
        missed.append("says nothing")
    searching = [task for task in reply.plan if task.kind in ("search", "refine", "similar")]
    if searching and not 1 <= len(reply.proposal) <= 4:
        missed.append(f"{len(reply.proposal)} proposed categories")
    missed += [f"{c.category!r} proposes {len(set(c.products))} different products" for c in reply.proposal if len(set(c.products)) != 6]
    return missed


_CHECKS: tuple[Callable[[Expectation, Reply], list[str]], ...] = (_plan, _shown, _said, _always)
