"""Is bad input answered clearly? Every refusal is a problem document that names what is wrong."""

import json
from collections.abc import AsyncIterator

import pytest

from server.services import Limits
from tests.server_kit import KEYS, Setup, bearer, serving

_JSON = {"Content-Type": "application/json"}


def is_problem(answer: object, status: int) -> bool:
    body = answer.json()  # type: ignore[attr-defined]
    kind = answer.headers["content-type"]  # type: ignore[attr-defined]
    return kind == "application/problem+json" and body["status"] == status and bool(body["title"]) and bool(body["detail"])


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"boots", b'{"message": "boots"', b"{'message': 'boots'}", b'{"message": NaN}', b'{"message": Infinity}',
        b'{"message": 1e999}', b'{"message": "\xff\xfe"}', b'{"message": "caf\xe9"}', "{}".encode("utf-16"),
        b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
async def test_a_body_that_is_no_json_or_no_utf8_is_400(content: bytes) -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", content=content, headers=_JSON)

    assert answer.status_code == 400 and is_problem(answer, 400)
    assert server.sessions.sessions == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_body_not_declared_as_json_is_400_with_the_fix(kind: str | None) -> None:
    async with serving() as server:
        headers = {"Content-Type": kind} if kind else {}
        answer = await server.http.post("/chat", content=b'{"message": "boots"}', headers=headers)

    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "boots", "user_id": "7"}, "user_id"),
        ({"message": "boots", "session_id": "abc"}, "session_id"),
        ({"message": "boots", "turn_id": 7}, "turn_id"),
        ({"message": "boots", "turn_id": ""}, "turn_id"),
        ({"message": "boots", "turn_id": "x" * 201}, "turn_id"),
        ({"message": "boots", "turn_id": "a\x00b"}, "turn_id"),
        ({"turn_id": "t"}, "message"),
    ],
)
async def test_a_wrong_body_is_422_and_names_the_field(body: dict[str, object], field: str) -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", json=body)

    assert answer.status_code == 422 and is_problem(answer, 422)
    assert [set(e) for e in answer.json()["errors"]] == [{"field", "message", "value"}]
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("body", [[], "boots", 7, None, True])
async def test_a_body_that_is_no_object_is_422(body: object) -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", content=json.dumps(body), headers=_JSON)

    assert answer.status_code == 422 and is_problem(answer, 422)


async def test_a_body_over_the_limit_is_413_by_its_declared_length() -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", content=b"x" * 10_000_000, headers=_JSON)

    assert answer.status_code == 413 and is_problem(answer, 413)


async def test_a_body_over_the_limit_is_413_when_it_comes_in_chunks() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    async with serving() as server:
        answer = await server.http.post("/chat", content=chunks(), headers=_JSON)

    assert answer.status_code == 413


async def test_a_long_value_is_quoted_in_part_only() -> None:
    async with serving() as server:
        answer = await server.http.post("/chat", json={"message": "x" * 100_000})

    assert answer.status_code == 422
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("path", ["/nothing", "/sessions/other", "/products", "/page/none.js", "/chat/x", "/%00", "/.env"])
async def test_an_unknown_path_is_a_404_problem(path: str) -> None:
    async with serving() as server:
        answer = await server.http.get(path)

    assert answer.status_code == 404 and is_problem(answer, 404)


async def test_a_wrong_method_is_405_and_says_which_are_right() -> None:
    async with serving() as server:
        answer = await server.http.put("/chat", json={})

    assert answer.status_code == 405 and is_problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/search?q=boots&colour=red", "/sessions/current?all=1", "/categories?x=1", "/products/boot-1?lang=de", "/healthz?x=1",
        "/traces?sessions=1",
    ],
)  # fmt: skip
async def test_an_unknown_name_in_the_query_string_is_422_and_named(path: str) -> None:
    async with serving() as server:
        headers = {**bearer((await server.open())["token"]), "X-Api-Key": KEYS.operator}
        answer = await server.http.get(path, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in path


async def test_a_nul_in_the_query_string_is_422() -> None:
    async with serving() as server:
        answer = await server.http.get("/search?q=a%00b")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "q"


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=caf%E9", "q=boots&brand=%C3%28", "q=boots&%ff=1"])
async def test_a_query_string_that_is_no_utf8_is_422_and_named(query: str) -> None:
    async with serving() as server:
        answer = await server.http.get(f"/search?{query}")

    assert answer.status_code == 422 and is_problem(answer, 422)
    assert answer.json()["errors"][0]["field"] in query


async def test_a_query_string_in_utf8_is_taken() -> None:
    async with serving() as server:
        answer = await server.http.get("/search?q=caf%C3%A9+%F0%9F%91%9F")

    assert answer.status_code == 200


async def test_an_address_over_its_rate_is_429_everywhere_but_where_monitors_look() -> None:
    async with serving(Setup(limits=Limits(requests_per_minute=2))) as server:
        answers = [await server.http.get("/categories") for _ in range(3)]
        alive = await server.http.get("/healthz")

    assert [a.status_code for a in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0 and is_problem(answers[-1], 429)
    assert alive.status_code == 200


async def test_another_site_cannot_write_with_the_shoppers_cookie() -> None:
    async with serving() as server:
        await server.http.post("/sessions")
        own = await server.http.post("/chat", json={"message": "a"}, headers={"Origin": "http://aisle.test"})
        foreign = await server.http.post("/chat", json={"message": "a"}, headers={"Origin": "http://evil.test"})
        null = await server.http.delete("/sessions/current", headers={"Origin": "null"})

    assert [a.status_code for a in (own, foreign, null)] == [200, 403, 403]


@pytest.mark.parametrize("path", ["/sessions", "/chat"])
@pytest.mark.parametrize("headers", [{"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_another_site_cannot_replace_the_shoppers_session(path: str, headers: dict[str, str]) -> None:
    """A cross-site form comes without the cookie (SameSite), but what it is answered would set a new one."""
    async with serving() as server:
        body = {"message": "a"} if path == "/chat" else None
        answer = await server.http.post(path, json=body, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_page_itself_and_servers_without_a_browser_may_open_sessions() -> None:
    async with serving() as server:
        page = await server.http.post("/sessions", headers={"Origin": "http://aisle.test", "Sec-Fetch-Site": "same-origin"})
        plain = await server.http.post("/sessions")

    assert [page.status_code, plain.status_code] == [201, 201]


async def test_methods_that_nobody_knows_share_one_series_in_the_metrics() -> None:
    async with serving() as server:
        for number in range(20):
            await server.http.request(f"AAAA{number}", "/categories")
        text = (await server.http.get("/metrics")).text

    assert "AAAA" not in text
    assert 'method="other"' in text


async def test_a_nul_in_an_id_is_a_404_before_any_store_is_asked() -> None:
    async with serving() as server:
        answer = await server.http.get("/products/a%00b")

    assert answer.status_code == 404 and is_problem(answer, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat", {"message": ["a"]}),
        ("/chat", {"message": "a", "turn_id": 7}),
        ("/chat", {"message": "a", "who": {"a": None}}),
        ("/chat", {}),
    ],
)
async def test_problems_speak_of_the_request_and_not_of_the_validator(path: str, body: dict[str, object]) -> None:
    async with serving() as server:
        answer = await server.http.post(path, json=body)

    said = answer.text
    assert answer.status_code == 422
    for word in ("Input should", "Tuple", "Value error", "Extra inputs", "Field required", "None", "validation"):
        assert word not in said


async def test_no_other_site_may_read_answers() -> None:
    async with serving() as server:
        answer = await server.http.get("/categories", headers={"Origin": "http://evil.test"})

    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/page/main.js", "/traces/view", "/openapi.json"])
async def test_security_headers_stand_on_every_answer(path: str) -> None:
    async with serving() as server:
        headers = (await server.http.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-request-id"]
