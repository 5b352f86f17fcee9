"""What does a message want of an order? Status, cancelling, returning, exchanging, changing: with what it names of the details."""

import re
from dataclasses import dataclass
from typing import Literal

from domain.address import Address
from planner.cart_reading import size_in

OrderAction = Literal[
    "status", "list", "cancel", "return", "exchange", "modify_items", "modify_address", "modify_payment", "default_address", "person"
]
_ID = re.compile(r"#?\b(?P<id>A-[2-9A-HJ-NP-Z]{10}|W\d{7})\b", re.IGNORECASE)
_THING = r"(?:order|purchase|parcel|package|delivery)"
_PERSON = re.compile(
    r"\b(?:talk|speak|chat|connect|transfer|hand|put)\b.{0,30}\b(?:human|person|someone|somebody|agent|representative|customer service|support|manager)\b|"
    r"\b(?:real|actual) (?:human|person)\b|^\W*(?:(?:an?|your|get me an?) )?(?:human|agent|live agent|representative|operator|person|customer (?:service|support))(?: please)?\W*$"
)
_CANCEL = re.compile(
    rf"\bcancel\b(?!.{{0,10}}\bsubscription)|\bcall off\b.{{0,30}}\b{_THING}\b|\bi (?:don'?t|no longer) (?:want|need) (?:my|the|that|this) {_THING}\b"
)
_RETURN = re.compile(
    r"\b(?:return|send (?:it |them |this |that |these |those |(?:the|my) [\w' -]{1,60} )?back|refund|money back|give (?:it|them) back)\b"
)
_EXCHANGE = re.compile(r"\b(?:exchange|swap)\b|\breplace\b.{0,60}\b(?:with|by|for)\b")
_ADDRESS_WORDS = re.compile(
    r"\b(?:address|ship(?:ped|ping)? (?:it|that|this|my order|the order)? ?to|deliver (?:it|that|this|my order)? ?to|send (?:it|my order) to)\b"
)
_DEFAULT = re.compile(r"\b(?:default|my|account|profile|home)\b.{0,15}\baddress\b")
_PAYMENT = re.compile(
    r"\b(?:pay(?:ment)?|paid|charge)\b.{0,50}\b(?:instead|with|by|method|different|another|change)\b|\bchange\b.{0,30}\bpay(?:ment)?\b"
)
_CHANGE = re.compile(r"\b(?:change|switch|modify|update|make|swap)\b")
_LIST = re.compile(
    rf"(?<!for )\b(?:my|all|previous|past|recent|list)\b.{{0,20}}\b{_THING}s\b|\border history\b|\bwhat (?:did|have) i (?:buy|bought|order|ordered)\b"
)
_REASONS = (
    ("ordered by mistake", re.compile(r"\b(?:mistake|accident(?:ally)?|wrong (?:item|one|thing|order)|by error|in error|misclick)")),
    (
        "no longer needed",
        re.compile(
            r"\bno longer (?:need|want)|don'?t (?:need|want)|do not (?:need|want)|changed my mind|not needed|found (?:it|one) (?:cheaper|elsewhere)|bought it elsewhere"
        ),
    ),
    ("other", re.compile(r"\b(?:other|another) reason\b|^\W*other\W*$|\bother\W*$")),
)
_CREDIT = re.compile(r"\b(?:store|shop) credit\b|\bvoucher\b")
_US = re.compile(
    # Not the last digit of an order's number: "of order A-7F3K2M9QX5 to 12 Mill Street".
    r"(?<![\w-])(?P<line1>\d{1,6}\s+[A-Za-z0-9.' -]{2,60}?),\s*(?:(?P<line2>(?:(?i:apt|apartment|suite|unit|floor)|#)[^,]{1,30}),\s*)?"
    r"(?P<city>[A-Za-z.' -]{2,40}),?\s+(?P<region>[A-Z]{2})\.?,?\s+(?P<zip>\d{5}(?:-\d{4})?)",
)
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NUMBER = rf"(?:[1-9]\d?|{'|'.join(_COUNTS)})"
_SOME = re.compile(
    rf"\b(?:return|exchange|swap|refund|send back)\s+(?:only |just )?(?P<sent>{_NUMBER})\b(?! (?:days?|weeks?|orders?))|"
    rf"\b(?P<of>{_NUMBER}) (?:pairs? )?of (?:the|my|them|those|these)\b(?! (?:\w+ )?orders?\b)"
)
_ALL = re.compile(r"\b(?:everything|all of (?:it|them)|whole order|entire order|all items|all the items|both)\b")
_SMALL_WORDS = (
    "hi|hello|hey|please|can|could|may|would|you|i|i'?d|i'?m|we|want|need|like|to|know|see|check|find|track|show|tell|me|give|get|look|up|where|where'?s|is|are|was|when|when'?s|will|"
    "what|what'?s|happened|happening|with|has|have|haven'?t|hasn'?t|did|didn'?t|does|do|update|news|any|on|about|status|of|and|so|ok|okay|how|how'?s|long|until|just|a|question|for|been|be|come|"
    "arrive|arrives|arrived|arriving|ship|ships|shipped|shipping|going|go|coming|here|there|yet|now|today|tomorrow|from|that|again|at|in|by|late|missing|lost|delivered|number|history|my|the|it|still|already|thanks|not|never|showed|placed|made|paid|last|this|week|something|wrong|problem|issue"
)
_ABOUT_ORDER = re.compile(
    rf"\b(?:where(?:'s| is| are)|track|status|arrive|arriving|shipped yet|update on)\b[^,;.!?]{{0,40}}\b(?:my|the|that|this)(?: [\w'-]+){{0,2}} (?:{_THING}|stuff|things?)\b(?! of\b)|"
    rf"\b{_THING} (?:status|number|history)\b|\bstatus of\b.{{0,20}}\b{_THING}\b|"
    # Nothing but small words before and after: "a mailbox for my parcel" and "the delivery driver" are about other things.
    rf"^\W*(?:(?:{_SMALL_WORDS})\W+){{0,9}}(?:my|the) (?:last |latest |recent |previous |new |first |second )?{_THING}s?\b(?! of\b)(?:\W+(?:{_SMALL_WORDS})\b.{{0,20}})?\W*$"
)
_WARE = re.compile(
    r"^\W*(?:(?:i|we)(?:'d| would)? (?:need|want|like)|(?:i'?m |i am )?looking for|find(?: me)?|show(?: me)?|search(?: for)?|get me|do you (?:have|sell))?\W*"
    r"(?:an?|some|any|something|anything)\b(?! (?:refund|return|exchange|replacement|person|human|agent|real|update|status|order|question|problem|issue|is|was|went|else|of (?:my|the)))[^,.;!?]{0,60}\b(?:for|to|that|which|with|about)\b"
)
"""A thing is described by what it is for, and an order, a parcel or an address only belongs to the description."""
_OWN_GOODS = re.compile(r"\bi (?:bought|ordered|received|got)\b|\bto (?:return|exchange|cancel)\b|\brefund\b|\bmoney back\b")
_ADDRESS_WARE = r"(?! (?:labels?|stamps?|stickers?|books?|plaques?|signs?|cards?|numbers?|announcements?)\b)"
_CHANGES_ADDRESS = re.compile(
    rf"\b(?:change|update|set|correct|fix|edit)\b(?! of\b)[^.;!?]{{0,50}}\baddress\b{_ADDRESS_WARE}|"
    rf"\b(?:my|a|the|our|another) (?:new |other |different |right |correct )?(?:\w+ )?address\b{_ADDRESS_WARE}[^.;!?]{{0,40}}\b(?:is|was|changed|wrong|should be)\b|"
    rf"\b(?:my|our|a) (?:new|different|other) (?:\w+ )?address\b{_ADDRESS_WARE}|^\W*(?:new|correct) (?:\w+ )?address\W*(?:is\b|:|\d)"
)
_OWNS = re.compile(rf"\b(?:my|the|that|this|an?|last|latest)\b.{{0,25}}\b{_THING}\b|\bi (?:bought|ordered|received|got)\b")
_BACK = re.compile(
    r"\b(?:i(?:'d| would)? (?:want|need|like)|i have|please|let me|going) ?(?:like )?(?:to )?(?:return(?! to\b)|exchange|send back|swap)\b(?!s? (?:policy|policies|window))|"
    # "Can I return things?" asks what the policy is; "can I return the boots" wants to.
    r"\b(?:can|could|may|how (?:do|can|would)) i (?:return|exchange|send back|swap) (?:the|my|it|this|that|them|these|those|one|both)\b|"
    r"^\W*(?:return|exchange|send back|swap|refund) (?:the|my|it|this|that|them|these|those|one|two|both|everything|all|\d)|\bsend (?:it|them|this|that|these|those|the [\w' -]{1,60}|my [\w' -]{1,60}) back\b|\b(?:i want|give me|get) (?:a refund|my money back)\b"
)


_ASKS_AFTER = re.compile(
    r"\b(?:where(?:'s| is| are)|when|did|do|has|have|is|any (?:news|update)|status of|what about|what happened (?:to|with)|how long)\b.{0,30}\b(?:my|the) (?:return|refund|exchange|money)\b(?! polic| window|s\b)(?! work| cost| free)"
)
"""How a return or refund of one's own goes on; no wish to send anything back."""


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """What was named; None or empty is what was not."""

    action: OrderAction
    said: str
    order_id: str | None = None
    reason: str | None = None
    size: str | None = None
    address: Address | None = None
    to_credit: bool = False
    everything: bool = False
    quantity: int | None = None
    """How many pieces: "return one of the two mugs"."""


def about_orders(message: str) -> bool:
    """Whether the message is about an order that was placed (and no question about the shop's policies)."""
    text = _plain(message)
    if re.search(r"\bpolic(?:y|ies)\b", text):
        return False
    if _ID.search(message) or _PERSON.search(text):
        return True
    if _WARE.search(text) and not _OWN_GOODS.search(text):
        return False
    if re.search(r"\bplace (?:the|my|an) order\b", text):
        return False
    if _ASKS_AFTER.search(text) or (_CANCEL.search(text) and _OWNS.search(text)):
        return True
    if _BACK.search(text):
        return True
    if _CHANGES_ADDRESS.search(text):
        return True
    if _CHANGE.search(text) and re.search(rf"\b(?:my|the|that|last) (?:\w+ )?{_THING}\b", text):
        return True
    return _ABOUT_ORDER.search(text) is not None or _LIST.search(text) is not None


def read_order(message: str) -> OrderRequest:
    """The action and its details; "status" when nothing else is named."""
    text = _plain(message)
    found = _ID.search(message)
    address = read_address(message)
    return OrderRequest(
        action=_action(text, address), said=message, order_id=found.group("id").upper() if found else None,
        reason=next((reason for reason, pattern in _REASONS if pattern.search(text)), None), size=size_in(text), address=address,
        to_credit=_CREDIT.search(text) is not None, everything=_ALL.search(text) is not None, quantity=_pieces(text),
    )  # fmt: skip


def read_address(message: str) -> Address | None:
    """A US address in one line: "12 Mill Street, Apt 4, Portland, OR 97201"."""
    found = _US.search(message)
    if found is None:
        return None
    return Address(
        line1=found["line1"].strip(), line2=(found["line2"] or "").strip(), city=found["city"].strip(), region=found["region"],
        postal_code=found["zip"],
    )  # fmt: skip


def names_reason(message: str) -> bool:
    """Whether it says why something is cancelled: "changed my mind" answers that question, and is no "no" then."""
    text = _plain(message)
    return any(pattern.search(text) for _, pattern in _REASONS)


def pays_with_credit(message: str) -> bool:
    """Whether the shop's own credit is named as the way to pay."""
    return _CREDIT.search(_plain(message)) is not None


def _pieces(text: str) -> int | None:
    found = _SOME.search(text)
    said = found and (found["sent"] or found["of"])
    return (_COUNTS.get(said) or int(said)) if said else None


def _action(text: str, address: Address | None) -> OrderAction:
    if _PERSON.search(text):
        return "person"
    if _ASKS_AFTER.search(text):
        return "status"
    if _CANCEL.search(text):
        return "cancel"
    if _EXCHANGE.search(text):
        return "exchange"
    if _RETURN.search(text):
        return "return"
    if address or (_ADDRESS_WORDS.search(text) and _CHANGE.search(text)):
        of_order = re.search(rf"\b{_THING}\b", text) or _ID.search(text)
        return "modify_address" if of_order or not _DEFAULT.search(text) else "default_address"
    if _PAYMENT.search(text):
        return "modify_payment"
    if _CHANGE.search(text) and size_in(text):
        return "modify_items"
    return "list" if _LIST.search(text) else "status"


def _plain(message: str) -> str:
    return re.sub(r"[\u2019\u02bc`]", "'", message.casefold()).strip()
