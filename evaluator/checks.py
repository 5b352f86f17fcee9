"""May the shopper see this? Deterministic checks of a turn's products; each is named, each says why, all fail closed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.filters import FilterField, Filters
from domain.product import Product
from domain.proposal import is_gift_card_text
from domain.reply import Check, ProductView
from domain.terms import fold

_NAMES: dict[FilterField, str] = {
    "price_min": "within_price", "price_max": "within_price", "gender": "gender_aligned", "size": "within_size",
    "category": "within_category", "color": "within_color", "brand": "within_brand", "material": "within_material",
    "features": "within_features", "exclude": "without_excluded", "in_stock": "stock_as_asked",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A product as it would be shown, and the filters of its task."""

    view: ProductView
    filters: Filters


def check_products(
    shown: Iterable[Shown],
    evidence: Mapping[str, Product],
    *,
    is_safe: Callable[[str], bool],
    unfiltered: tuple[FilterField, ...] = (),
) -> tuple[Check, ...]:
    """All checks over what would be shown; ``evidence`` holds the products as the catalogue has them now."""
    items = list(shown)
    checks = [_real(items, evidence), _safe(items, is_safe), _no_gift_cards(items, evidence), _stock_marked(items, evidence)]
    checks += _within(items, evidence, unfiltered)
    if unfiltered:
        reason = f"no product of this catalogue carries {', '.join(unfiltered)}: ranked by it instead of excluding"
        checks.append(Check(name="filters_carried", passed=True, reason=reason))
    return tuple(checks)


def _real(items: list[Shown], evidence: Mapping[str, Product]) -> Check:
    """Whether each stands in the catalogue, under this title and at this price."""
    bad = [item.view.product_id for item in items if not _as_listed(item.view, evidence.get(item.view.product_id))]
    reason = f"{len(items)} of {len(items)} stand in the catalogue" if not bad else f"not as the catalogue has it: {bad[:3]}"
    return Check(name="grounded", passed=not bad, reason=reason)


def _as_listed(view: ProductView, product: Product | None) -> bool:
    if product is None:
        return False
    variant = next((v for v in product.variants if v.variant_id == view.variant_id), None)
    price = (variant.price if variant else None) or product.price
    return view.title == product.title and view.price == price


def _safe(items: list[Shown], is_safe: Callable[[str], bool]) -> Check:
    """Judged by title and category; a colour's name ("ivory") is no ware."""
    bad = [item.view.product_id for item in items if not is_safe(_named(item.view))]
    return Check(name="safe", passed=not bad, reason="what is shown is safe" if not bad else f"never shown: {bad[:3]}")


def _named(view: ProductView) -> str:
    words = fold(" ".join((view.title, *view.category)))
    for color in view.colors:
        words = words.replace(fold(color), " ")
    return words


def _no_gift_cards(items: list[Shown], evidence: Mapping[str, Product]) -> Check:
    cards = [
        i.view.product_id for i in items
        if is_gift_card_text(i.view.title) or (p := evidence.get(i.view.product_id)) is None or p.is_gift_card
    ]  # fmt: skip
    return Check(name="no_gift_cards", passed=not cards, reason="none shown" if not cards else f"gift cards: {cards[:3]}")


def _stock_marked(items: list[Shown], evidence: Mapping[str, Product]) -> Check:
    wrong = []
    for item in items:
        product = evidence.get(item.view.product_id)
        variant = next((v for v in product.variants if v.variant_id == item.view.variant_id), None) if product else None
        actual = variant.in_stock if variant else product.in_stock if product else None
        if product is None or item.view.in_stock != actual:
            wrong.append(item.view.product_id)
    sold_out = sum(item.view.in_stock is False for item in items)
    reason = f"stock is as the catalogue says; {sold_out} marked as out of stock" if not wrong else f"stock not as listed: {wrong[:3]}"
    return Check(name="stock_marked", passed=not wrong, reason=reason)


def _within(items: list[Shown], evidence: Mapping[str, Product], unfiltered: tuple[FilterField, ...]) -> list[Check]:
    """One check a constraint that held; products of several tasks are each held to their own."""
    active = dict.fromkeys(f for item in items for f in item.filters.active() if f not in unfiltered)
    found: dict[str, Check] = {}
    for name in active:
        bad = [i.view.product_id for i in items if name in i.filters.active() and not _admits(i, evidence, name)]
        passed = not bad and found.get(_NAMES[name], Check(name="", passed=True)).passed
        reason = f"all {len(items)} within {_said(items, name)}" if not bad else f"outside {_said(items, name)}: {bad[:3]}"
        found[_NAMES[name]] = Check(name=_NAMES[name], passed=passed, reason=reason)
    return list(found.values())


def _admits(item: Shown, evidence: Mapping[str, Product], name: FilterField) -> bool:
    product = evidence.get(item.view.product_id)
    if product is None:
        return False
    only = Filters(currency=item.filters.currency).model_copy(update={name: getattr(item.filters, name)})
    if name in ("size", "color") and product.variants:
        # Size and colour must hold for one variant at once.
        only = only.model_copy(update={"size": item.filters.size, "color": item.filters.color})
        if not product.colors and not any(v.color for v in product.variants):
            only = only.model_copy(update={"color": None}) if name == "size" else only
    return only.admits(product)


def _said(items: list[Shown], name: FilterField) -> str:
    values = dict.fromkeys(str(_plain(getattr(i.filters, name))) for i in items if getattr(i.filters, name) is not None)
    return f"{name} {' / '.join(values)}"


def _plain(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value
