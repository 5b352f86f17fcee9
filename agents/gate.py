"""May this product be sent? Each one is held against the catalogue as it is now before its section leaves; what fails stays back."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.filters import FilterField, Filters
from domain.ports import ProductSource
from domain.product import Product
from domain.reply import Check, ProductView
from domain.search import RankedProduct
from evaluator.checks import Shown, check_products

_LOOKED_AT = 16
"""Ranked products that are checked; more than a section shows, fewer than ranking sees."""


@dataclass(frozen=True)
class Admitted:
    """What may be shown, in the order ranked, and the checks that others failed."""

    ranked: tuple[RankedProduct, ...]
    failed: tuple[Check, ...]


@dataclass(frozen=True)
class Gate:
    """Checks before the shopper sees a word. What cannot be checked is not shown."""

    source: ProductSource
    is_safe: Callable[[str], bool]

    async def admit(self, ranked: tuple[RankedProduct, ...], filters: Filters, *, unfiltered: tuple[FilterField, ...] = ()) -> Admitted:
        """Raises IndexUnavailable when the catalogue can't be asked."""
        looked_at = ranked[:_LOOKED_AT]
        evidence = {p.product_id: p for p in await self.source.products([r.product.product_id for r in looked_at])}
        kept: list[RankedProduct] = []
        failed: list[Check] = []
        for item in looked_at:
            missed = self._missed(item, filters, evidence, unfiltered)
            failed += missed
            if not missed:
                kept.append(item)
        return Admitted(tuple(kept), tuple(failed))

    def _missed(
        self, item: RankedProduct, filters: Filters, evidence: dict[str, Product], unfiltered: tuple[FilterField, ...]
    ) -> list[Check]:
        view = ProductView.of(item.product, variant=item.variant)
        checks = check_products([Shown(view, filters)], evidence, unfiltered=unfiltered, is_safe=self.is_safe)
        return [check for check in checks if not check.passed]
