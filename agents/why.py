"""Why is a product shown? At most three facts that are true of it and matter for what was asked."""

from domain.filters import Filters
from domain.product import Product
from domain.terms import fold


def why_of(product: Product, filters: Filters, *, variant_size: str | None = None, taste: str | None = None) -> str:
    """At most three facts that are true of the product and matter for what was asked."""
    facts: list[str] = []
    if filters.features:
        text = fold(" ".join((product.title, product.description, *product.features)))
        facts += [feature for feature in filters.features if fold(feature) in text][:2]
    if filters.color and product.colors:
        facts.append(f"in {product.colors[0]}")
    if variant_size and filters.size:
        facts.append(f"size {variant_size} in stock")
    if taste:
        facts.append(taste)
    if filters.price_max is not None and product.price and product.price.currency == filters.currency:
        left = filters.bounds_minor()[1]
        spare = (left or 0) - product.price.minor
        if spare >= 100:
            facts.append(f"${spare // 100} under your limit" if filters.currency == "USD" else "under your limit")
    if product.rating is not None and (product.rating_count or 0) > 0 and product.rating >= 4.0:
        facts.append(f"{product.rating:.1f} stars from {product.rating_count}")
    if len(facts) < 2 and product.features and not filters.features:
        facts.append(product.features[0])
    if product.in_stock is False:
        facts.insert(0, "out of stock at the moment")
    text = ", ".join(facts[:3]) or "matches what you asked for"
    return text[:1].upper() + text[1:]
