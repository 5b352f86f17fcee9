"""Where are orders sent by default? Read and changed by the shopper who owns the account."""

from dataclasses import dataclass

from domain.address import Address
from domain.commerce_ports import ShopStore
from domain.policy import ShopPolicy
from domain.shopper import Account, Shopper


@dataclass(frozen=True)
class AddressBook:
    """The default address of an account; orders that were placed keep their own."""

    store: ShopStore
    policy: ShopPolicy

    async def default(self, shopper: Shopper) -> Address | None:
        async with self.store.reading() as tx:
            account = await tx.accounts.load(shopper.owner)
        return account.address if account else None

    def check(self, address: Address) -> None:
        """BadInput where the shop does not deliver there."""
        self.policy.pricing.check_address(address)

    async def change(self, shopper: Shopper, address: Address) -> None:
        """BadInput where the shop does not deliver there."""
        self.check(address)
        async with self.store.writing() as tx:
            account = await tx.accounts.load(shopper.owner) or Account(owner=shopper.owner)
            await tx.accounts.save(account.model_copy(update={"address": address}))
