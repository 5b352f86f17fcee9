"""Which rules must an example keep beyond its schema? The paper's, and those of the brief that the conversations were written to."""

import re
from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz

from domain.proposal import ProposedCategory
from training.example import Example

_GENDERED = re.compile(r"\b(men's|women's)\b", re.IGNORECASE)
_OF_A_SHOPPER = re.compile(r"\b(shopper|customer|user)s?\b", re.IGNORECASE)
MAX_QUERY_WORDS = 10
MAX_TITLE_WORDS = 16
MAX_EXPLANATION_WORDS = 24
_ALIKE = 45
"""Of 100: two in five words said, or nearly."""
MAX_TITLE_USES = 4
"""Groups that may name the same specific title."""


def broken_rules(example: Example) -> list[str]:
    """What the example breaks, in words; empty when nothing."""
    target, found = example.target, []
    if target.decline:
        if target.decline != "gift_card" and (target.query or target.proposal):
            found.append("a declined turn has an empty query and proposal")
        return found
    if not target.query or len(target.query.split()) > MAX_QUERY_WORDS:
        found.append(f"query of {len(target.query.split())} words: {target.query!r}")
    if example.taught == "query":
        return found
    if example.taught == "names":
        return found if target.proposal else [*found, "no category"]
    found += [f"proposal: {rule}" for rule in target.formulation.proposal.broken_rules() if rule != "explanation_addresses_you"]
    for category in target.proposal:
        found += _broken_category(category)
    if example.kind == "exact_title" and not _names_exact_title(example):
        found.append("the exact title of the message is not among the products")
    return found


def repeated_titles(examples: Sequence[Example]) -> list[str]:
    """Specific titles that stand in more groups than a varied set should have."""
    uses = Counter(title for e in examples for title in {t.lower() for c in e.target.proposal for t in c.products[:3]})
    return sorted(title for title, count in uses.items() if count > MAX_TITLE_USES)


def _broken_category(category: ProposedCategory) -> list[str]:
    found = []
    if len(category.explanation.split()) > MAX_EXPLANATION_WORDS or _OF_A_SHOPPER.search(category.explanation):
        found.append(f"{category.category}: explanation {category.explanation!r}")
    if any(len(title.split()) > MAX_TITLE_WORDS for title in category.products):
        found.append(f"{category.category}: a title of over {MAX_TITLE_WORDS} words")
    phrases = category.products[3:]
    if _GENDERED.search(category.category) and not all(_GENDERED.search(phrase) for phrase in phrases):
        found.append(f"{category.category}: gendered category, generic phrases without men's or women's")
    return found


def _names_exact_title(example: Example) -> bool:
    """Whether some product is what was said, misspelt as it may be."""
    said = " ".join(s.text for s in example.conversation if s.role == "user").lower()
    return any(fuzz.token_set_ratio(title.lower(), said) >= _ALIKE for c in example.target.proposal for title in c.products)
