"""What is an amount of money? Integer minor units and a currency, never a float."""

from decimal import Decimal, InvalidOperation
from functools import total_ordering
from typing import Any, Self

from pydantic import model_serializer, model_validator

from domain.document import Document

# ISO 4217 exponents that are not 2.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3}


@total_ordering
class Money(Document):
    """An exact amount in minor units of an ISO 4217 currency; JSON is ``{"amount": "49.99", "currency": "USD"}``.

    Comparing or adding two currencies raises ValueError: Aisle knows no exchange rate.
    """

    minor: int
    currency: str = "USD"

    @classmethod
    def of(cls, amount: str | Decimal | int, currency: str = "USD") -> Self:
        """Reads a decimal amount in major units ("49.99"); ValueError if it isn't one or has too many digits."""
        try:
            scaled = Decimal(amount).scaleb(exponent_of(currency))
            if not scaled.is_finite() or scaled != scaled.to_integral_value():
                raise InvalidOperation
        except InvalidOperation as exc:
            raise ValueError(f"amount {str(amount)!r} is no {currency} amount; write it like '49.99'") from exc
        return cls(minor=int(scaled), currency=currency)

    @classmethod
    def usd(cls, amount: str | Decimal | int) -> Self:
        """US dollars from a decimal amount."""
        return cls.of(amount, "USD")

    @property
    def amount(self) -> str:
        """The decimal string of the contract: "49.99"."""
        exponent = exponent_of(self.currency)
        return f"{Decimal(self.minor).scaleb(-exponent):.{exponent}f}"

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __add__(self, other: "Money") -> "Money":
        return Money(minor=self.minor + self._same(other).minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(minor=self.minor - self._same(other).minor, currency=self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(minor=self.minor * quantity, currency=self.currency)

    def __str__(self) -> str:
        return f"${self.amount}" if self.currency == "USD" else f"{self.amount} {self.currency}"

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be compared or added")
        return other

    @model_validator(mode="before")
    @classmethod
    def _read_contract_form(cls, value: Any) -> Any:
        if isinstance(value, dict) and "amount" in value:
            money = cls.of(value["amount"], value.get("currency", "USD"))
            return {"minor": money.minor, "currency": money.currency}
        return value

    @model_serializer
    def _write_contract_form(self) -> dict[str, str]:
        return {"amount": self.amount, "currency": self.currency}


def exponent_of(currency: str) -> int:
    """Digits after the point of an ISO 4217 currency."""
    return _EXPONENTS.get(currency, 2)
