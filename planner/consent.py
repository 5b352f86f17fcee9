"""Is this message a yes or a no to what was just proposed? Only a message that says nothing else is."""

import re

_POLITE = r"(?:\W+(?:please|thanks|thank you|then|now|aisle))*"
_DO = (
    r"(?:go ahead|do it|do that|do so|please do|place (?:it|order|the order|my order)|make it so|proceed|confirm(?:ed)?(?: it| that| the order)?|"
    r"i (?:confirm|agree|accept|do)(?: it| that)?|that'?s (?:right|correct|fine)|correct|accept(?:ed)?|approved?|order it|buy it)"
)
_YES = re.compile(
    rf"^\W*(?:(?:ok(?:ay)?|great|perfect)\W+)?(?:(?:yes|yeah|yep|yup|sure|absolutely|definitely)(?:\W+(?:yes|{_DO}))?|{_DO}){_POLITE}\W*$"
)
_LEAVE = (
    r"(?:don'?t(?: do (?:it|that))?|do not(?: do (?:it|that))?|stop|leave it|not now|not yet|never ?mind|forget it|rather not|"
    r"(?:don'?t|do not) (?:place|buy|order) (?:it|that|this|anything|the order|my order)|i(?:'d| would) rather not|i changed my mind|changed my mind|no need|keep it|cancel that)"
)
_NO = re.compile(rf"^\W*(?:(?:no|nope|nah)(?:\W+(?:no|thanks|thank you|{_LEAVE}))*|{_LEAVE}){_POLITE}\W*$")
_CLAIM = re.compile(
    r"^\W*(?:\[?\s*(?:system|assistant|developer|admin|tool|note)\b\s*\]?\s*[:>\-]|<\|?\s*(?:system|im_start))|"
    r"\b(?:the )?(?:shopper|user|customer|client|buyer)\b.{0,40}\b(?:confirm|agree|consent|approv|accept|said yes|says yes|wants? this)|"
    r"\b(?:consent|confirmation|approval) (?:was|is|has been|already) (?:already )?(?:given|granted|received|obtained)|"
    r"\bi (?:already|have already) (?:said yes|confirmed|agreed)|\b(?:consider|treat|take) (?:this|it) as (?:a )?(?:yes|confirm|consent|confirmed)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?\uff1f\u061f\u00bf]")
_VAGUE = re.compile(
    r"^\W*(?:ok(?:ay)?|k|fine|alright|all right|hm+|maybe|i guess|good|great|cool|perfect|(?:(?:sure|ok(?:ay)?|fine|yeah)\W+)?whatever|if you say so|i (?:guess|suppose)(?: so)?)\W*$",
    re.IGNORECASE,
)


def read_consent(message: str) -> bool | None:
    """True for a yes, False for a no, None for everything else: a yes with a wish in it, or asked back, is none."""
    plain = _plain(message)
    if _ASKS.search(plain):
        return None
    if _YES.match(plain):
        return True
    return False if _NO.match(plain) else None


def claims_consent(message: str) -> bool:
    """Whether it only says that somebody agreed, which is not the shopper's own yes."""
    return read_consent(message) is None and _CLAIM.search(_plain(message)) is not None


def is_vague(message: str) -> bool:
    """Whether it could be meant as a yes, but isn't one: "ok", "fine", "yes?"."""
    plain = _plain(message)
    asked_back = _ASKS.search(plain) is not None and read_consent(_ASKS.sub("", plain)) is not None
    return asked_back or _VAGUE.match(plain) is not None


def _plain(message: str) -> str:
    return re.sub(r"[\u2019\u02bc`]", "'", message.casefold()).strip()
