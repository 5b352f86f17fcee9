"""Do purchases become the right facts, and does what the customer said stand above them?"""

import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from catalog.purchases import Customer, Purchase, RefusedRow, read_customers, read_purchases
from domain.errors import BadFeed
from domain.profile import Profile, ProfileFact
from tests.fakes import KeptProfiles, ListCatalog
from tests.server_kit import PRODUCTS
from tools.profile_build import ProfileBuilder
from tools.profiling import facts_of

_TODAY = date(2026, 11, 28)


def bought(product_id: str = "p", *, on: date = date(2026, 10, 1), category: str = "Boots", brand: str | None = None, price: float | None = None,
           customer_id: str = "c") -> Purchase:  # fmt: skip
    return Purchase(customer_id, product_id, on, category=("Shoes", category), brand=brand, price=price)


def weights(purchases: Sequence[Purchase], customer: Customer | None = None) -> dict[str, float]:
    return {fact.id: fact.weight for fact in facts_of(purchases, customer, today=_TODAY)}


def test_a_fact_weighs_its_share_of_the_purchases_and_says_so() -> None:
    facts = facts_of([bought("a"), bought("b"), bought("c"), bought("d", category="Hats")], None, today=_TODAY)
    boots = next(fact for fact in facts if fact.value == "Boots")
    assert boots.weight == 0.75 and boots.evidence == "3 of 4 purchases, the last on 2026-10-01"


def test_an_old_purchase_counts_less_than_a_new_one() -> None:
    found = weights([bought("a", on=date(2023, 10, 1)), bought("b", category="Hats")])
    assert found["category:hats"] > found["category:boots"] * 3 if "category:boots" in found else found["category:hats"] > 0.8


def test_a_row_that_stands_twice_counts_once() -> None:
    assert weights([bought("a"), bought("a"), bought("b", category="Hats")])["category:boots"] == 0.5


def test_three_prices_make_a_band_and_two_make_none() -> None:
    assert not any(i.startswith("price") for i in weights([bought("a", price=10), bought("b", price=20)]))
    assert "price:$10 to $30" in weights([bought("a", price=10), bought("b", price=20), bought("c", price=30)])


def test_what_the_merchant_states_stands_above_what_purchases_suggest() -> None:
    found = weights([Purchase("c", "p", date(2026, 10, 1), gender="women")], Customer("c", age=31, gender="M", region="Ohio"))
    assert {"gender:men", "age:25 to 34", "region:ohio"} <= set(found) and "gender:women" not in found


def test_the_summary_fits_the_query_models_forty_tokens() -> None:
    long = tuple(
        ProfileFact(kind=kind, value=f"some very long {kind} name {i}", weight=0.5, evidence="x")
        for kind in ("gender", "age", "category", "brand", "color", "price")
        for i in range(4)
    )  # fmt: skip
    summary = Profile(customer_id="c", learned=long).summary
    assert summary and len(summary.split()) <= 26


def test_a_customer_who_opted_out_has_neither_summary_nor_tastes() -> None:
    learned = (ProfileFact(kind="brand", value="Acme", weight=0.5, evidence="x"),)
    assert Profile(customer_id="c", learned=learned).tastes == {"brand:acme": 0.5}
    silent = Profile(customer_id="c", learned=learned, learning=False)
    assert silent.summary == "" and silent.tastes == {}


def test_bad_rows_are_refused_with_their_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    rows = [
        {"customer_id": "c", "product_id": "p", "date": "2026-01-02", "category_path": "Shoes > Boots", "price_usd": 5},
        {"product_id": "p", "date": "2026-01-02"},
        {"customer_id": "c", "product_id": "p", "date": "yesterday"},
        {"customer_id": "c", "product_id": "p", "date": "2027-01-02"},
        {"customer_id": "c", "product_id": "p", "date": "2026-01-02", "price_usd": "abc"},
    ]
    file.write_text("\n".join(json.dumps(row) for row in rows))
    first, *rest = read_purchases(file, today=_TODAY)
    assert isinstance(first, Purchase) and first.category == ("Shoes", "Boots")
    assert [(r.row, r.field) for r in rest if isinstance(r, RefusedRow)] == [(2, "customer_id"), (3, "date"), (4, "date"), (5, "price_usd")]


def test_a_history_that_is_no_json_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("customer,product\n")
    with pytest.raises(BadFeed, match="line 1, is no JSON"):
        list(read_customers(file))


async def test_a_build_is_resumed_and_leaves_the_same_histories_alone() -> None:
    kept = KeptProfiles()
    history = [bought(customer_id=f"c{i}") for i in range(450)]
    done: list[int] = []

    def cut_off(count: int, total: int) -> None:
        done.append(count)
        if count == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await ProfileBuilder(kept).build(history, source="h", today=_TODAY, progress=cut_off)
    report = await ProfileBuilder(kept).build(history, source="h", today=_TODAY)
    assert (report.built, report.unchanged) == (250, 200)


async def test_rows_in_any_order_come_together_in_each_customers_history() -> None:
    kept = KeptProfiles()
    rows = [bought(f"p{i}", customer_id=f"c{i % 300}", category="Boots" if i < 600 else "Hats") for i in range(1200)]
    report = await ProfileBuilder(kept).build(rows, [Customer("c7", age=31), Customer("only here", age=31)], source="h", today=_TODAY)
    assert (report.built, report.purchases) == (301, 1200)
    assert all("2 of 4 purchases" in fact.evidence for i in range(300) for fact in kept.found[f"c{i}"].facts if fact.kind == "category")
    assert [f.id for f in kept.found["only here"].facts] == ["age:25 to 34"] and "age:25 to 34" in {f.id for f in kept.found["c7"].facts}


class _Corrected(KeptProfiles):
    """A customer corrects the profile just before the build saves it."""

    corrected = False

    async def save_all(self, changed: Sequence[Profile]) -> tuple[Profile, ...]:
        if not self.corrected:
            self.corrected = True
            await self.save(Profile(customer_id="c0", sizes={"boots": "9"}))
        return await super().save_all(changed)


async def test_a_correction_in_the_middle_of_a_build_is_kept_and_the_build_goes_on() -> None:
    kept = _Corrected()
    report = await ProfileBuilder(kept).build([bought(customer_id=f"c{i}") for i in range(3)], source="h", today=_TODAY)
    assert report.built == 3 and kept.found["c0"].sizes == {"boots": "9"} and len(kept.found["c0"].learned) > 0


async def test_what_the_customer_struck_out_or_forgot_stays_so_in_a_new_build() -> None:
    kept = KeptProfiles(
        Profile(customer_id="a", version=1, removed=("category:boots",)),
        Profile(customer_id="b", version=1, forgotten_at=datetime(2026, 10, 2, tzinfo=UTC)),
        Profile(customer_id="c", version=1, learning=False),
    )
    report = await ProfileBuilder(kept).build([bought(customer_id=c) for c in "abc"], source="h", today=_TODAY)
    assert report.opted_out == 1
    assert all(kept.found[c].facts == () for c in "abc")


async def test_what_the_history_leaves_out_is_looked_up_in_the_catalogue() -> None:
    kept = KeptProfiles()
    history = [Purchase("c", "boot-1", date(2026, 10, 1)), Purchase("c", "nothing-we-know", date(2026, 10, 1))]
    report = await ProfileBuilder(kept, ListCatalog(PRODUCTS)).build(history, source="h", today=_TODAY)
    assert report.unknown_products == 1
    assert any(fact.kind == "category" for fact in kept.found["c"].facts)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PAR1 and nothing more"], ids=["no UTF-8", "broken Parquet"])
def test_a_history_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "history"
    file.write_bytes(content)
    with pytest.raises(BadFeed, match="neither JSON Lines in UTF-8 nor sound Parquet"):
        list(read_customers(file))


def test_a_date_without_a_zone_is_the_day_that_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    file = tmp_path / "history.jsonl"
    file.write_text('{"customer_id": "c", "product_id": "p", "date": "2026-01-02"}')
    try:
        (purchase,) = read_purchases(file, today=_TODAY)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert isinstance(purchase, Purchase) and purchase.on == date(2026, 1, 2)
