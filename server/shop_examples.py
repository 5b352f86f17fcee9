"""What do the calls of cart, checkout and orders look like? Their part of the examples in OpenAPI."""

from typing import Any

_PRICE = {"amount": "109.00", "currency": "USD"}
_NOTHING = {"amount": "0.00", "currency": "USD"}
_ADDRESS = {
    "name": "Ada Park", "line1": "12 Mill Street", "line2": "", "city": "Portland", "region": "OR", "postal_code": "97201",
    "country": "US",
}  # fmt: skip
_LINE: dict[str, Any] = {
    "line_id": "f1b2c3d4e5f60718293a4b5c", "product_id": "boot-204", "variant_id": "boot-204-8",
    "title": "Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown", "options": {"size": "8"}, "quantity": 1,
    "unit_price": _PRICE, "line_total": _PRICE,
}  # fmt: skip
_CART: dict[str, Any] = {
    "lines": [_LINE], "subtotal": _PRICE, "version": 3,
    "changes": [{"line_id": _LINE["line_id"], "what": "price", "was": {"amount": "119.00", "currency": "USD"}, "now": _PRICE}],
}  # fmt: skip
_PENDING: dict[str, Any] = {
    "pending_id": "5d1e0c2b9a8f7e6d5c4b3a29", "action": "place_order",
    "summary": "Order 1 × Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown (size 8) for $109.00 ($109.00 plus free "
    "shipping and $0.00 tax), paid with the demo payment, sent to Ada Park, 12 Mill Street, Portland, OR 97201, US.",
    "totals": {"subtotal": _PRICE, "shipping": _NOTHING, "tax": _NOTHING, "total": _PRICE}, "expires_at": "2026-11-28T12:15:00Z",
    "order_id": None,
}  # fmt: skip
_ORDER: dict[str, Any] = {
    "order_id": "A-7F3K2M9QXR", "state": "paid", "lines": [{**_LINE, "tax": _NOTHING, "returnable": 1, "returns": []}],
    "subtotal": _PRICE, "shipping": _NOTHING, "tax": _NOTHING, "total": _PRICE, "address": _ADDRESS, "tracking": None,
    "payment": {
        "provider": "test", "method": "demo", "state": "captured", "approve_url": None, "paid": _PRICE, "refunded": _NOTHING,
    },
    "created_at": "2026-11-28T12:01:00Z",
    "history": [{"at": "2026-11-28T12:01:00Z", "what": "placed"},
                {"at": "2026-11-28T12:01:00Z", "what": "payment of $109.00 settled"}],
}  # fmt: skip
_ASKED_BACK = {**_PENDING, "totals": None, "order_id": _ORDER["order_id"]}

SHOP_BODIES: dict[tuple[str, str], Any] = {
    ("post", "/cart/lines"): {"product_id": "boot-204", "quantity": 1, "variant_id": "boot-204-8"},
    ("patch", "/cart/lines/{line_id}"): {"quantity": 2},
    ("post", "/checkout"): {"address": _ADDRESS, "payment": {"method_id": "demo"}},
    ("post", "/pending/{pending_id}"): {"accept": True},
    ("patch", "/orders/{order_id}"): {"address": _ADDRESS},
    ("post", "/orders/{order_id}/cancel"): {"reason": "ordered by mistake"},
    ("post", "/orders/{order_id}/returns"): {"lines": [{"line_id": _LINE["line_id"], "quantity": 1}], "refund_to": "original"},
    ("post", "/orders/{order_id}/exchanges"): {"lines": [{"line_id": _LINE["line_id"], "variant_id": "boot-204-9"}]},
    ("post", "/orders/{order_id}/events"): {"state": "shipped", "tracking": "1Z999AA10123456784"},
}
SHOP_RESPONSES: dict[tuple[str, str], Any] = {
    ("get", "/cart"): _CART,
    ("delete", "/cart"): {"lines": [], "subtotal": _NOTHING, "changes": [], "version": 4},
    ("post", "/cart/lines"): _CART,
    ("patch", "/cart/lines/{line_id}"): _CART,
    ("delete", "/cart/lines/{line_id}"): _CART,
    ("post", "/checkout"): _PENDING,
    ("post", "/pending/{pending_id}"): _ORDER,
    ("get", "/orders"): {"orders": [_ORDER], "next_cursor": None},
    ("get", "/orders/{order_id}"): _ORDER,
    ("patch", "/orders/{order_id}"): {
        **_ASKED_BACK, "action": "modify_order",
        "summary": "Change order A-7F3K2M9QXR: send it to Ada Park, 12 Mill Street, Portland, OR 97201, US. The price stays the same.",
    },
    ("post", "/orders/{order_id}/cancel"): {
        **_ASKED_BACK, "action": "cancel_order",
        "summary": "Cancel order A-7F3K2M9QXR (1 × Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown (size 8)), because: "
        "ordered by mistake. $109.00 goes back to the demo payment.",
    },
    ("post", "/orders/{order_id}/returns"): {
        **_ASKED_BACK, "action": "return",
        "summary": "Send back 1 × Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown (size 8) of order A-7F3K2M9QXR. Once it "
        "has reached us, $109.00 goes to the demo payment.",
    },
    ("post", "/orders/{order_id}/exchanges"): {
        **_ASKED_BACK, "action": "exchange",
        "summary": "Exchange 1 × Fellstride Women's Ridge Mid Waterproof Hiking Boots, Brown (size 8) for Fellstride Women's Ridge Mid "
        "Waterproof Hiking Boots, Brown (size 9) of order A-7F3K2M9QXR. The price stays the same.",
    },
    ("post", "/orders/{order_id}/events"): {**_ORDER, "state": "shipped", "tracking": "1Z999AA10123456784"},
    ("post", "/webhooks/{provider}"): {"new": True},
}  # fmt: skip
