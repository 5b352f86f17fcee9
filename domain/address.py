"""Where does an order go?"""

from pydantic import Field

from domain.document import Document


class Address(Document):
    """A postal address; ``region`` is the state or province, ``country`` an ISO 3166 code of two letters."""

    name: str = Field(default="", max_length=200)
    line1: str = Field(min_length=1, max_length=200)
    line2: str = Field(default="", max_length=200)
    city: str = Field(min_length=1, max_length=100)
    region: str = Field(default="", max_length=100)
    postal_code: str = Field(min_length=1, max_length=20)
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")

    def __str__(self) -> str:
        street = ", ".join(part for part in (self.name, self.line1, self.line2) if part)
        place = " ".join(part for part in (self.region, self.postal_code) if part)
        return f"{street}, {self.city}, {place}, {self.country}"
