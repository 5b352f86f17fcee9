"""What is the base of every value that crosses a package boundary?"""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A frozen value: unknown fields are refused, so that a misspelt name fails where it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
