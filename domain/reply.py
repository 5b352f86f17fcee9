"""What does the client receive? The Reply of API.md and the product view in it."""

from typing import Any

from pydantic import Field

from domain.document import Document
from domain.filters import Filters
from domain.money import Money
from domain.plan import Task, TaskKind
from domain.product import Gender, Product, Variant
from domain.proposal import ProposedCategory
from domain.search import RankedProduct, Section


class VariantView(Document):
    """A variant as shown: its price is always filled when any is known."""

    variant_id: str
    size: str | None
    color: str | None
    price: Money | None
    in_stock: bool | None

    @classmethod
    def of(cls, variant: Variant, product: Product) -> "VariantView":
        return cls(
            variant_id=variant.variant_id,
            size=variant.size,
            color=variant.color,
            price=variant.price or product.price,
            in_stock=variant.in_stock,
        )


class ProductView(Document):
    """PRODUCT of API.md."""

    product_id: str
    title: str
    description: str
    brand: str | None
    price: Money | None
    category: tuple[str, ...]
    gender: Gender | None
    colors: tuple[str, ...]
    material: tuple[str, ...]
    features: tuple[str, ...]
    rating: float | None
    rating_count: int | None
    in_stock: bool | None
    variants: tuple[VariantView, ...]
    image_url: str | None
    url: str | None
    attributes: dict[str, str]
    variant_id: str | None = None
    """The variant that fits what was asked, when there are several."""
    ordinal: int | None = None
    """Counts from 1 over the whole reply; None outside a reply."""
    why: str | None = None

    @classmethod
    def of(cls, product: Product, *, variant: Variant | None = None, ordinal: int | None = None, why: str | None = None) -> "ProductView":
        """The view of a product, on its fitting variant's price where one was chosen."""
        shared = {name: getattr(product, name) for name in cls.model_fields if name in Product.model_fields}
        shared["variants"] = tuple(VariantView.of(v, product) for v in product.variants)
        shared["price"] = (variant.price if variant else None) or product.price
        return cls(
            **shared,
            in_stock=variant.in_stock if variant else product.in_stock,
            variant_id=variant.variant_id if variant else None,
            ordinal=ordinal,
            why=why,
        )


class TaskView(Document):
    """One element of ``plan``."""

    kind: TaskKind
    request: str
    filters: Filters

    @classmethod
    def of(cls, task: Task) -> "TaskView":
        return cls(kind=task.kind, request=task.request, filters=task.filters)


class SectionView(Document):
    """One element of ``sections``."""

    category: str
    explanation: str | None
    products: tuple[ProductView, ...]

    @classmethod
    def of(cls, section: Section, *, first_ordinal: int) -> "SectionView":
        views = tuple(_ranked_view(p, first_ordinal + i) for i, p in enumerate(section.products))
        return cls(category=section.category, explanation=section.explanation, products=views)


class ComparisonRow(Document):
    attribute: str
    values: tuple[str | None, ...]
    differs: bool


class Comparison(Document):
    """A side-by-side table made of catalogue facts."""

    product_ids: tuple[str, ...]
    rows: tuple[ComparisonRow, ...]


class Citation(Document):
    """The passage that an answer rests on: a product's field, or a section of the shop's information."""

    product_id: str | None = None
    source: str | None = None
    field: str | None = None
    passage: str


class Check(Document):
    """One deterministic check of the turn, with its reason."""

    name: str
    passed: bool
    reason: str = ""


class Degraded(Document):
    """One visible step down from the model that was wanted."""

    role: str
    wanted: str
    used: str
    reason: str


class Usage(Document):
    """Generating language models only; encoders are not counted."""

    model_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class OpenedSession(Document):
    """What a client needs to come back to a session that ``/chat`` opened for it."""

    session_id: str
    token: str
    expires_at: str


class Reply(Document):
    """REPLY of API.md. ``cart``, ``order`` and ``pending`` are JSON documents of the shop's own domain."""

    turn_id: str
    session_id: str
    text: str
    plan: tuple[TaskView, ...]
    proposal: tuple[ProposedCategory, ...] = ()
    sections: tuple[SectionView, ...] = ()
    comparison: Comparison | None = None
    citations: tuple[Citation, ...] = ()
    cart: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    pending: dict[str, Any] | None = None
    suggestions: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    timings_ms: dict[str, float] = Field(default_factory=dict)
    usage: Usage = Usage()

    @property
    def products(self) -> tuple[ProductView, ...]:
        """Every product shown, in the order of its ordinal."""
        return tuple(product for section in self.sections for product in section.products)


def _ranked_view(ranked: RankedProduct, ordinal: int) -> ProductView:
    return ProductView.of(ranked.product, variant=ranked.variant, ordinal=ordinal, why=ranked.why)
