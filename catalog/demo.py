"""What does the demo shop sell? A seeded generator over the hand-written taxonomy.

``python -m catalog.demo`` shows what it holds.
"""

import hashlib
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import yaml

from catalog.demo_facts import draw_facts
from catalog.demo_prices import charm, price_at, reduced
from catalog.demo_sizes import pieces, variants_for
from catalog.demo_words import Model, Writer, reviews
from catalog.product_types import HERE, Brand, Department, ProductType, Style, departments, tagged
from domain.product import Gender, Product

SEED = 20260
SOLD_OUT_SHARE = 0.06
_ON_SALE = 0.07
_UNRATED = 0.03
_FACT_LEFT_OUT = 0.1
"""Listings of real shops have gaps; questions about what is missing must be answered "the listing doesn't say"."""


def load_demo(seed: int = SEED) -> tuple[Product, ...]:
    """The whole demo catalogue; the same seed gives the same products, ids and order. Takes a second or two: keep it."""
    writer = Writer()
    made = [product for department in departments() for kind in department.types for product in _of_type(department, kind, writer, seed)]
    return (*made, *_hard_cases())


def catalog_hash(products: Iterable[Product]) -> str:
    """SHA-256 over the products' content in their order; committed vectors are held to it."""
    digest = hashlib.sha256()
    for product in products:
        digest.update(product.model_dump_json(exclude_defaults=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def main() -> None:
    """Prints what the catalogue holds."""
    began = time.perf_counter()
    products = load_demo()
    took = time.perf_counter() - began
    types = Counter(product.category[-1] for product in products)
    print(f"{len(products)} products in {len(types)} types, made in {took:.2f} s, hash {catalog_hash(products)[:16]}")
    for department, count in Counter(product.category[0] for product in products).most_common():
        names = Counter(p.category[-1] for p in products if p.category[0] == department)
        print(f"{count:6}  {department}: " + ", ".join(f"{name} {n}" for name, n in names.most_common()))
    print(f"brands {len({p.brand for p in products if p.brand})}, out of stock {_share(p.in_stock is False for p in products)}")
    print(f"rated {_share(p.rating is not None for p in products)}, reviewed {_share(bool(p.reviews) for p in products)}")
    print(f"mean rating {statistics.mean(p.rating for p in products if p.rating is not None):.2f}")
    sentences = Counter(s for p in products for s in p.description.split(". "))
    print(f"sentences {sentences.total()}, distinct {len(sentences)}; most repeated:")
    for sentence, count in sentences.most_common(8):
        print(f"{count:6}  {sentence}")


def _of_type(department: Department, kind: ProductType, writer: Writer, seed: int) -> Iterator[Product]:
    # A generator per type: a change to one type leaves every other type's products as they were.
    rng = random.Random(f"{seed}:{kind.code}")
    number = 0
    for index, model in enumerate(_models(department, kind, rng)):
        list_price = charm(int(100 * price_at(*kind.price, position=model.position)))
        for sibling, (gender, color) in enumerate(_versions(kind, model.style, index)):
            number += 1
            yield _product(model, writer, f"{kind.code}-{number:04d}", list_price.minor, gender, color, sibling, rng)


def _models(department: Department, kind: ProductType, rng: random.Random) -> Iterator[Model]:
    """Spread over the whole price range, each style about as often as its span of prices allows."""
    makers = tagged(kind.brands or department.brands)
    names = rng.sample(department.model_names, k=min(kind.models, len(department.model_names)))
    uses: Counter[int] = Counter()
    for index in range(kind.models):
        position = min(1.0, max(0.0, (index + 0.5 + rng.uniform(-0.4, 0.4)) / kind.models))
        number = _style(kind.styles, position, uses)
        uses[number] += 1
        style = kind.styles[number]
        features = (*style.features, *_extras(kind, style, position, rng))
        chosen = style.material or (tuple(rng.choice(kind.material).split("+")) if kind.material else ())
        facts = draw_facts({**department_facts(kind, style)}, rng, position=position)
        brand = _brand(makers, position, rng)
        yield Model(department, kind, style, brand, names[index % len(names)], position, features, chosen, facts, rng.randrange(997))


def department_facts(kind: ProductType, style: Style) -> dict[str, str | tuple[str, ...]]:
    """What a style says of a fact goes before what its type says."""
    return kind.facts | style.facts


def _style(styles: Sequence[Style], position: float, uses: Counter[int]) -> int:
    fitting = [n for n, style in enumerate(styles) if style.span[0] <= position <= style.span[1]] or list(range(len(styles)))
    return min(fitting, key=lambda n: (uses[n], n))


def _brand(makers: Sequence[Brand], position: float, rng: random.Random) -> Brand:
    weights = [2.0 ** -(((brand.level - position) / 0.16) ** 2) + 1e-6 for brand in makers]
    return rng.choices(makers, weights=weights)[0]


def _extras(kind: ProductType, style: Style, position: float, rng: random.Random) -> tuple[str, ...]:
    left = [feature for feature in kind.features if feature not in style.features]
    count = min(len(left), max(0, round(len(left) * (0.2 + 0.5 * position) + rng.uniform(-0.7, 0.7))))
    chosen = set(rng.sample(left, k=count))
    return tuple(feature for feature in left if feature in chosen)


def _versions(kind: ProductType, style: Style, index: int) -> Iterator[tuple[Gender | None, str | None]]:
    """Each gender in its colours; models start elsewhere in the type's colours, so that together they carry them all."""
    palette = style.colors or kind.colors
    hues = min(kind.hues, len(palette))
    genders: Sequence[Gender | None] = style.genders or kind.genders or (None,)
    for turn, gender in enumerate(genders):
        if not hues:
            yield gender, None
        for step in range(hues):
            yield gender, palette[(index * hues + turn * 2 + step) % len(palette)]


def _product(
    model: Model,
    writer: Writer,
    product_id: str,
    cents: int,
    gender: Gender | None,
    color: str | None,
    sibling: int,
    rng: random.Random,
) -> Product:
    listing = writer.listing(model, color=color, gender=gender, sibling=sibling, rng=rng)
    price = charm(cents)
    if rng.random() < _ON_SALE:
        price = reduced(price, rng)
    sold_out = rng.random() < SOLD_OUT_SHARE
    variants = variants_for(
        model.kind.sizes, gender, product_id=product_id, price=price, color=color, sold_out=sold_out, rng=rng
    )  # fmt: skip
    rating, count = _rating(model.position, rng)
    kept = {fact: value for fact, value in model.facts.items() if fact in listing.told or rng.random() > _FACT_LEFT_OUT}
    return Product(
        product_id=product_id,
        title=listing.title,
        description=listing.description,
        brand=model.brand.name,
        price=min((v.price or price for v in variants), default=price),
        category=model.kind.path or (model.department.department, model.kind.name),
        gender=gender,
        colors=tuple(color.split("/")) if color else (),
        material=model.material,
        features=model.features,
        rating=rating,
        rating_count=count,
        stock=None if variants else pieces(rng, sold_out=sold_out),
        variants=variants,
        image_url=f"/pictures/{product_id}.svg",
        attributes=kept,
        reviews=reviews(model, rating=rating, rng=rng) if rating else (),
    )


def _rating(position: float, rng: random.Random) -> tuple[float | None, int | None]:
    if rng.random() < _UNRATED:
        return None, None
    stars = min(4.9, max(3.1, rng.gauss(4.0 + 0.4 * position, 0.32)))
    return round(stars, 1), max(2, int(rng.lognormvariate(4.1, 1.3)))


def _hard_cases() -> tuple[Product, ...]:
    entries = yaml.safe_load((HERE / "hard_cases.yaml").read_text(encoding="utf-8"))
    return tuple(Product.model_validate(entry) for entry in entries["products"])


def _share(flags: Iterable[bool]) -> str:
    held = list(flags)
    return f"{100 * sum(held) / len(held):.1f} %"


if __name__ == "__main__":
    main()
