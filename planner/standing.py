"""Which filters hold after this message? Narrowing, replacing, relaxing and switching the subject (docs/planning.md)."""

import re
from collections.abc import Mapping

from domain.filters import FILTER_FIELDS, FILTER_LISTS, MOST_VALUES, FilterChange, FilterField, Filters
from domain.terms import fold

# On a switch of subject the person stays (gender, size is only for like goods) and what the shopper rules out;
# price, colour, brand, material and features belonged to the other thing.
_SURVIVES_SWITCH: tuple[FilterField, ...] = ("gender", "exclude")


_LETTERS = frozenset({"XXS", "XS", "S", "M", "L", "XL", "XXL", "2XL", "3XL"})
_CUT_BY_LETTERS = re.compile(
    r"\b(?:shirts?|tops?|tees?|hoodies?|sweatshirts?|sweaters?|cardigans?|pullovers?|jackets?|coats?|parkas?|dresses|dress|blouses?|vests?|leggings|polos?|fleeces?|pajamas|robes?|base layers?)$"
)
_ON_FEET = re.compile(r"\b(?:shoes?|boots?|sneakers?|sandals?|loafers?|heels?|flats|trainers?|clogs?|slippers?)$")


def refined(standing: Filters, change: FilterChange) -> Filters:
    """The standing filters after a message about the same subject."""
    stated = change.stated
    updates: dict[str, object] = {}
    for field in FILTER_FIELDS:
        value = getattr(stated, field)
        if value is not None:
            updates[field] = _merged(field, getattr(standing, field), value)
    if "price_max" in updates or "price_min" in updates:
        updates |= _price(standing, stated)
        updates["currency"] = stated.currency
    for field in change.lifted:
        updates.setdefault(field, None)
    if stated.exclude:
        updates |= _without_excluded(standing, updates, stated.exclude)
    if stated.color or stated.material or stated.brand or stated.features:
        updates |= _not_excluded_any_more(standing, updates, stated)
    lifted = [f for f in (*standing.lifted, *change.lifted) if f not in updates or updates[f] is None]
    return standing.model_copy(update={**updates, "lifted": tuple(dict.fromkeys(lifted))}).bounded()


def allowing(standing: Filters, values: Mapping[str, FilterField]) -> Filters:
    """ "Leather is fine too": a ban on it ends, and where other values of its field are asked for it joins them."""
    updates: dict[str, object] = {}
    if standing.exclude:
        updates["exclude"] = tuple(word for word in standing.exclude if fold(word) not in values) or None
    for value, field in values.items():
        held = updates.get(field, getattr(standing, field))
        if field != "exclude" and isinstance(held, tuple) and held and value not in held:
            updates[field] = (*held, value)
    return standing.model_copy(update=updates).bounded()


def switched(standing: Filters, change: FilterChange) -> Filters:
    """The filters after a message that turns to another subject."""
    kept = {field: getattr(standing, field) for field in _SURVIVES_SWITCH}
    return refined(Filters(currency=change.stated.currency, **kept), change)


def still_fits(size: str, before: str, now: str) -> bool:
    """Whether a size said for one kind of thing speaks of another: a letter of all that is cut by letters, a shoe's number of shoes."""
    if size.upper() in _LETTERS:
        return _CUT_BY_LETTERS.search(now) is not None
    return _ON_FEET.search(before) is not None and _ON_FEET.search(now) is not None


def filled_up(before: Filters, after: Filters) -> bool:
    """Whether a list is full since this message, so that what came before its last values counts no more."""
    return any(len(now := getattr(after, field) or ()) == MOST_VALUES and now != getattr(before, field) for field in FILTER_LISTS)


def _merged(field: str, before: object, stated: object) -> object:
    """Features and exclusions add up; everything else is replaced by what was said last."""
    if field in ("features", "exclude") and isinstance(before, tuple) and isinstance(stated, tuple):
        return tuple(dict.fromkeys((*before, *stated)))
    return stated


def _price(standing: Filters, stated: Filters) -> dict[str, object]:
    """A new bound replaces its own side; the other side goes when the two could not both hold."""
    low = stated.price_min if stated.price_min is not None else standing.price_min
    high = stated.price_max if stated.price_max is not None else standing.price_max
    if low is not None and high is not None and low > high:
        low, high = stated.price_min, stated.price_max
    return {"price_min": low, "price_max": high}


def _without_excluded(standing: Filters, updates: dict[str, object], excluded: tuple[str, ...]) -> dict[str, object]:
    """ "Not leather" takes leather out of what was wanted."""
    out = {fold(word) for word in excluded}
    changed: dict[str, object] = {}
    for field in ("color", "brand", "material", "features"):
        wanted = updates.get(field, getattr(standing, field))
        if isinstance(wanted, tuple) and any(fold(v) in out for v in wanted):
            changed[field] = tuple(v for v in wanted if fold(v) not in out) or None
    if updates.get("gender", standing.gender) in out:
        changed["gender"] = None
    return changed


def _not_excluded_any_more(standing: Filters, updates: dict[str, object], stated: Filters) -> dict[str, object]:
    """Asking for what was ruled out before lifts the ban."""
    wanted = {fold(v) for values in (stated.color, stated.material, stated.brand, stated.features) for v in values or ()}
    excluded = updates.get("exclude", standing.exclude)
    if not isinstance(excluded, tuple) or not any(fold(word) in wanted for word in excluded):
        return {}
    return {"exclude": tuple(word for word in excluded if fold(word) not in wanted) or None}
