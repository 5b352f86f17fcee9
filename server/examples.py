"""What does each call look like? One example of every body and answer, shown in OpenAPI and held to the types by a test."""

from http import HTTPStatus
from typing import Any

from server.shop_examples import SHOP_BODIES, SHOP_RESPONSES

_SESSION = {
    "session_id": "q3J8hVnE0mJmJ2u6c1bX5A",
    "token": "a1.q3J8hVnE0mJmJ2u6c1bX5A.1801483200.x1…",
    "expires_at": "2026-12-05T12:00:00Z",
}
_FILTERS: dict[str, Any] = {
    "price_min": None,
    "price_max": "120",
    "currency": "USD",
    "gender": "women",
    "size": None,
    "category": None,
    "color": None,
    "brand": None,
    "material": None,
    "features": ["waterproof"],
    "exclude": ["leather"],
    "in_stock": None,
    "lifted": [],
}
_PRODUCT: dict[str, Any] = {
    "product_id": "boot-204",
    "title": "Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown",
    "description": "A mid-cut boot with a waterproof membrane and a sole that grips wet rock.",
    "brand": "Fellstride",
    "price": {"amount": "109.00", "currency": "USD"},
    "category": ["Footwear", "Women's Hiking Boots"],
    "gender": "women",
    "colors": ["brown"],
    "material": ["nubuck-free synthetic"],
    "features": ["waterproof"],
    "rating": 4.6,
    "rating_count": 212,
    "in_stock": True,
    "variants": [
        {
            "variant_id": "boot-204-8",
            "size": "8",
            "color": None,
            "price": {"amount": "109.00", "currency": "USD"},
            "in_stock": True,
        }
    ],
    "image_url": "/pictures/boot-204.svg",
    "url": None,
    "attributes": {"weight": "980 g the pair"},
    "variant_id": None,
    "ordinal": None,
    "why": None,
}
_TASK = {"kind": "search", "request": "women's waterproof hiking boots", "filters": _FILTERS}
_CATEGORY = {
    "category": "Women's Hiking Boots",
    "products": [
        "Fellstride Women's Ridge Mid Waterproof Boot",
        "Norrby Women's Trail GTX Hiking Boot",
        "Kestrel Women's Summit Boot",
        "women's waterproof hiking boots",
        "mid-cut hiking boots for wet trails",
        "synthetic hiking boots under $120",
    ],
    "explanation": "Waterproof boots keep your feet dry on wet trails.",
}
_SECTION = {
    "category": "Women's Hiking Boots",
    "explanation": "Waterproof boots keep your feet dry on wet trails.",
    "products": [{**_PRODUCT, "ordinal": 1, "why": "waterproof, 4.6 stars, $11 under your budget"}],
}
_REPLY: dict[str, Any] = {
    "turn_id": "7f2c0a1e",
    "session_id": _SESSION["session_id"],
    "text": "For women's waterproof hiking boots under $120 the Fellstride Ridge Mid stands out at $109.00.",
    "plan": [_TASK],
    "proposal": [_CATEGORY],
    "sections": [_SECTION],
    "comparison": None,
    "citations": [],
    "cart": None,
    "order": None,
    "pending": None,
    "suggestions": ["only brown ones", "under $100"],
    "checks": [{"name": "within_price", "passed": True, "reason": "1 of 1 product is at most $120"}],
    "degraded": [],
    "timings_ms": {
        "plan": 3.1,
        "formulate": 4.0,
        "embed": 9.0,
        "retrieve": 2.2,
        "rank": 4.0,
        "reply": 0.4,
        "first_section": 21.0,
        "total": 24.0,
    },
    "usage": {"model_calls": 0, "prompt_tokens": 0, "completion_tokens": 0},
}
_RUN: dict[str, Any] = {
    "id": "01a2b3c4-0000-7000-8000-000000000001",
    "trace_id": "01a2b3c4-0000-7000-8000-000000000001",
    "parent_run_id": None,
    "dotted_order": "20261128T120000000000Z01a2b3c4-0000-7000-8000-000000000001",
    "name": "turn",
    "run_type": "chain",
    "start_time": "2026-11-28T12:00:00Z",
    "end_time": "2026-11-28T12:00:00.024Z",
    "inputs": {"message": "waterproof hiking boots under $120"},
    "outputs": {"products": ["boot-204"]},
    "error": None,
    "tags": [],
    "extra": {},
    "session_id": _SESSION["session_id"],
}

_PROFILE = {
    "learning": "on",
    "summary": "women; size shoes 10; buys Hiking Boots",
    "facts": [
        {"id": "size:shoes 10", "kind": "size", "value": "shoes 10", "weight": 1.0, "evidence": "you said so"},
        {
            "id": "category:hiking boots", "kind": "category", "value": "Hiking Boots", "weight": 0.6,
            "evidence": "3 of 5 purchases, the last on 2026-03-01",
        },
    ],
    "sizes": {"shoes": "10"},
    "address": None,
}  # fmt: skip
BODIES: dict[tuple[str, str], Any] = {
    ("post", "/sessions"): {},
    ("post", "/sessions/current/customer"): {"customer_id": "customer-1841"},
    ("post", "/chat"): {"message": "waterproof hiking boots under $120, no leather", "turn_id": "7f2c0a1e"},
    ("post", "/feedback"): {
        "turn_id": "7f2c0a1e",
        "kind": "thumb",
        "value": 1,
        "product_id": "boot-204",
        "comment": "just right",
    },
    ("patch", "/profile"): {"sizes": {"shoes": "10"}, "remove": ["brand:acme"], "learning": "on"},
    **SHOP_BODIES,
}
RESPONSES: dict[tuple[str, str], Any] = {
    ("post", "/sessions"): _SESSION,
    ("post", "/sessions/current/customer"): _SESSION,
    ("get", "/sessions/current"): {
        "session_id": _SESSION["session_id"],
        "created_at": "2026-11-28T11:58:00Z",
        "expires_at": _SESSION["expires_at"],
        "customer": False,
        "turns": [{"message": "waterproof hiking boots under $120", "at": "2026-11-28T12:00:00Z", "reply": _REPLY}],
        "next_cursor": None,
        "cart": None,
        "pending": None,
    },
    ("post", "/chat"): _REPLY,
    ("get", "/search"): {"products": [_PRODUCT], "total": 1, "timings_ms": {"embed": 3.0, "retrieve": 1.4, "total": 4.6}},
    ("get", "/products/{product_id}"): _PRODUCT,
    ("get", "/categories"): {"categories": [{"path": ["Footwear", "Women's Hiking Boots"], "name": "Women's Hiking Boots", "count": 34}]},
    ("post", "/feedback"): {"accepted": True},
    ("get", "/traces"): {"traces": [_RUN], "next_cursor": None},
    ("get", "/traces/{trace_id}"): {"runs": [_RUN]},
    ("get", "/healthz"): {"status": "ok"},
    ("get", "/readyz"): {
        "status": "ready",
        "dependencies": {
            "redis": {"state": "ok", "latency_ms": 0.3, "reason": None},
            "index": {"state": "ok", "latency_ms": 0.1, "reason": None},
        },
        "models": {"formulator": "rules"},
        "catalog": {"name": "demo", "count": 5214},
    },
    ("get", "/profile"): _PROFILE,
    ("patch", "/profile"): _PROFILE,
    **SHOP_RESPONSES,
}
STREAM = (
    'event: plan\ndata: [{"kind": "search", "request": "women\'s waterproof hiking boots", …}]\n\n'
    'event: section\ndata: {"category": "Women\'s Hiking Boots", "products": […], …}\n\n'
    'event: token\ndata: {"text": "For women\'s waterproof hiking boots "}\n\n'
    "event: reply\ndata: {the whole Reply}\n\nevent: done\ndata: {}\n\n"
)
_DETAILS: dict[int, str] = {
    400: "the body is not JSON: Expecting ',' delimiter: line 1 column 20 (char 19)",
    401: "no session; open one with POST /sessions, or send a first message to /chat",
    403: "this call needs the operator key; another kind of key was sent",
    404: "there is no product 'boot-999'",
    409: "a turn of this session is still running; wait for it",
    413: "the body has 10000000 bytes; at most 1000000 are taken",
    422: "price_min 90 is above price_max 50; swap them",
    429: "more than 3000 calls a minute; slow down",
    501: "POST /mcp is in the contract, but not built yet",
    503: "the session store is down; try again in a moment",
}
PROBLEM_EXAMPLES: dict[int, dict[str, Any]] = {
    status: {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    for status, detail in _DETAILS.items()
}
PROBLEM_EXAMPLES[422]["errors"] = [{"field": "price_min", "message": _DETAILS[422], "value": "90"}]
