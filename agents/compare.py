"""How do products differ? A side-by-side table made of catalogue facts, the differences first."""

from dataclasses import dataclass

from agents.extremes import Extreme, extreme
from agents.state import Spoken
from domain.plan import Task
from domain.ports import ProductSource
from domain.product import Product
from domain.reply import Check, Comparison, ComparisonRow
from domain.turn import Planned
from planner.wording import shortened

_MOST_ROWS = 14


@dataclass(frozen=True)
class CompareAgent:
    """Answers ``compare`` tasks."""

    source: ProductSource

    async def __call__(self, planned: Planned, task: Task, order: int) -> Spoken:
        products = await self.source.products(task.product_ids)
        if len(products) < 2:
            return Spoken(order=order, text="Show me at least two products to compare: search first, then name them by number.")
        comparison = compared(products)
        found = {product.product_id for product in products}
        gone = [product_id for product_id in task.product_ids if product_id not in found]
        reason = f"no longer in the catalogue: {', '.join(gone)}" if gone else "every product that was named stands in the catalogue"
        check = Check(name="grounded", passed=not gone, reason=reason)
        asked = extreme(products, task.request)
        return Spoken(
            order=order, text=_words(products, comparison, asked), comparison=comparison, checks=(check,),
            focus=tuple(p.product_id for p in asked.products) if asked and len(asked.products) == 1 else (),
        )  # fmt: skip


def compared(products: tuple[Product, ...]) -> Comparison:
    """Rows that at least one product has a value for; those that differ come first after title and price."""
    rows = [_row("title", [p.title for p in products]), _row("price", [str(p.price) if p.price else None for p in products])]
    rows.append(_row("rating", [f"{p.rating:.1f} ({p.rating_count or 0})" if p.rating is not None else None for p in products]))
    rows.append(_row("brand", [p.brand for p in products]))
    rows.append(_row("colors", [", ".join(p.colors) or None for p in products]))
    rows.append(_row("material", [", ".join(p.material) or None for p in products]))
    rows.append(_row("features", [", ".join(p.features) or None for p in products]))
    rows.append(_row("sizes", [", ".join(p.offered_sizes) or None for p in products]))
    rows.append(_row("in stock", [{True: "yes", False: "no", None: None}[p.in_stock] for p in products]))
    names = dict.fromkeys(name for p in products for name in p.attributes)
    extra = [_row(name, [p.attributes.get(name) for p in products]) for name in names]
    known = [row for row in (*rows, *extra) if any(row.values)]
    ordered = [*known[:2], *sorted(known[2:], key=lambda row: not row.differs)]
    return Comparison(product_ids=tuple(p.product_id for p in products), rows=tuple(ordered[:_MOST_ROWS]))


def _row(attribute: str, values: list[str | None]) -> ComparisonRow:
    return ComparisonRow(attribute=attribute, values=tuple(values), differs=len({v for v in values if v is not None}) > 1)


def _words(products: tuple[Product, ...], comparison: Comparison, asked: Extreme | None) -> str:
    differing = [row.attribute for row in comparison.rows if row.differs and row.attribute not in ("title", "brand", "rating", "price")]
    priced = sorted((p for p in products if p.price), key=lambda p: p.price.minor if p.price else 0)
    parts = [f"Here are {len(products)} side by side."]
    if asked:
        parts.append(asked.text)
    if len(priced) >= 2 and priced[0].price and priced[-1].price and priced[0].price.currency == priced[-1].price.currency:
        gap = priced[-1].price - priced[0].price
        if gap.minor and not (asked and asked.field == "price"):
            parts.append(f"The {shortened(priced[0].title, 70)} costs {gap} less than the {shortened(priced[-1].title, 70)}.")
    rated = [p for p in products if p.rating is not None]
    if len(rated) >= 2 and not (asked and asked.field == "rating"):
        best = max(rated, key=lambda p: p.rating or 0)
        parts.append(f"The {shortened(best.title, 70)} is rated highest, at {best.rating:.1f}.")
    if differing:
        parts.append(f"They differ in {', '.join(differing[:4])}.")
    return " ".join(parts)
