"""What does the shop forget, and when? Keys, proposals and notices that nobody comes back to, carts of sessions long over."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.shop_tables import carts, idempotency_keys, pending, webhooks

KEYS_KEPT = timedelta(days=7)
PROPOSALS_KEPT = timedelta(days=30)
"""Longer than the key of a request that may still ask for one."""
NOTICES_KEPT = timedelta(days=60)
"""Longer than a provider repeats a notice; one that comes later all the same only makes us ask once more."""
CARTS_KEPT = timedelta(days=90)
"""Longer than a session lives; the cart of a customer stays."""


async def prune(connection: AsyncConnection, now: datetime) -> None:
    """One bounded set of deletions, by age alone."""
    of_a_session = carts.c.owner.startswith("session:")
    await connection.execute(delete(idempotency_keys).where(idempotency_keys.c.at < now - KEYS_KEPT))
    await connection.execute(delete(pending).where(pending.c.expires_at < now - PROPOSALS_KEPT))
    await connection.execute(delete(webhooks).where(webhooks.c.at < now - NOTICES_KEPT))
    await connection.execute(delete(carts).where(of_a_session & (carts.c.changed_at < now - CARTS_KEPT)))
