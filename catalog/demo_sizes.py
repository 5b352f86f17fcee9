"""In which sizes is a product sold, at what price and with how many pieces?"""

import random

from catalog.demo_prices import charm
from catalog.product_types import SizeSystem
from domain.money import Money
from domain.product import Gender, Variant

_WOMEN_SHOES = ("5", "6", "6.5", "7", "7.5", "8", "8.5", "9", "10", "11")
_MEN_SHOES = ("7", "8", "8.5", "9", "9.5", "10", "10.5", "11", "12", "13")
_SIZES: dict[tuple[SizeSystem, Gender | None], tuple[str, ...]] = {
    ("shoes", "women"): _WOMEN_SHOES,
    ("shoes", "men"): _MEN_SHOES,
    ("shoes", "unisex"): ("5", "6", "7", "8", "9", "10", "11", "12", "13"),
    ("kids_shoes", "kids"): ("10", "11", "12", "13", "1", "2", "3", "4", "5", "6"),
    ("alpha", "women"): ("XS", "S", "M", "L", "XL", "XXL"),
    ("alpha", "men"): ("S", "M", "L", "XL", "XXL"),
    ("alpha", "unisex"): ("S", "M", "L", "XL"),
    ("alpha", None): ("S", "M", "L", "XL"),
    ("waist", "women"): ("0", "2", "4", "6", "8", "10", "12", "14", "16"),
    ("waist", "men"): ("28", "30", "32", "33", "34", "36", "38", "40"),
    ("kids_clothes", "kids"): ("4", "5", "6", "7", "8", "10", "12", "14"),
    ("baby_clothes", "kids"): ("0-3 months", "3-6 months", "6-12 months", "12-18 months", "18-24 months"),
    ("glove", "women"): ("S", "M", "L"),
    ("glove", "men"): ("M", "L", "XL"),
    ("glove", "unisex"): ("S", "M", "L", "XL"),
    ("glove", "kids"): ("4-6", "7-9", "10-12"),
    ("sock", "women"): ("S", "M"),
    ("sock", "men"): ("M", "L"),
    ("sock", "unisex"): ("S", "M", "L"),
    ("boot_ski", "women"): ("22.5", "23.5", "24.5", "25.5", "26.5"),
    ("boot_ski", "men"): ("25.5", "26.5", "27.5", "28.5", "29.5"),
    ("belt", "women"): ("S", "M", "L"),
    ("belt", "men"): ("32", "34", "36", "38", "40", "42"),
}
_ANY_GENDER: dict[SizeSystem, tuple[str, ...]] = {
    "helmet": ("S", "M", "L"),
    "ring": ("5", "6", "7", "8", "9"),
    "bike": ("S", "M", "L", "XL"),
    "ski": ("156 cm", "163 cm", "170 cm", "177 cm"),
    "dog_coat": ("XS", "S", "M", "L", "XL"),
    "collar": ("S", "M", "L"),
    "wetsuit": ("S", "M", "L", "XL"),
}
_PRICED: dict[SizeSystem, tuple[tuple[str, float], ...]] = {
    "bed": (("Twin", 0.72), ("Twin XL", 0.76), ("Full", 0.9), ("Queen", 1.0), ("King", 1.2)),
    "duvet": (("Twin", 0.75), ("Queen", 1.0), ("King", 1.2)),
    "rug": (("3 x 5 ft", 0.45), ("5 x 8 ft", 1.0), ("8 x 10 ft", 1.7)),
    "curtain": (("63 in", 0.9), ("84 in", 1.0), ("96 in", 1.15)),
    "dog_bed": (("S", 0.7), ("M", 1.0), ("L", 1.35), ("XL", 1.7)),
}
LEAST_IN_STOCK = 5


def variants_for(
    system: SizeSystem,
    gender: Gender | None,
    *,
    product_id: str,
    price: Money,
    color: str | None,
    sold_out: bool,
    rng: random.Random,
) -> tuple[Variant, ...]:
    """One variant a size; empty for goods without sizes. Some sizes are sold out, and all of them if ``sold_out``."""
    if system == "none":
        return ()
    offered = _PRICED.get(system) or tuple((size, 1.0) for size in _ANY_GENDER.get(system) or _SIZES[system, gender])
    common = _commonest(len(offered))
    return tuple(
        Variant(
            variant_id=f"{product_id}-{number + 1:02d}",
            size=size,
            color=color,
            price=charm(int(price.minor * factor)) if factor != 1.0 else None,
            stock=0 if sold_out else _stock(rng, gone=0.04 if number in common else 0.16),
        )
        for number, (size, factor) in enumerate(offered)
    )


def pieces(rng: random.Random, *, sold_out: bool) -> int:
    """Stock of a product without variants."""
    return 0 if sold_out else _stock(rng, gone=0.0)


def _stock(rng: random.Random, *, gone: float) -> int:
    return 0 if rng.random() < gone else LEAST_IN_STOCK + int(rng.expovariate(1 / 18))


def _commonest(count: int) -> range:
    """Sizes in the middle are bought in larger lots, so they sell out less often."""
    return range(count // 3, count - count // 3)
