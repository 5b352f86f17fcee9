"""How do purchase histories become stored profiles? In batches, each saved whole, so that a build that was cut off goes on."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from catalog.purchases import Customer, Purchase, RefusedRow
from domain.errors import Conflict
from domain.ports import ProductSource, Profiles
from domain.product import Product
from domain.profile import Profile
from tools.profile_spill import History, HistorySpill
from tools.profiling import facts_of

_BATCH = 200
_LOOK_UP = 500
_TRIES = 5
"""Of a batch whose customers are being served meanwhile."""


@dataclass
class _Counted:
    built: int = 0
    unchanged: int = 0
    opted_out: int = 0
    unknown_products: int = 0
    """Products of purchases that neither the row nor the catalogue describes; they tell nothing."""


@dataclass
class ProfileReport(_Counted):
    """What a build did, in customers; refused rows with their reasons."""

    purchases: int = 0
    refused: list[RefusedRow] = field(default_factory=list)

    def add(self, counted: _Counted) -> None:
        self.built += counted.built
        self.unchanged += counted.unchanged
        self.opted_out += counted.opted_out
        self.unknown_products += counted.unknown_products


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
        with HistorySpill() as spill:
            for row in itertools.chain(customers, purchases):
                if isinstance(row, RefusedRow):
                    report.refused.append(row)
                else:
                    spill.add(row)
                    report.purchases += isinstance(row, Purchase)
            histories, done = spill.histories(), 0
            while batch := list(itertools.islice(histories, _BATCH)):
                report.add(await self._batch(batch, source=source, today=today))
                done += len(batch)
                progress(done, spill.customers)
        return report

    async def _batch(self, batch: Sequence[History], *, source: str, today: date) -> "_Counted":
        """Drawn anew where a conversation or a correction was first: neither is lost."""
        described = await self._described([p for history in batch for p in history.purchases])
        for _ in range(_TRIES - 1):
            with suppress(Conflict):
                return await self._saved(batch, described, source=source, today=today)
        return await self._saved(batch, described, source=source, today=today)

    async def _saved(self, batch: Sequence[History], described: Mapping[str, Product], *, source: str, today: date) -> "_Counted":
        before = await self.profiles.known([history.customer_id for history in batch])
        counted, changed = _Counted(), list[Profile]()
        for history in batch:
            profile = before.get(history.customer_id) or Profile(customer_id=history.customer_id)
            if not profile.learning:
                counted.opted_out += 1
                continue
            if profile.source == source:
                counted.unchanged += 1
                continue
            since = profile.forgotten_at.date() if profile.forgotten_at else None
            own = [filled(p, described.get(p.product_id)) for p in history.purchases if since is None or p.on > since]
            counted.unknown_products += sum(not p.category and not p.brand for p in own)
            facts = facts_of(own, history.customer, today=today)
            changed.append(profile.model_copy(update={"learned": facts, "source": source}))
        if changed:
            await self.profiles.save_all(changed)
        counted.built = len(changed)
        return counted

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
