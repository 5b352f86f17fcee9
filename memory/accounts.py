"""Where do default addresses, ways to pay and store credit lie? A document per owner, and a ledger of credit."""

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.money import Money
from domain.shopper import Account
from memory.shop_tables import accounts, credit, credit_entries

_LOAD = select(accounts.c.document).where(accounts.c.owner == bindparam("mine"))


class SqlAccounts:
    """The Accounts port inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def load(self, owner: str) -> Account | None:
        found = (await self._connection.execute(_LOAD, {"mine": owner})).scalar()
        return None if found is None else Account.model_validate(found)

    async def save(self, account: Account) -> None:
        document = account.model_dump(mode="json")
        stored = await self._connection.execute(update(accounts).where(accounts.c.owner == account.owner).values(document=document))
        if stored.rowcount:
            return
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(accounts).values(owner=account.owner, document=document))
        except IntegrityError as exc:
            raise Conflict("the account was changed by another request meanwhile; try again", retry_after_s=1) from exc

    async def credit(self, owner: str, method_id: str, currency: str) -> Money:
        query = select(credit.c.balance).where(_is(owner, method_id, currency))
        return Money(minor=(await self._connection.execute(query)).scalar() or 0, currency=currency)

    async def move_credit(self, owner: str, method_id: str, amount: Money, *, at: datetime, transaction_id: str) -> bool:
        known = select(credit_entries.c.amount).where(credit_entries.c.transaction_id == transaction_id)
        if (await self._connection.execute(known)).first() is not None:
            return True
        await self._connection.execute(_OPEN, {"owner": owner, "method": method_id, "currency": amount.currency})
        enough = _is(owner, method_id, amount.currency) & (credit.c.balance + amount.minor >= 0)
        moved = await self._connection.execute(update(credit).where(enough).values(balance=credit.c.balance + amount.minor))
        if moved.rowcount != 1:
            return False
        entry = {
            "transaction_id": transaction_id, "owner": owner, "method_id": method_id, "currency": amount.currency,
            "amount": amount.minor, "at": at,
        }  # fmt: skip
        await self._connection.execute(insert(credit_entries).values(**entry))
        return True

    async def claim(self, owner: str, by: str) -> None:
        balances = select(credit.c.method_id, credit.c.currency, credit.c.balance).where((credit.c.owner == owner) & (credit.c.balance > 0))
        for method_id, currency, balance in (await self._connection.execute(balances)).all():
            await self._connection.execute(_OPEN, {"owner": by, "method": method_id, "currency": currency})
            theirs = update(credit).where(_is(by, method_id, currency))
            await self._connection.execute(theirs.values(balance=credit.c.balance + balance))
            await self._connection.execute(update(credit).where(_is(owner, method_id, currency)).values(balance=0))
        mine, theirs_ = await self.load(owner), await self.load(by)
        if mine is not None and mine.address and (theirs_ is None or theirs_.address is None):
            await self.save((theirs_ or Account(owner=by)).model_copy(update={"address": mine.address}))


_OPEN = text("INSERT INTO credit (owner, method_id, currency, balance) VALUES (:owner, :method, :currency, 0) ON CONFLICT DO NOTHING")


def _is(owner: str, method_id: str, currency: str) -> ColumnElement[bool]:
    return (credit.c.owner == owner) & (credit.c.method_id == method_id) & (credit.c.currency == currency)
