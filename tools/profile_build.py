"""How do purchase histories become stored profiles? In batches, each saved whole, so that a build that was cut off goes on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from catalog.purchases import Customer, Purchase, RefusedRow
from domain.ports import ProductSource, Profiles
from domain.product import Product
from domain.profile import Profile
from tools.profiling import facts_of

_BATCH = 200
_LOOK_UP = 500


@dataclass
class ProfileReport:
    """What a build did, in customers; refused rows with their reasons."""

    built: int = 0
    unchanged: int = 0
    opted_out: int = 0
    purchases: int = 0
    unknown_products: int = 0
    """Products of purchases that neither the row nor the catalogue describes; they tell nothing."""
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(frozen=True)
class ProfileBuilder:
    """Turns histories into profiles; what customers corrected or had forgotten is kept."""

    profiles: Profiles
    catalog: ProductSource | None = None
    """Describes products where the history does not."""

    async def build(
        self,
        purchases: Iterable[Purchase | RefusedRow],
        customers: Iterable[Customer | RefusedRow] = (),
        *,
        source: str,
        today: date,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> ProfileReport:
        """``source`` names the histories: a customer whose profile was drawn from it already is passed over."""
        report = ProfileReport()
        known: dict[str, Customer] = {}
        for customer in customers:
            if isinstance(customer, RefusedRow):
                report.refused.append(customer)
            else:
                known[customer.customer_id] = customer
        histories: defaultdict[str, list[Purchase]] = defaultdict(list)
        for purchase in purchases:
            if isinstance(purchase, RefusedRow):
                report.refused.append(purchase)
            else:
                histories[purchase.customer_id].append(purchase)
                report.purchases += 1
        ids = sorted({*histories, *known})
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            await self._batch(batch, histories, known, report, source=source, today=today)
            progress(min(start + _BATCH, len(ids)), len(ids))
        return report

    async def _batch(
        self, ids: Sequence[str], histories: Mapping[str, list[Purchase]], customers: Mapping[str, Customer], report: ProfileReport,
        *, source: str, today: date,
    ) -> None:  # fmt: skip
        before = await self.profiles.known(ids)
        described = await self._described([p for customer_id in ids for p in histories.get(customer_id, ())])
        changed: list[Profile] = []
        for customer_id in ids:
            profile = before.get(customer_id) or Profile(customer_id=customer_id)
            if not profile.learning:
                report.opted_out += 1
                continue
            if profile.source == source:
                report.unchanged += 1
                continue
            since = profile.forgotten_at.date() if profile.forgotten_at else None
            own = [filled(p, described.get(p.product_id)) for p in histories.get(customer_id, ()) if since is None or p.on > since]
            report.unknown_products += sum(not p.category and not p.brand for p in own)
            facts = facts_of(own, customers.get(customer_id), today=today)
            changed.append(profile.model_copy(update={"learned": facts, "source": source}))
        if changed:
            await self.profiles.save_all(changed)
        report.built += len(changed)

    async def _described(self, purchases: Sequence[Purchase]) -> dict[str, Product]:
        if self.catalog is None:
            return {}
        ids = sorted({p.product_id for p in purchases if not (p.category and p.brand and p.color and p.gender)})
        found: dict[str, Product] = {}
        for start in range(0, len(ids), _LOOK_UP):
            found |= {product.product_id: product for product in await self.catalog.products(ids[start : start + _LOOK_UP])}
        return found


def filled(purchase: Purchase, product: Product | None) -> Purchase:
    """What the row leaves open, from the catalogue."""
    if product is None:
        return purchase
    return replace(
        purchase, category=purchase.category or product.category, brand=purchase.brand or product.brand,
        color=purchase.color or next(iter(product.colors), None), material=purchase.material or next(iter(product.material), None),
        gender=purchase.gender or product.gender,
    )  # fmt: skip
