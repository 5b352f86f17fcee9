"""How does one search and look at products without a conversation? GET /search, /products, /categories, /pictures."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints, field_validator

from domain.document import Document
from domain.errors import BadInput, NotFound
from domain.filters import Filters
from domain.product import Gender, Product
from domain.reply import ProductView
from domain.search import Candidate, HybridQuery
from server.services import services

router = APIRouter(tags=["shop"])
_SORT_DEPTH = 200
_ALIKE = 0.65  # of the best score; on seven queries over the demo catalogue this keeps the type asked for and its kin
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sort = Literal["relevance", "price_asc", "price_desc", "rating"]


class SearchParameters(Document):
    """The query string of /search; unknown names are refused."""

    q: Annotated[str, Field(max_length=500, examples=["hiking boots"])] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    price_min: Annotated[Decimal | None, Field(ge=0, max_digits=12)] = None
    price_max: Annotated[Decimal | None, Field(ge=0, max_digits=12)] = None
    gender: Gender | None = None
    brand: Text | None = None
    color: Text | None = None
    category: Text | None = None
    in_stock: Literal["true", "false"] | None = None
    sort: Sort = "relevance"

    @field_validator("price_min", "price_max", "gender", "brand", "color", "category", "in_stock", mode="before")
    @classmethod
    def _left_empty(cls, value: object) -> object:
        """``brand=`` is a form field that nobody filled in."""
        return None if value == "" else value

    def filters(self, currency: str) -> Filters:
        """BadInput when price_min is above price_max."""
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise BadInput(
                f"price_min {self.price_min} is above price_max {self.price_max}; swap them",
                field="price_min",
                value=str(self.price_min),
            )
        return Filters(
            price_min=self.price_min, price_max=self.price_max, currency=currency, gender=self.gender, category=self.category,
            color=(self.color,) if self.color else None, brand=(self.brand,) if self.brand else None,
            in_stock=None if self.in_stock is None else self.in_stock == "true",
        )  # fmt: skip


class SearchAnswer(Document):
    products: tuple[ProductView, ...]
    total: int
    """With words: how many products are about as relevant as the best. Without: how many pass the filters."""
    timings_ms: dict[str, float]


class Category(Document):
    path: tuple[str, ...]
    name: str
    count: int


class Categories(Document):
    categories: tuple[Category, ...]


@router.get("/search", response_model=SearchAnswer)
async def search(request: Request, parameters: Annotated[SearchParameters, Query()]) -> SearchAnswer:
    """Plain product search: no language model, no session."""
    own = services(request)
    started = time.perf_counter()
    filters = parameters.filters(own.catalog.vocabulary.currency)
    text = parameters.q.strip()
    vector = (await own.embedder.embed([text or "popular"]))[0]
    embedded = time.perf_counter()
    ranked = parameters.sort == "relevance" and bool(text)
    query = HybridQuery(text=text, vector=vector)
    found = await own.catalog.retrieve(query, filters, limit=parameters.limit if ranked else _SORT_DEPTH)
    products = [candidate.product for candidate in (found.candidates if ranked or not text else _alike(found.candidates))]
    if not ranked:
        products = _sorted(products, "rating" if parameters.sort == "relevance" else parameters.sort)
    if not text and parameters.sort in ("price_asc", "price_desc"):
        # Without words nothing is nearer than anything else: the order goes over everything that passes, those without a price last.
        priced = await own.catalog.by_price(filters, descending=parameters.sort == "price_desc", limit=parameters.limit)
        products = [*priced, *(product for product in products if product.price is None)]
    total = max(found.total, len(products[: parameters.limit])) if text else await own.catalog.matching(filters)
    done = time.perf_counter()
    timings = {"embed": _ms(embedded - started), "retrieve": _ms(done - embedded), "total": _ms(done - started)}
    views = tuple(ProductView.of(product) for product in products[: parameters.limit])
    return SearchAnswer(products=views, total=total, timings_ms=timings)


@router.get("/products/{product_id:path}", response_model=ProductView)
async def product(request: Request, product_id: str) -> ProductView:
    """One product as the catalogue has it now."""
    return ProductView.of(await _product(request, product_id))


@router.get("/categories", response_model=Categories)
async def categories(request: Request) -> Categories:
    """Every kind of product with its path and count, the fullest first."""
    types = services(request).catalog.vocabulary.types.values()
    counted = Counter({facts.path: facts.count for facts in types})
    return Categories(categories=tuple(Category(path=path, name=path[-1], count=count) for path, count in counted.most_common()))


@router.get("/pictures/{name:path}.svg", response_class=Response)
async def picture(request: Request, name: str) -> Response:
    """The drawn picture of a demo product."""
    found = await _product(request, name)
    # The first picture reads the drawings, which takes most of a second: turns must not wait for it.
    drawn = await asyncio.to_thread(services(request).picture, found)
    if drawn is None:
        raise NotFound(f"product {name!r} has no drawn picture")
    headers = {
        "Cache-Control": "public, max-age=86400",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(drawn, media_type="image/svg+xml", headers=headers)


async def _product(request: Request, product_id: str) -> Product:
    found = await services(request).catalog.products([product_id])
    if not found:
        raise NotFound(f"there is no product {product_id!r}")
    return found[0]


def _alike(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those about as relevant as the best: else "hiking boots", cheapest first, would begin with socks."""
    best = max((candidate.score for candidate in candidates), default=0.0)
    return [candidate for candidate in candidates if candidate.score >= _ALIKE * best]


def _sorted(products: Sequence[Product], sort: Literal["price_asc", "price_desc", "rating"]) -> list[Product]:
    if sort == "rating":
        return sorted(products, key=lambda p: (-(p.rating or 0.0), -(p.rating_count or 0), p.product_id))
    priced = [p for p in products if p.price]
    unpriced = [p for p in products if not p.price]
    ordered = sorted(priced, key=lambda p: p.price.minor if p.price else 0, reverse=sort == "price_desc")
    return [*ordered, *unpriced]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
