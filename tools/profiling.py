"""How do purchases and deeds become facts? Counted, each with its share and its evidence; an old one counts half as much a year."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import quantiles

from catalog.purchases import Customer, Purchase
from domain.product import Product
from domain.profile import Action, FactKind, ProfileFact, Signal, price_band

_HALF_LIFE_DAYS = 365.0
_LEAST_WEIGHT = 0.15
_MOST: Mapping[FactKind, int] = {"category": 4, "brand": 3, "color": 3, "material": 2, "gender": 1, "size": 4}
_BAND_NEEDS = 3
"""Purchases with a price from which a price band is told."""
_COUNTS: Mapping[Action, float] = {
    "purchase": 1.0, "add_to_cart": 0.5, "thumb_up": 0.5, "click": 0.15, "dismiss": -0.2, "thumb_down": -0.5,
}  # fmt: skip
"""What a deed says beside a purchase."""
_SAY_NOTHING_YET = 2.0
"""Imagined purchases of something else: one deed makes no taste."""
_DONE: Mapping[Action, str] = {
    "purchase": "bought", "add_to_cart": "put in the cart", "thumb_up": "liked", "click": "looked at", "dismiss": "passed over",
    "thumb_down": "disliked",
}  # fmt: skip
_GENDERS = {"men": "men", "male": "men", "m": "men", "women": "women", "female": "women", "f": "women"}
_AGE_BANDS = ((25, "under 25"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"), (65, "55 to 64"), (120, "65 or over"))


def facts_of(purchases: Sequence[Purchase], customer: Customer | None, *, today: date) -> tuple[ProfileFact, ...]:
    """Facts with a weight of at least 0.15, by kind; duplicates (same product on the same day) count once."""
    once = list({(p.product_id, p.on): p for p in purchases}.values())
    facts = [fact for kind, values in _values(once).items() for fact in _counted(kind, values, len(once), today)]
    stated = _stated(customer)
    told = {fact.kind for fact in stated}
    return (*(fact for fact in facts if fact.kind not in told), *_band(once), *stated)


def traits_of(product: Product, *, size: str | None = None) -> tuple[tuple[FactKind, str], ...]:
    """What a product says of who chooses it; ``size`` where it was bought in one."""
    leaf = product.leaf_category
    gender = _GENDERS.get(product.gender or "")
    told: tuple[tuple[FactKind, str | None], ...] = (
        ("category", leaf), ("brand", product.brand), *(("color", c) for c in product.colors[:1]),
        *(("material", m) for m in product.material[:1]), ("gender", gender),
        ("size", f"{leaf or 'any'} {size}".casefold() if size else None),
    )  # fmt: skip
    return tuple((kind, value) for kind, value in told if value)


def noticed(signals: Sequence[Signal], *, today: date) -> tuple[ProfileFact, ...]:
    """Facts with a weight of at least 0.15, by kind, from what was done in conversations."""
    weights: defaultdict[tuple[FactKind, str], float] = defaultdict(float)
    deeds: defaultdict[tuple[FactKind, str], list[Signal]] = defaultdict(list)
    totals: defaultdict[FactKind, float] = defaultdict(float)
    for signal in signals:
        weight = _COUNTS[signal.action] * _freshness(signal.on, today)
        for kind, value in signal.traits:
            weights[kind, value] += weight
            deeds[kind, value].append(signal)
            totals[kind] += max(weight, 0.0)
    found: list[ProfileFact] = []
    for kind, most in _MOST.items():
        shares = [(value, weight / (totals[k] + _SAY_NOTHING_YET)) for (k, value), weight in weights.items() if k == kind]
        best = sorted(shares, key=lambda item: (-item[1], item[0]))[:most]
        found += [
            ProfileFact(kind=kind, value=value, weight=round(min(share, 1.0), 3), evidence=_deeds(deeds[kind, value]))
            for value, share in best
            if share >= _LEAST_WEIGHT
        ]
    return tuple(found)


def _deeds(signals: Sequence[Signal]) -> str:
    """ "in chat: 1 bought, 2 looked at, the last on 2026-03-01"."""
    times = Counter(signal.action for signal in signals)
    counted = ", ".join(f"{times[action]} {word}" for action, word in _DONE.items() if times[action])
    return f"in chat: {counted}, the last on {max(signal.on for signal in signals).isoformat()}"


def _values(purchases: Iterable[Purchase]) -> dict[FactKind, list[tuple[str, date]]]:
    found: defaultdict[FactKind, list[tuple[str, date]]] = defaultdict(list)
    for p in purchases:
        leaf = p.category[-1] if p.category else None
        size = f"{leaf or 'any'} {p.size}".casefold() if p.size else None
        gender = _GENDERS.get((p.gender or "").casefold())
        told: tuple[tuple[FactKind, str | None], ...] = (
            ("category", leaf), ("brand", p.brand), ("color", p.color), ("material", p.material), ("gender", gender), ("size", size),
        )  # fmt: skip
        for kind, value in told:
            if value:
                found[kind].append((value, p.on))
    return found


def _counted(kind: FactKind, values: Sequence[tuple[str, date]], purchases: int, today: date) -> list[ProfileFact]:
    weights: defaultdict[str, float] = defaultdict(float)
    times: Counter[str] = Counter()
    last: dict[str, date] = {}
    for value, on in values:
        weights[value] += _freshness(on, today)
        times[value] += 1
        last[value] = max(on, last.get(value, on))
    total = sum(weights.values())
    return [
        ProfileFact(
            kind=kind, value=value, weight=round(weight / total, 3),
            evidence=f"{times[value]} of {purchases} purchases, the last on {last[value].isoformat()}",
        )
        for value, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[: _MOST[kind]]
        if weight / total >= _LEAST_WEIGHT
    ]  # fmt: skip


def _freshness(on: date, today: date) -> float:
    return float(0.5 ** ((today - on).days / _HALF_LIFE_DAYS))


def _band(purchases: Sequence[Purchase]) -> list[ProfileFact]:
    prices = sorted(p.price for p in purchases if p.price is not None)
    if len(prices) < _BAND_NEEDS:
        return []
    low, _, high = quantiles(prices, n=4)
    return [
        ProfileFact(
            kind="price", value=price_band(low, high), weight=0.5, evidence=f"the middle half of {len(prices)} prices that you paid"
        )
    ]


def _stated(customer: Customer | None) -> list[ProfileFact]:
    if customer is None:
        return []
    told: list[tuple[FactKind, str]] = []
    if customer.age is not None:
        told.append(("age", next(band for limit, band in _AGE_BANDS if customer.age < limit)))
    if gender := _GENDERS.get((customer.gender or "").casefold()):
        told.append(("gender", gender))
    if customer.region:
        told.append(("region", customer.region))
    return [ProfileFact(kind=kind, value=value, weight=1.0, evidence="from your account with the shop") for kind, value in told]
