"""What does the local test provider keep? A ledger of its own in SQLite: payments and refunds, each once by its id."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

PaymentState = Literal["created", "approved", "captured", "declined", "void"]
DECLINED, SLOW_BEFORE, SLOW_AFTER, APPROVAL = "declined", "slow_before", "slow_after", "approval"
"""Endings of a method's id that make the provider misbehave on purpose."""


@dataclass(frozen=True)
class Payment:
    transaction_id: str
    order_id: str
    minor: int
    currency: str
    method_id: str
    state: PaymentState


@dataclass(frozen=True)
class Refund:
    transaction_id: str
    payment_id: str | None
    minor: int
    currency: str
    method_id: str
    state: Literal["refunded", "declined"]
    reason: str | None = None


class OtherBody(Exception):
    """The id came with another body before."""


_TABLES = """
CREATE TABLE IF NOT EXISTS payments (transaction_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, minor INTEGER NOT NULL,
    currency TEXT NOT NULL, method_id TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (transaction_id TEXT PRIMARY KEY, payment_id TEXT, minor INTEGER NOT NULL,
    currency TEXT NOT NULL, method_id TEXT NOT NULL, state TEXT NOT NULL, reason TEXT);
"""


class Ledger:
    """Every call is one durable transaction; blocking, to be called from threads."""

    def __init__(self, file: Path | None) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_TABLES)

    def pay(self, asked: Payment) -> Payment:
        """Captures (or declines, or waits for approval) once per id. OtherBody when the id was used for something else."""
        with self._transaction():
            known = self._payment(asked.transaction_id)
            if known is None:
                made = Payment(**{**asdict(asked), "state": _first_state(asked.method_id)})
                self._db.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)", tuple(asdict(made).values()))
                return made
            if (known.minor, known.currency, known.method_id) != (asked.minor, asked.currency, asked.method_id):
                raise OtherBody(asked.transaction_id)
            return self._set(known, "captured") if known.state == "approved" else known

    def approve(self, transaction_id: str) -> Payment | None:
        """What the shopper does at the provider's page."""
        with self._transaction():
            known = self._payment(transaction_id)
            return self._set(known, "approved") if known and known.state == "created" else known

    def void(self, asked: Payment) -> Payment:
        """The payment as it is from now on: captured if it was, else void, also when it never was heard of."""
        with self._transaction():
            known = self._payment(asked.transaction_id)
            if known is None:
                made = Payment(**{**asdict(asked), "state": "void"})
                self._db.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)", tuple(asdict(made).values()))
                return made
            return self._set(known, "void") if known.state in ("created", "approved") else known

    def payment(self, transaction_id: str) -> Payment | None:
        with self._lock:
            return self._payment(transaction_id)

    def refund(self, asked: Refund) -> Refund:
        """Gives back once per id, never more than was paid."""
        with self._transaction():
            row = self._db.execute("SELECT * FROM refunds WHERE transaction_id = ?", (asked.transaction_id,)).fetchone()
            if row is not None:
                known = Refund(*row)
                if (known.minor, known.currency, known.payment_id) != (asked.minor, asked.currency, asked.payment_id):
                    raise OtherBody(asked.transaction_id)
                return known
            reason = self._reason_against(asked)
            made = Refund(**{**asdict(asked), "state": "declined" if reason else "refunded", "reason": reason})
            self._db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(asdict(made).values()))
            return made

    def everything(self) -> tuple[list[Payment], list[Refund]]:
        """The whole ledger, for comparisons."""
        with self._lock:
            payments = [Payment(*row) for row in self._db.execute("SELECT * FROM payments ORDER BY transaction_id")]
            refunds = [Refund(*row) for row in self._db.execute("SELECT * FROM refunds ORDER BY transaction_id")]
        return payments, refunds

    def close(self) -> None:
        self._db.close()

    def _reason_against(self, asked: Refund) -> str | None:
        if asked.payment_id is None:
            return None
        payment = self._payment(asked.payment_id)
        if payment is None or payment.state != "captured":
            return "there is no captured payment to refund"
        query = "SELECT COALESCE(SUM(minor), 0) FROM refunds WHERE payment_id = ? AND state = 'refunded'"
        gone: int = self._db.execute(query, (asked.payment_id,)).fetchone()[0]
        return "the refund is above what is left of the payment" if gone + asked.minor > payment.minor else None

    def _payment(self, transaction_id: str) -> Payment | None:
        row = self._db.execute("SELECT * FROM payments WHERE transaction_id = ?", (transaction_id,)).fetchone()
        return None if row is None else Payment(*row)

    def _set(self, payment: Payment, state: PaymentState) -> Payment:
        self._db.execute("UPDATE payments SET state = ? WHERE transaction_id = ?", (state, payment.transaction_id))
        changed: dict[str, Any] = {**asdict(payment), "state": state}
        return Payment(**changed)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _first_state(method_id: str) -> PaymentState:
    if method_id.endswith(DECLINED):
        return "declined"
    return "created" if method_id.endswith(APPROVAL) else "captured"
