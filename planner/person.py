"""For whom is it? Recipient and gender from "for my wife", "men's", "I'm a girl", "my daughter is 9", "29F"."""

import re
from dataclasses import dataclass

from domain.product import Gender

_WOMEN = (
    r"wom[ae]n|lady|ladies|female|girlfriend|gf|wife|wifey|mom|mum|mam|mama|mother|mommy|mummy|ma|grandma|grandmother|gran|granny|nan|nana|abuela|sister|sis|aunt|auntie|aunty|"
    r"bride|bridesmaid|mother-in-law|mil|sister-in-law|fiancée|stepmum|stepmom|stepmother|girl(?:s|ie)? friend|goddaughter"
)
_MEN = (
    r"m[ae]n|gents?|gentlem[ae]n|male|boyfriend|bf|husband|hubby|hubs|dad|daddy|da|father|grandpa|grandfather|grandad|granddad|gramps|brother|bro|uncle|groom|groomsm[ae]n|"
    r"father-in-law|fil|brother-in-law|fiancé|stepdad|stepfather|bloke|guy|lad|dude|fella|old man"
)
_KIDS = (
    r"kid|kids|kidz|child|children|toddlers?|boys?|girls?|son|sons|daughter|daughters|grandson|granddaughter|grandsons|granddaughters|grandkids|grandchild|grandchildren|niece|nieces|"
    r"nephew|nephews|godson|goddaughter|baby|babies|infant|newborn|twins|little one|wee one|kiddo|bub|tween|preschooler|kindergart(?:e)?ner"
)
_OTHERS = (
    r"partner|friends?|mate|boss|colleagues?|coworkers?|co-workers?|teacher|neighbou?rs?|cousin|parents|in-laws|roommate|flatmate|housemate|couple|landlady|landlord|nurse|grandparents|team|"
    r"carer|postman|mentor|coach|host|family|someone|somebody|them|him|her"
)
_PETS = r"dogs?|pupp(?:y|ies)|pup|cats?|kittens?|kitties|kitty|rabbits?|bunny|hamsters?|horse|pony|parrot|budgie|guinea pigs?"
OF_A_PET = re.compile(
    rf"\b(?:{_PETS}|lab|labs|labradors?|(?:golden )?retrievers?|poodles?|beagles?|bulldogs?|terriers?|shepherds?|dachshunds?|husky|huskies|pugs?|chihuahuas?|corgis?|collies?|spaniels?|rottweilers?|great danes?|labradoodles?|\w+doodles?|"
    r"doggos?|mutts?|pooch|tabby|siamese|maine coon|chews|barks?|meows?|purrs?|sheds|wags|fetch(?:es)?)\b"
)
_PERSON = f"{_WOMEN}|{_MEN}|{_KIDS}|{_OTHERS}|{_PETS}"
_FOR = re.compile(
    rf"\b(?:for|to give(?: to)?|gift for|present for|pressie for|get(?:ting)?|buying|surprise)\s+(?P<who>(?:my|our|his|her|their|a|an|the|your)\s+(?:[\w'-]+\s+){{0,3}}?(?:{_PERSON})(?:-in-law)?)\b(?!'s|')"
    rf"|\b(?:gift|present|presents|something|birthday) for (?P<whom>{_PERSON})\b|\bfor (?P<close>mum|mom|dad|grandma|grandpa|gran|nan|granddad|grandad|hubby)\b"
)
_OF_MINE = re.compile(
    rf"\b(?P<who>(?:my|our)\s+(?:[\w-]+\s+){{0,2}}?(?:{_PERSON}))(?:'s (?:birthday|bday|anniversary|\d|turning|getting|going|starting|into|obsessed|mad)|\s+(?:is |just )?(?:turning|turned|turns|wears|needs|wants|takes|loves|likes|collects|is (?:\d|a size|size|obsessed|into|mad|getting|starting|joining|after))|,?\s*\(?\d)"
)
_BARE_GIFT = re.compile(
    rf"^\W*(?:(?:gift|present|birthday)\w*\W+(?:for )?)?(?P<who>(?:{_PERSON})(?:'s)?(?=(?: bday| birthday|,? (?:turning|turns|just|is|loves|\d))))"
)
_SELF = re.compile(r"\b(?:for me|for myself|i(?:'m| am) an? (?:[\w-]+ ){0,2}(?:man|woman|guy|lady|girl|bloke|female|male))\b")
_I_AM = re.compile(
    rf"\b(?:i(?:'m| am|m)|as) (?:a |an |the )?(?:[\w'-]+ ){{0,3}}?(?:(?P<women>{_WOMEN}|girl|gal|lass)|(?P<men>{_MEN}))\b(?!'s)|\b\d{{2}},?\s?(?:(?P<f>f)|(?P<m>m))\b(?!\s*(?:\d|long|wide|deep))|\((?:(?P<f2>f)|(?P<m2>m))[,)]|"
    r"(?:^|[.,;]\s*)(?:(?P<women2>woman|female|lady)|(?P<men2>man|male|bloke|guy))\s*[,.]"
)
_GOODS = re.compile(
    r"\b(?:(?P<women>wom[ae]n'?s'?|womans|womens|ladies'?|ladys|lady's)|(?P<men>m[ae]n'?s|mens|gents'?|gentlem[ae]n'?s)|(?P<kids>kids'|kid's|kidz'?|boys'|boy's|girls'|girl's|children'?s|childrens|toddler'?s?'?|infants?'|junior|youth|"
    r"(?:boys|girls|kids)(?= (?!are|is|say|love|have|want|will|do|who|were|and|at|in|don|can|eat|to|go|got|all|need|keep|like|would|from|with|on|of|or)[a-z])))(?!\w)"
)
_NO_PERSON = re.compile(
    r"\b(?:baby showers?|kid[- ]friendly|family[- ]friendly|man cave|baby blue|manhole|guy ropes?|boyfriend (?:jeans|fit|shirt)|mother of pearl|king size)\b"
)
_UNISEX = re.compile(r"\bunisex\b|\bgender[- ]neutral\b")
_EITHER = re.compile(r"\bmen'?s (?:or|and) wom[ae]n'?s\b|\bwom[ae]n'?s (?:or|and|/) ?men'?s\b|\bhis and hers\b")
_AGE = re.compile(
    r"\b(?P<a>\d{1,2})[- ]?(?:yo\b|y/o|yrs?\b|year|y\.o|months?|mths?)|\baged? (?P<b>\d{1,2})\b|\b(?:is|turns|turning|turned|he's|she's|they're|just) (?P<c>\d{1,2})\b(?!\s*(?:cm|mm|kg|inch|lbs|ft|k\b|%|\.\d|'|\"|°|stone|[ap]m))|"
    r"(?:son|daughter|boy|girl|niece|nephew|kid|godson|grandson|granddaughter|sister|brother|sis|bro|cousin|child|toddler|grandkid|nibling)s?,?(?: is| turns|'s)? \(?(?P<d>\d{1,2})\)?\b|\b(?P<e>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[- ]year"
)
_SAYS_AGE = re.compile(
    r"\b(?:is |are |turns |turning |turned |just |he's |she's |they're )?(?:nearly |almost |about )?(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"[- ]?(?:yo\b|y/o|y\.o\.?|(?:years?|yrs?|months?|mths?)(?:[- ]old)?\b)|\baged? (?:about )?\d{1,2}\b|"
    r"\b(?:is|turns|turning|turned|he's|she's|they're) \d{1,2}\b(?!\s*(?:cm|mm|kg|inch|lbs|ft|k\b|%|\.\d|'|\"|°|stone|[ap]m|in\b|oz|l\b))"
)
_AGE_BESIDE = re.compile(
    r"\b(?P<who>(?:son|daughter|boy|girl|niece|nephew|kid|godson|grandson|granddaughter|sister|brother|sis|bro|cousin|toddler))s?,? \(?\d{1,2}\)?(?=[,.;)]|$)"
)
"""Whom it is for, with a bare number that is their age: "my lil bro 8, loves ..."."""
_SO_OLD = re.compile(
    r"\b(?:he|she|they)(?:'s| is| are|'re| was|s)?(?: just| only| about| almost| nearly)?(?: turns?| turned| turning)? \d{1,2}\b"
)
"""A child is meant by "he's 6" as by "he is 6 years old"."""
_PLAIN: tuple[tuple[Gender, re.Pattern[str]], ...] = (
    ("kids", re.compile(rf"\b(?:{_KIDS})\b")),
    ("women", re.compile(rf"\b(?:{_WOMEN})\b")),
    ("men", re.compile(rf"\b(?:{_MEN})\b")),
)
_PRONOUNS: tuple[tuple[Gender, re.Pattern[str]], ...] = (
    ("women", re.compile(r"\b(?:she|her|hers|she's)\b")),
    ("men", re.compile(r"\b(?:he|him|his|he's)\b")),
)
_GIRLISH = re.compile(r"\b(?:girls?|daughter|niece|granddaughter|goddaughter|sister|she|her|she's)\b")
_BOYISH = re.compile(r"\b(?:boys?|son|nephew|grandson|godson|brother|he|him|his|he's)\b")
_GROWN_UP_FROM = 15
_CHILD_UP_TO = 13


@dataclass(frozen=True)
class Person:
    """Whom the need is for; ``recipient`` is None when it is the shopper."""

    gender: Gender | None = None
    recipient: str | None = None
    for_self: bool = False
    guessed: bool = False
    """Whether only a pronoun or a word beside the need tells the gender."""


def person_of(text: str, need: str) -> Person:
    """The person of a lower-cased message; ``need`` is the part of it that says what is wanted."""
    text, need = _NO_PERSON.sub(" ", text), _NO_PERSON.sub(" ", need)
    recipient = _recipient(text)
    if _EITHER.search(text):
        return Person(recipient=recipient)
    if recipient and re.search(rf"\b(?:{_PETS})$", recipient):
        return Person(_of_goods(need), recipient)
    for_self = _SELF.search(text) is not None and recipient is None
    gender = _of_goods(need) or _of_goods(text) or _of_recipient(recipient, text) or _of_self(text, recipient) or _of_child(text, need)
    if gender is None and recipient is None and OF_A_PET.search(text):
        return Person(None, None, for_self)  # "he's a big lab who chews everything"
    return Person(gender or _of_words(need), recipient, for_self, guessed=gender is None)


def without_age(text: str) -> str:
    """A lower-cased text without how old somebody is: "a hoodie for a girl aged 8" asks for no eight."""
    return _AGE_BESIDE.sub(lambda match: match["who"], _SAYS_AGE.sub(" ", text))


def _recipient(text: str) -> str | None:
    for pattern in (_FOR, _OF_MINE, _BARE_GIFT):
        match = pattern.search(text)
        who = next((value for value in match.groupdict().values() if value), "") if match else ""
        if who and who.split()[-1] not in ("them", "him", "her"):
            return re.sub(r"'s$", "", who)
    return None


def _of_goods(text: str) -> Gender | None:
    """What the goods are called: "men's boots". None when both are named: then either will do."""
    if _UNISEX.search(text):
        return "unisex"
    named: set[Gender] = {g for match in _GOODS.finditer(text) for g in ("women", "men", "kids") if match.group(g)}
    return named.pop() if len(named) == 1 else None


def _of_recipient(recipient: str | None, text: str) -> Gender | None:
    if recipient is None:
        return None
    for gender, pattern in _PLAIN:
        if pattern.search(recipient):
            return _grown_up(text) or "kids" if gender == "kids" else _young(text, recipient) or gender
    return None


def _of_self(text: str, recipient: str | None) -> Gender | None:
    if recipient is not None:
        return None
    match = _I_AM.search(text)
    if not match:
        return None
    return "women" if any(match.group(g) for g in ("women", "f", "f2", "women2")) else "men"


def _of_child(text: str, need: str) -> Gender | None:
    """A child by age, or by a word for one beside the need."""
    child = _PLAIN[0][1].search(need)
    ages = _ages(text)
    if child and not re.search(r"\bi(?:'m| am) an? \w*\s?(?:girl|boy)\b", text):
        return _grown_up(text) or "kids"
    if (
        ages
        and max(ages) <= _CHILD_UP_TO
        and (_PLAIN[0][1].search(text) or re.search(r"\b(?:yo|y/o|year old|years old|months?|aged?)\b", text) or _SO_OLD.search(text))
    ):
        return "kids"
    return None


def _of_words(need: str) -> Gender | None:
    """The first word in the need's own clauses that speaks of a grown-up, else a pronoun."""
    found = [(m.start(), gender) for gender, pattern in _PLAIN[1:] for m in pattern.finditer(need)]
    found = found or [(m.start(), gender) for gender, pattern in _PRONOUNS for m in pattern.finditer(need)]
    return min(found)[1] if found else None


def _grown_up(text: str) -> Gender | None:
    """A son of 17 wears men's sizes."""
    ages = _ages(text)
    if not ages or max(ages) < _GROWN_UP_FROM or min(ages) < _GROWN_UP_FROM:
        return None
    return "women" if _GIRLISH.search(text) else "men" if _BOYISH.search(text) else None


def _young(text: str, recipient: str) -> Gender | None:
    """A sister of nine is a child."""
    ages = _ages(text)
    young = bool(ages) and max(ages) <= _CHILD_UP_TO and re.search(r"\b(?:sister|brother|sis|bro|kid)\b", recipient)
    return "kids" if young else None


def _ages(text: str) -> list[int]:
    words = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    found = [next(v for v in m.groups() if v) for m in _AGE.finditer(text)]
    return [int(v) if v.isdigit() else words.index(v) + 2 for v in found]
