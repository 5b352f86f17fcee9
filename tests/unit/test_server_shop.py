"""Do search, products, feedback, traces, health and the pages answer as the contract says?"""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import APIRoute

from domain.errors import Unavailable
from domain.money import Money
from domain.product import Product
from domain.trace import Run
from server import chat, feedback, health, search, sessions, traces
from server.not_built import ROUTES
from tests.fakes import ListCatalog
from tests.server_kit import KEYS, PRODUCTS, Setup, bearer, serving

_OPERATOR = {"X-Api-Key": KEYS.operator}


async def test_without_words_a_price_order_goes_over_all_that_passes_the_filters() -> None:
    many = [Product(product_id=f"p{n}", title=f"Thing {n}", price=Money.usd(f"{1_000 - n}.00")) for n in range(300)]
    async with serving(Setup(own={"catalog": ListCatalog([*many, Product(product_id="free", title="No price")])})) as server:
        cheapest = (await server.http.get("/search?sort=price_asc&limit=3")).json()
        dearest = (await server.http.get("/search?sort=price_desc&limit=3&price_max=800")).json()

    assert [product["product_id"] for product in cheapest["products"]] == ["p299", "p298", "p297"]
    assert [product["product_id"] for product in dearest["products"]] == ["p200", "p201", "p202"]
    assert (cheapest["total"], dearest["total"]) == (301, 100)


async def test_the_page_is_told_whether_a_conversation_was_begun() -> None:
    async with serving() as server:
        first = await server.http.get("/")
        await server.http.post("/sessions")
        again = await server.http.get("/")
        await server.http.delete("/sessions/current")
        after = await server.http.get("/")

    assert "set-cookie" not in first.headers
    assert again.cookies["aisle_returning"] == "1" and "httponly" not in again.headers["set-cookie"].lower()
    assert 'aisle_returning=""' in after.headers["set-cookie"]


async def test_a_product_id_may_hold_a_slash() -> None:
    catalog = ListCatalog([Product(product_id="SKU/12", title="Bolt")])
    async with serving(Setup(own={"catalog": catalog, "picture": lambda product: "<svg/>"})) as server:
        found, drawn = await server.http.get("/products/SKU%2F12"), await server.http.get("/pictures/SKU%2F12.svg")

    assert found.json()["title"] == "Bolt"
    assert drawn.status_code == 200


async def test_search_answers_products_total_and_timings_without_a_session() -> None:
    async with serving() as server:
        answer = (await server.http.get("/search", params={"q": "boots", "limit": 2})).json()

    assert [p["product_id"] for p in answer["products"]] == ["boot-1", "lamp-1"]
    assert answer["total"] == 3
    assert answer["timings_ms"]["total"] >= 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("price_max=50", ["lamp-1"]), ("price_min=50", ["boot-1"]), ("gender=women", ["boot-1", "lamp-1", "mug-1"]),
        ("brand=lumo", ["lamp-1"]), ("color=red", ["mug-1"]), ("category=boots", ["boot-1"]),
        ("in_stock=true", ["boot-1", "lamp-1"]),
    ],
)  # fmt: skip
async def test_filters_of_the_query_string_hold(query: str, expected: list[str]) -> None:
    async with serving() as server:
        answer = (await server.http.get(f"/search?q=x&{query}")).json()

    assert [p["product_id"] for p in answer["products"]] == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("relevance", ["boot-1", "lamp-1", "mug-1"]), ("price_asc", ["lamp-1", "boot-1", "mug-1"]),
        ("price_desc", ["boot-1", "lamp-1", "mug-1"]), ("rating", ["lamp-1", "boot-1", "mug-1"]),
    ],
)  # fmt: skip
async def test_sorting_puts_what_has_no_figure_last(sort: str, expected: list[str]) -> None:
    async with serving() as server:
        answer = (await server.http.get("/search", params={"q": "x", "sort": sort})).json()

    assert [p["product_id"] for p in answer["products"]] == expected


async def test_sorting_by_price_does_not_put_what_is_cheap_and_beside_the_point_first() -> None:
    catalog = ListCatalog(PRODUCTS, scores={"boot-1": 0.9, "lamp-1": 0.3, "mug-1": 0.1})
    async with serving(Setup(own={"catalog": catalog})) as server:
        answer = (await server.http.get("/search", params={"q": "boots", "sort": "price_asc"})).json()

    assert [p["product_id"] for p in answer["products"]] == ["boot-1"]


async def test_a_filter_left_empty_is_one_not_given() -> None:
    template = "q=&limit=10&price_min=&price_max=&gender=&brand=&color=&category=&in_stock=&sort=relevance"
    async with serving() as server:
        answer = await server.http.get(f"/search?{template}")

    assert answer.json()["total"] == len(PRODUCTS)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=ten", "price_min=-1", "price_max=NaN", "price_max=Infinity", "price_min=90&price_max=50",
        "gender=robots", "sort=newest", "in_stock=yes", "limit=", "q=" + "x" * 501,
    ],
)  # fmt: skip
async def test_a_value_out_of_range_or_of_a_loose_type_is_422(query: str) -> None:
    async with serving() as server:
        answer = await server.http.get(f"/search?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in query


async def test_a_product_is_shown_as_the_contract_names_its_fields() -> None:
    async with serving() as server:
        product = (await server.http.get("/products/boot-1")).json()
        missing = await server.http.get("/products/none")

    assert product["variants"][0] == {
        "variant_id": "boot-1-8", "size": "8", "color": None, "price": {"amount": "109.00", "currency": "USD"}, "in_stock": True,
    }  # fmt: skip
    assert product["in_stock"] is True and product["category"] == ["Footwear", "Boots"]
    assert "reviews" not in product
    assert missing.status_code == 404


async def test_categories_come_with_path_and_count() -> None:
    async with serving() as server:
        found = (await server.http.get("/categories")).json()["categories"]

    assert {"path": ["Home", "Lamps"], "name": "Lamps", "count": 1} in found


async def test_a_picture_is_an_svg_that_can_run_nothing() -> None:
    setup = Setup(own={"picture": lambda product: "<svg/>" if product.product_id == "boot-1" else None})
    async with serving(setup) as server:
        drawn = await server.http.get("/pictures/boot-1.svg")
        missing = [await server.http.get(f"/pictures/{name}.svg") for name in ("lamp-1", "none")]

    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in drawn.headers["content-security-policy"]
    assert [a.status_code for a in missing] == [404, 404]


async def test_feedback_is_taken_for_ones_own_turn_only() -> None:
    async with serving() as server:
        mine, theirs = (await server.open())["token"], (await server.open())["token"]
        await server.say("boots", token=mine, turn_id="t1")
        said = {"turn_id": "t1", "kind": "thumb", "value": 1, "comment": "good"}
        own = await server.http.post("/feedback", json=said, headers=bearer(mine))
        other = await server.http.post("/feedback", json=said, headers=bearer(theirs))

    assert (own.status_code, other.status_code) == (202, 404)
    assert [(f.turn_id, f.kind, f.value) for f in server.feedback.said] == [("t1", "thumb", 1)]


@pytest.mark.parametrize(
    "more",
    [{"value": 0}, {"value": 2}, {"value": "1"}, {"value": True}, {"kind": "like"}, {"comment": "x" * 2001}, {"user": "me"}],
)
async def test_feedback_out_of_its_range_is_422(more: dict[str, object]) -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        await server.say("boots", token=token, turn_id="t1")
        body = {"turn_id": "t1", "kind": "thumb", "value": 1, **more}
        answer = await server.http.post("/feedback", json=body, headers=bearer(token))

    assert answer.status_code == 422
    assert server.feedback.said == []


def a_run(number: int, *, session_id: str = "s1") -> Run:
    start = datetime(2026, 11, 28, tzinfo=UTC) + timedelta(seconds=number)
    return Run(
        id=f"run-{number}", trace_id=f"run-{number}", dotted_order=f"{number:04}", name="turn", run_type="chain",
        start_time=start, end_time=start, session_id=session_id,
    )  # fmt: skip


async def test_traces_are_the_operators_alone() -> None:
    async with serving() as server:
        token = (await server.open())["token"]
        answers = [
            await server.http.get("/traces", headers=headers)
            for headers in ({}, bearer(token), {"X-Api-Key": "x"}, {"X-Api-Key": KEYS.shop}, _OPERATOR)
        ]

    assert [a.status_code for a in answers] == [401, 401, 401, 403, 200]


async def test_traces_are_paged_newest_first_without_gap_or_double() -> None:
    async with serving() as server:
        await server.traces.write([a_run(i) for i in range(5)])
        first = (await server.http.get("/traces?limit=3", headers=_OPERATOR)).json()
        second = (await server.http.get(f"/traces?limit=3&cursor={first['next_cursor']}", headers=_OPERATOR)).json()
        garbled = await server.http.get("/traces?cursor=garbled", headers=_OPERATOR)
        year_one = base64.urlsafe_b64encode(b"0001-01-01T00:00:00+14:00 run-1").decode()
        impossible = await server.http.get(f"/traces?cursor={year_one}", headers=_OPERATOR)

    assert [r["id"] for r in (*first["traces"], *second["traces"])] == ["run-4", "run-3", "run-2", "run-1", "run-0"]
    assert second["next_cursor"] is None
    assert (garbled.status_code, impossible.status_code) == (422, 422)


async def test_traces_are_asked_by_session_and_one_by_its_id() -> None:
    async with serving() as server:
        await server.traces.write([a_run(1, session_id="s1"), a_run(2, session_id="s2")])
        of_one = (await server.http.get("/traces?session_id=s1", headers=_OPERATOR)).json()
        tree = (await server.http.get("/traces/run-2", headers=_OPERATOR)).json()
        missing = await server.http.get("/traces/none", headers=_OPERATOR)

    assert [r["id"] for r in of_one["traces"]] == ["run-1"]
    assert [r["id"] for r in tree["runs"]] == ["run-2"]
    assert missing.status_code == 404


async def test_readiness_names_each_dependency_and_what_serves() -> None:
    async def up() -> None:
        return None

    setup = Setup(own={"checks": {"redis": up, "index": up}, "roles": lambda: {"formulator": "rules"}})
    async with serving(setup) as server:
        answer = await server.http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["catalog"] == {"name": "fake", "count": 3}
    assert answer.json()["models"] == {"formulator": "rules"}
    assert all(d["state"] == "ok" and d["latency_ms"] >= 0 for d in answer.json()["dependencies"].values())


async def test_readiness_is_503_and_names_what_is_down_while_the_process_lives() -> None:
    async def up() -> None:
        return None

    async def down() -> None:
        raise Unavailable("the session store is down")

    async with serving(Setup(own={"checks": {"redis": down, "index": up}})) as server:
        ready, alive = await server.http.get("/readyz"), await server.http.get("/healthz")

    assert ready.status_code == 503 and ready.headers["Retry-After"]
    assert ready.json()["dependencies"]["redis"] == {"state": "down", "latency_ms": None, "reason": "the session store is down"}
    assert ready.json()["dependencies"]["index"]["state"] == "ok"
    assert alive.status_code == 200


async def test_metrics_count_turns_and_requests_in_prometheus_text() -> None:
    async with serving() as server:
        await server.say("boots", token=(await server.open())["token"])
        text = (await server.http.get("/metrics")).text

    assert 'aisle_turns_total{kind="search"}' in text
    assert 'route="/chat"' in text


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_what_is_still_to_come_is_501_with_a_problem(method: str, path: str) -> None:
    async with serving() as server:
        answer = await server.http.request(method, path, json={} if method not in ("GET", "DELETE") else None)

    assert answer.status_code == 501
    assert answer.json()["title"] == "Not Implemented"


async def test_the_page_is_served_with_an_etag_and_not_sent_twice() -> None:
    async with serving() as server:
        first = await server.http.get("/")
        again = await server.http.get("/", headers={"If-None-Match": first.headers["etag"]})
        script = await server.http.get("/page/main.js")

    assert first.status_code == 200 and "text/html" in first.headers["content-type"]
    assert again.status_code == 304
    assert script.headers["cache-control"] == "no-cache" and script.headers["etag"]


@pytest.mark.parametrize("path", ["/page/../services.py", "/page/%2e%2e/services.py", "/page//etc/passwd"])
async def test_nothing_beside_the_page_can_be_fetched(path: str) -> None:
    async with serving() as server:
        answer = await server.http.get(path)

    assert answer.status_code == 404


async def test_the_trace_page_needs_nothing_inline() -> None:
    async with serving() as server:
        html = await server.http.get("/traces/view")
        script = await server.http.get("/traces/view/view.js")

    assert (html.status_code, script.status_code) == (200, 200)
    assert "Operator key" in html.text and "<style" not in html.text and "onclick" not in html.text


async def test_openapi_describes_every_route_with_valid_examples_and_problems() -> None:
    async with serving() as server:
        schema = (await server.http.get("/openapi.json")).json()
    routers = [module.router for module in (sessions, chat, search, feedback, traces, health)]
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    assert len(routes) >= 14
    for route in routes:
        for method in route.methods or ():
            described = schema["paths"][route.path_format][method.lower()]
            status = str(route.status_code or 200)
            content = described["responses"][status].get("content", {})
            assert "422" in described["responses"] and "application/problem+json" in described["responses"]["422"]["content"]
            if route.response_model is not None:
                route.response_model.model_validate(content["application/json"]["example"])
            if route.body_field is not None:
                assert described["requestBody"]["content"]["application/json"]["example"] is not None
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    assert {"HTTPBearer", "APIKeyCookie", "APIKeyHeader"} <= set(schema["components"]["securitySchemes"])


async def test_every_reference_in_openapi_leads_somewhere() -> None:
    async with serving() as server:
        text = (await server.http.get("/openapi.json")).text
        schema = (await server.http.get("/openapi.json")).json()

    wanted = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert wanted <= set(schema["components"]["schemas"])
