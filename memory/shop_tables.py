"""Which tables hold carts, stock, orders, proposals and what belongs to them?"""

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from memory.database import UtcDateTime, metadata


def _now() -> datetime:
    return datetime.now(UTC)


carts = Table(
    "carts", metadata,
    Column("owner", String(300), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, default=_now, onupdate=_now),
)  # fmt: skip

stock = Table(
    "stock", metadata,
    Column("product_id", String(512), primary_key=True),
    Column("variant_id", String(512), primary_key=True),
    Column("feed_figure", Integer, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    # The last fence against overselling: no statement, however wrong, gets past it.
    CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_oversold"),
)  # fmt: skip

orders = Table(
    "orders", metadata,
    Column("order_id", String(64), primary_key=True),
    Column("owner", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("pay_by", UtcDateTime, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_orders_owner", "owner", "created_at"),
    Index("ix_orders_unpaid", "state", "pay_by"),
)  # fmt: skip

order_events = Table(
    "order_events", metadata,
    Column("order_id", String(64), ForeignKey("orders.order_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String(30), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
)  # fmt: skip

transactions = Table(
    "transactions", metadata,
    Column("transaction_id", String(64), primary_key=True),
    Column("order_id", String(64), ForeignKey("orders.order_id"), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reference", String(200)),
    Column("due_at", UtcDateTime),
    Index("ix_transactions_due", "due_at"),
    Index("ix_transactions_reference", "provider", "reference"),
)  # fmt: skip

pending = Table(
    "pending", metadata,
    Column("pending_id", String(64), primary_key=True),
    Column("session_id", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_pending_session", "session_id", "state"),
)  # fmt: skip

idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("session_id", String(64), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_idempotency_keys_at", "at"),
)  # fmt: skip

accounts = Table(
    "accounts", metadata,
    Column("owner", String(300), primary_key=True),
    Column("document", JSON, nullable=False),
)  # fmt: skip

credit = Table(
    "credit", metadata,
    Column("owner", String(300), primary_key=True),
    Column("method_id", String(100), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("balance", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="never_overdrawn"),
)  # fmt: skip

credit_entries = Table(
    "credit_entries", metadata,
    Column("transaction_id", String(64), primary_key=True),
    Column("owner", String(300), nullable=False),
    Column("method_id", String(100), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)  # fmt: skip

webhooks = Table(
    "webhooks", metadata,
    Column("provider", String(40), primary_key=True),
    Column("event_id", String(200), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)  # fmt: skip
