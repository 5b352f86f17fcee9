"""What does the shop say of itself? Sections of text with the words that ask for them, from a YAML file."""

from pathlib import Path

import yaml

from domain.document import Document

DEMO_SHOP = Path(__file__).resolve().parent / "shop.yaml"


class ShopSection(Document):
    """One passage as the shop prints it; answers cite it by name."""

    name: str
    keywords: tuple[str, ...]
    """Words and phrases that ask for it."""
    text: str


class ShopInfo(Document):
    """All passages of one shop."""

    sections: tuple[ShopSection, ...]

    @classmethod
    def load(cls, file: Path) -> "ShopInfo":
        """Reads a shop file; ValidationError names what is wrong in it."""
        return cls.model_validate(yaml.safe_load(file.read_text()))
