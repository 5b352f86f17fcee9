"""What does a message want of the cart? Commands, clause by clause, against what is on the screen and what is in the cart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from domain.session import ShownProduct
from domain.shop_views import CartLineView
from domain.terms import fold_size
from planner.lexicon import stem, words_of
from planner.references import resolve

Operation = Literal["add", "remove", "quantity", "more", "variant", "view", "clear"]
_WORD_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "a couple": 2, "couple": 2, "a dozen": 12, "dozen": 12,
}  # fmt: skip
_NUMBER = (
    rf"(?P<n>-?\d{{1,10}}(?:e\d{{1,2}})?|{'|'.join(sorted((w for w in _WORD_NUMBERS if w not in ('a', 'an')), key=len, reverse=True))})"
)
_QUANTITIES = (
    re.compile(rf"(?<![\w-]){_NUMBER}\s*(?:x\b|×|times\b|of\b|pairs?\b|pieces?\b|pcs\b|units?\b|more\b|items?\b)"),
    re.compile(rf"\b(?:quantity|qty)\s*(?:of|to|is|:|=)?\s*{_NUMBER}\b"),
    re.compile(rf"\b(?:make|change|set|update)\b.{{0,40}}\b(?:to|it|that|them)\s+{_NUMBER}\s*$"),
    re.compile(rf"\b(?:add|take|get|buy|want|need|put)\s+(?:me\s+)?{_NUMBER}\s+(?!(?:to|in|into|from)\b)(?=[a-z])"),
    re.compile(rf"(?:^|\s)x\s?{_NUMBER}\s*$"),
    re.compile(rf"\bmake (?:the|my|those|these) [a-z' -]{{2,40}}?\s{_NUMBER}\s*$"),
)
_FILLER = r"(?:and|ok(?:ay)?|actually|no|oh|sorry|wait|hm+|well|then|so|just|only|make (?:it|that|them)|i(?:'?ll| will)? (?:need|want|take|have)|i'?d like|give me|let'?s (?:do|make it|say))"
_AFTERTHOUGHT = r"(?:please|then|instead|thanks|thank you|in total|altogether|pairs?|pieces?|now|rather)"
_SO_MANY = re.compile(rf"^\W*(?:{_FILLER}\W+)*{_NUMBER}(?: of (?:it|them|those|these))?(?:\W+{_AFTERTHOUGHT})*\W*$")
"""All that is said is a number: of what the cart holds, as it was spoken of last."""
_MORE = re.compile(
    rf"^\W*(?:{_FILLER}\W+)*(?:(?:add|put in|get|take|i(?:'?d| would) like) (?:me )?)?(?:{_NUMBER} more|another(?: one)?|(?P<again>the same again))(?: of (?:it|them|those|these|that))?(?:\W+{_AFTERTHOUGHT})*\W*$"
)
_LETTERS = r"xxs|xs|s|m|l|xl|xxl|2xl|3xl|x-?small|small|medium|x-?large|large|extra large"
_OTHER_SIZE = re.compile(
    rf"^\W*(?:{_FILLER}\W+)*(?:change (?:it|that|them) to )?(?:in )?(?:(?:the|an?|my) )?(?:(?P<letter>{_LETTERS})|size (?P<named>[a-z0-9.]+))(?: ones?)?(?:\W+{_AFTERTHOUGHT})*\W*$"
)
_SIZE_FOR_SIZE = re.compile(
    rf"\b(?:swap|change|switch|exchange|replace)\b.{{0,20}}?\b(?:size )?(?P<old>{_LETTERS}|\d{{1,2}}(?:\.5)?)\b.{{0,12}}\b(?:for|to|with|by)\b.{{0,12}}?\b(?:size )?(?P<new>{_LETTERS}|\d{{1,2}}(?:\.5)?)\W*$"
)
_CLAUSES = re.compile(r"\s*(?:,\s*(?:and|then|plus|also)\s+|;\s*|,\s+|\s+and\s+(?:also\s+|then\s+)?|\s+then\s+|\s+plus\s+|\s*&\s*)")
_CLEAR = re.compile(
    r"\b(?:empty|clear)\b.{0,20}\b(?:cart|basket|bag|it|everything)\b|\b(?:remove|delete|take out) (?:everything|all(?: of it| items)?)\b"
)
_REMOVE = re.compile(
    r"\b(?:remove|delete|drop|get rid of|take (?:out|away|off)|take\b.{1,60}\bout|without)\b|\btake\b.{1,60}\b(?:from|off|out of) (?:the|my) (?:cart|basket|bag)"
)
_VIEW = re.compile(
    r"\b(?:show|view|see|open|check|what(?:'s| is| do i have)?(?: in)?|look at)\b.{0,20}\b(?:cart|basket|bag|trolley)\b|^\W*(?:my )?(?:cart|basket)\W*$"
)
_QUANTITY = re.compile(
    r"\b(?:quantity|qty)\b|\bmake (?:the|my|those|these) [a-z' -]{2,40} (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve)\W*$|\b(?:make|set|change|update)\b.{0,60}\b(?:it|that|them|to)\b.{0,10}(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|twelve)\b(?! ?-?(?:inch|in\b))"
)
_VARIANT = re.compile(
    r"\b(?:change|switch|swap|make|update|exchange|replace|have|get)\b.{0,60}\b(?:size|colou?r|in(?:stead)?|to (?:a |an )?(?:size|xx?s|s|m|l|xx?l|small|medium|large|x-large))\b"
)
_BAG = re.compile(r"\b(?:cart|basket|trolley|bag)\b")
_ADD = re.compile(
    r"\b(?:add|put|throw|stick|place|drop|take|buy|get|grab|have|want|order|purchase|i'?ll|chuck|sling|bung|pop|toss|shove|whack|fling|gimme|lemme|give me|cop|hook me up|(?:ring|wrap) (?:me )?up|sold|go(?:ing)? (?:with|for)|it is)\b"
)
_SIZE = re.compile(
    r"\b(?:(?:in|a|an|to|the)\s+)?(?:(?:men'?s|women'?s|kids'?|us)\s+)?size\s+(?P<named>[a-z0-9.]+(?:[ /-](?:tall|wide|long|short))?)\b|"
    r"\b(?:in|to|as|for)\s+(?:a\s+|an\s+|the\s+)?(?P<letter>xxs|xs|s|m|l|xl|xxl|2xl|3xl|x-?small|small|medium|x-?large|large|extra large|one size)\b|"
    r"\bin\s+(?:an?\s+|the\s+)?(?P<digits>\d{1,2}(?:\.5)?(?:\s?(?:w|d|ee))?)\b(?!\s*(?:inch|cm|mm|days?|minutes?|\"))"
)
_BARE_SIZE = re.compile(
    r"^\W*(?:(?:the|a|an|in|size|us|i'?m a|i take a?|i wear a?|make it a?|please)\s+)*(?P<size>xxs|xs|s|m|l|xl|xxl|2xl|3xl|x-?small|small|medium|x-?large|large|extra large|one size|\d{1,3}(?:\.\d)?(?:\s?(?:w|t|m|y|ml|l|cm|in|inch|oz))?)(?:\s+(?:please|one|thanks))*\W*$"
)
_ONLY_PRONOUN = re.compile(
    r"^\W*(?:(?:to|into|in) (?:the|my) (?:cart|basket|bag)\W+)?(?:please )?(?:can you |could you )?(?:add|put|throw|stick|place)\s+(?:them|it|those|these|both|all)(?: all| both)?\b(?:.{0,20}\b(?:cart|basket|bag))?(?: please)?\W*$"
)
_REFERENCE = re.compile(r"\[(?P<id>[^\]\s]{1,200})\]")
_PLAIN = frozenset(
    "the a an and of to in my cart basket bag please one ones that this it them these those for with from size i ll will want would like take add put remove".split()
)


@dataclass(frozen=True, kw_only=True)
class CartCommand:
    """One thing to do. ``product_id`` for what is on the screen, ``line_id`` for what is in the cart; neither when unclear."""

    operation: Operation
    said: str
    product_id: str | None = None
    line_id: str | None = None
    quantity: int | None = None
    size: str | None = None
    among: tuple[ShownProduct, ...] = ()
    """Candidates, when one was meant and several fit."""


_ALSO = re.compile(r"^\W*(?:and|also|plus) (?:also )?(?:the (?:first|second|third|fourth|fifth|sixth|last)|number \d)\b")
_SO_MANY_OF_IT = re.compile(
    r"^\W*(?:(?:and|ok(?:ay)?|make it|i need|i want)\W+)*(?:one|two|three|four|five|six|\d{1,2}) of (?:it|them|those|these)\b"
)


def read_cart(
    message: str, shown: tuple[ShownProduct, ...], lines: Sequence[CartLineView], *, focus: tuple[str, ...] = ()
) -> tuple[CartCommand, ...]:
    """The commands in their order; a clause without a verb does what the one before it did. ``focus`` is what "it" means."""
    text = _SETTLED.sub("", _plain(message))
    if _CLEAR.search(text):
        return (CartCommand(operation="clear", said=message),)
    if lines and (short := _short(text, lines)):
        return (short,)
    clauses = _sizes_joined([part.strip() for part in _CLAUSES.split(text) if part and part.strip()])
    said = [_operation(clause, lines) for clause in clauses]
    # "Number 2 and the gloves, please add them": what comes before the verb means the verb too.
    operation = next((found for found in said if found), None)
    if operation is None and _ALSO.match(text):
        operation = "add"
    if operation is None and _SO_MANY_OF_IT.match(text):
        operation = "quantity" if lines else "add"
    if operation is None and _products(text, shown, focus)[0] and not _BAG.search(text):
        # "Two of the second please", "the first one in size 9": naming one for the cart puts it there.
        operation = "add"
    if operation is None:
        return (CartCommand(operation="view", said=message),)
    commands: list[CartCommand] = []
    for clause, found in zip(clauses, said, strict=True):
        operation = found or operation
        if not (len(clauses) > 1 and _ONLY_PRONOUN.match(clause)):
            commands += _commands(operation, clause, shown, lines, focus)
    return tuple(commands) or (CartCommand(operation="view", said=message),)


_SETTLED = re.compile(
    r"^\W*(?:(?:wrap|ring|bag) (?:it|that|this|me) up|(?:i'?m )?sold|(?:done )?deal|sweet|cool|nice|(?:i )?love it|perfect|great|say no more|let'?s (?:do (?:it|this)|go))\s*[,.!;]+\s*(?=\S)"
)
"""What is said before the thing that is bought, and names none: "wrap it up, I'll take number 3"."""


def count_alone(message: str) -> int | None:
    """The number of pieces that a message consists of: "actually make it two"."""
    found = _SO_MANY.match(_plain(message))
    return _number(found["n"]) if found else None


def short_of_cart(message: str) -> bool:
    """Whether the message is so short that it only means something right after the cart: "2 please", "one more", "the L instead"."""
    text = _plain(message)
    return any(pattern.search(text) for pattern in (_SO_MANY, _MORE, _OTHER_SIZE, _SIZE_FOR_SIZE))


def _short(text: str, lines: Sequence[CartLineView]) -> CartCommand | None:
    """What such a message does, to the thing that was put in last, or to the one that has the size that is named."""
    last = lines[-1].line_id
    if found := _SIZE_FOR_SIZE.search(text):
        old = [line.line_id for line in lines if any(fold_size(value) == fold_size(found["old"]) for value in line.options.values())]
        return CartCommand(operation="variant", said=text, line_id=old[-1] if old else last, size=found["new"])
    if found := _MORE.match(text):
        return CartCommand(operation="more", said=text, line_id=last, quantity=_number(found["n"]) if found["n"] else 1)
    if found := _SO_MANY.match(text):
        return CartCommand(operation="quantity", said=text, line_id=last, quantity=_number(found["n"]))
    if found := _OTHER_SIZE.match(text):
        return CartCommand(operation="variant", said=text, line_id=last, size=found["letter"] or found["named"])
    return None


_SIZE_CLAUSE = re.compile(
    r"^(?:in |and )?(?:an? |the )?(?:size|us|eu)\b.{0,12}$|^in (?:an? |the )?\S{1,12}$|^(?:xxs|xs|s|m|l|xl|xxl|small|medium|large|x-?large)\W*$"
)


def _sizes_joined(clauses: Sequence[str]) -> list[str]:
    """ "The second one, size 9": a clause that is only a size or a colour belongs to the one before it."""
    joined: list[str] = []
    for clause in clauses:
        if joined and _SIZE_CLAUSE.match(clause):
            bare = re.match(r"(?:in|size|us|eu|and|an?|the)\b", clause) is None
            joined[-1] = f"{joined[-1]} {'in ' if bare else ''}{clause}"
        else:
            joined.append(clause)
    return joined


def bare_size(message: str) -> str | None:
    """The size that a message consists of: "M", "size 9", "the large one, please"."""
    found = _BARE_SIZE.match(_plain(message))
    return found.group("size") if found else None


def size_in(text: str) -> str | None:
    """A size that is named as one inside a longer text."""
    found = _SIZE.search(text)
    return next((value for value in found.groups() if value), None) if found else None


def quantity_in(clause: str) -> int | None:
    """How many pieces the clause names, as it says it: also 0, -1 and a billion."""
    for pattern in _QUANTITIES:
        found = pattern.search(clause)
        if found:
            return _number(found.group("n"))
    return None


def _number(said: str) -> int:
    return _WORD_NUMBERS[said] if said in _WORD_NUMBERS else int(float(said)) if "e" in said else int(said)


def _operation(clause: str, lines: Sequence[CartLineView]) -> Operation | None:
    if _REMOVE.search(clause):
        return "remove"
    if _VIEW.search(clause):
        return "view"
    if _VARIANT.search(clause) and size_in(clause) and lines and not re.search(r"\b(?:add|put|buy|order)\b", clause):
        return "variant"
    if _QUANTITY.search(clause) and quantity_in(clause) is not None and lines:
        return "quantity"
    return "add" if _ADD.search(clause) else None


def _commands(
    operation: Operation, clause: str, shown: tuple[ShownProduct, ...], lines: Sequence[CartLineView], focus: tuple[str, ...]
) -> list[CartCommand]:
    if operation == "view":
        return [CartCommand(operation="view", said=clause)]
    quantity, size = quantity_in(clause), size_in(clause)
    if operation == "add":
        products, among = _products(clause, shown, focus)
        if not products:
            return [CartCommand(operation="add", said=clause, quantity=quantity, size=size, among=among)]
        return [CartCommand(operation="add", said=clause, product_id=p, quantity=quantity, size=size) for p in products]
    found, among = _lines(clause, lines)
    if not found:
        return [CartCommand(operation=operation, said=clause, quantity=quantity, size=size, among=among)]
    return [CartCommand(operation=operation, said=clause, line_id=line, quantity=quantity, size=size) for line in found]


def _products(clause: str, shown: tuple[ShownProduct, ...], focus: tuple[str, ...]) -> tuple[list[str], tuple[ShownProduct, ...]]:
    """Ids of the products that a clause means, or the candidates when it means one of several."""
    named = _REFERENCE.findall(clause)
    if named:
        return named, ()
    resolved = resolve(_without_numbers(clause), shown, focus)
    if resolved.products:
        return [p.product_id for p in resolved.products], ()
    by_words = _by_words(clause, shown)
    if len(by_words) == 1:
        return [by_words[0].product_id], ()
    among = tuple(by_words[:4]) or resolved.ambiguous
    if not among and len(shown) == 1 and not resolved.missing and not _content(clause):
        return [shown[0].product_id], ()
    return [], among


def _lines(clause: str, lines: Sequence[CartLineView]) -> tuple[list[str], tuple[ShownProduct, ...]]:
    """Ids of the cart's lines that a clause means; "it" is the one put in last."""
    pool = tuple(ShownProduct(product_id=line.line_id, ordinal=i, title=line.title, category=line.title) for i, line in enumerate(lines, 1))
    by_words = _by_words(clause, pool)
    if len(by_words) == 1:
        return [by_words[0].product_id], ()
    resolved = resolve(_without_numbers(clause), pool)
    if resolved.products and not by_words:
        return [p.product_id for p in resolved.products], ()
    if by_words:
        return [], tuple(by_words[:4])
    return ([pool[-1].product_id] if pool and not _content(clause) else []), ()


def _by_words(clause: str, pool: tuple[ShownProduct, ...]) -> list[ShownProduct]:
    """Those that share the most words with the clause."""
    wanted = {stem(w) for w in _content(clause)}
    scored = [(len(wanted & {stem(w) for w in words_of(f"{p.title} {p.category} {' '.join(p.colors)}")}), p) for p in pool]
    best = max((score for score, _ in scored), default=0)
    return [p for score, p in scored if score == best] if best else []


def _content(clause: str) -> list[str]:
    """Words that may name a thing: no verbs, numbers or sizes."""
    bare = _SIZE.sub(" ", clause)
    for pattern in _QUANTITIES[:2]:
        bare = pattern.sub(" ", bare)
    return [w for w in words_of(_ADD.sub(" ", bare)) if w not in _PLAIN and w not in _WORD_NUMBERS and not w.isdigit() and len(w) > 2
            and w not in _ORDINAL_WORDS and w not in _VERBS]  # fmt: skip


_ORDINAL_WORDS = frozenset("first second third fourth fifth sixth seventh eighth last cheapest cheaper number option".split())
_VERBS = frozenset(
    "change switch swap make update set quantity remove delete drop instead get rid out away more pair pairs piece pieces both all".split()
)


def _without_numbers(clause: str) -> str:
    """The clause without its quantity, so that "two of the second one" does not mean number two twice."""
    for pattern in _QUANTITIES[:2]:
        clause = pattern.sub(" ", clause)
    return re.sub(r"\s+", " ", _SIZE.sub(" ", clause)).strip()


def _plain(message: str) -> str:
    return re.sub(r"[\u2019\u02bc`]", "'", message.casefold()).strip().rstrip(".!?")
