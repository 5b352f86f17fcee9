"""Which products make a section, and when may it be sent? In the reply's order, no product twice, quotas by section."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.reply import SectionView
from domain.search import RankedProduct, Section

FIRST_SECTION, LATER_SECTIONS = 6, 4
"""Products of the first section and of each further one; fixed, so that a section is final when it is sent."""
_MOST_SECTIONS = 5


@dataclass
class SectionAssembler:
    """Takes ranked categories in any order, closes sections in the reply's order, calls ``send`` for each."""

    send: Callable[[SectionView], None]
    sections: list[Section] = field(default_factory=list)
    _waiting: dict[int, Section] = field(default_factory=dict)
    _next: int = 0
    _shown: set[str] = field(default_factory=set)

    def offer(self, index: int, category: str, explanation: str | None, ranked: tuple[RankedProduct, ...]) -> None:
        """One category's ranked products; an empty one closes its place and shows nothing."""
        self._waiting[index] = Section(category=category, explanation=explanation, products=ranked)
        while self._next in self._waiting:
            self._close(self._waiting.pop(self._next))
            self._next += 1

    def finish(self) -> None:
        """Closes what still waits for a place that never came."""
        for index in sorted(self._waiting):
            self._close(self._waiting.pop(index))

    @property
    def count(self) -> int:
        return sum(len(section.products) for section in self.sections)

    def views(self) -> tuple[SectionView, ...]:
        """All sections as the contract shows them, with ordinals over the whole reply."""
        views: list[SectionView] = []
        first = 1
        for section in self.sections:
            views.append(SectionView.of(section, first_ordinal=first))
            first += len(section.products)
        return tuple(views)

    def explain(self, explanations: dict[str, str]) -> None:
        """Sets explanations, by category, that came after their sections were sent."""
        self.sections = [s.model_copy(update={"explanation": explanations.get(s.category) or s.explanation}) for s in self.sections]

    def _close(self, section: Section) -> None:
        quota = LATER_SECTIONS if self.sections else FIRST_SECTION
        fresh = [p for p in section.products if p.product.product_id not in self._shown][:quota]
        if not fresh or len(self.sections) >= _MOST_SECTIONS:
            return
        first_ordinal = self.count + 1
        closed = section.model_copy(update={"products": tuple(fresh)})
        self.sections.append(closed)
        self._shown |= {p.product.product_id for p in fresh}
        self.send(SectionView.of(closed, first_ordinal=first_ordinal))
