"""What changes? The shop: carts, stock, orders with their event log, transactions, proposals, keys, accounts and credit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("owner", sa.String(300), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "stock",
        sa.Column("product_id", sa.String(512), primary_key=True),
        sa.Column("variant_id", sa.String(512), primary_key=True),
        sa.Column("feed_figure", sa.Integer, nullable=False),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_oversold"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("pay_by", _TIME, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_index("ix_orders_owner", "orders", ["owner", "created_at"])
    op.create_index("ix_orders_unpaid", "orders", ["state", "pay_by"])
    op.create_table(
        "order_events",
        sa.Column("order_id", sa.String(64), sa.ForeignKey("orders.order_id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("type", sa.String(30), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "transactions",
        sa.Column("transaction_id", sa.String(64), primary_key=True),
        sa.Column("order_id", sa.String(64), sa.ForeignKey("orders.order_id"), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(200)),
        sa.Column("due_at", _TIME),
    )
    op.create_index("ix_transactions_due", "transactions", ["due_at"])
    op.create_index("ix_transactions_reference", "transactions", ["provider", "reference"])
    op.create_table(
        "pending",
        sa.Column("pending_id", sa.String(64), primary_key=True),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_index("ix_pending_session", "pending", ["session_id", "state"])
    op.create_table(
        "idempotency_keys",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(300), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_index("ix_idempotency_keys_at", "idempotency_keys", ["at"])
    op.create_table(
        "accounts",
        sa.Column("owner", sa.String(300), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "credit",
        sa.Column("owner", sa.String(300), primary_key=True),
        sa.Column("method_id", sa.String(100), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.CheckConstraint("balance >= 0", name="never_overdrawn"),
    )
    op.create_table(
        "credit_entries",
        sa.Column("transaction_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("method_id", sa.String(100), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_table(
        "webhooks",
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("at", _TIME, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "webhooks", "credit_entries", "credit", "accounts", "idempotency_keys", "pending", "transactions", "order_events", "orders",
        "stock", "carts",
    ):  # fmt: skip
        op.drop_table(table)
