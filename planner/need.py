"""What is needed, in search-box words? Drops openings, stories about other things, politeness and constraints read elsewhere."""

import re
from dataclasses import dataclass

from planner.lexicon import Lexicon, stem, words_of

_CLAUSES = re.compile(
    r"(?<=[.!?;\n])\s+|\s+[-–—]\s+|\n+|,?\s+(?<!anything )(?<!nothing )(?<!everything )\b(?:but|however|anyway|anyways|also|plus|oh and|and also|now)\b,?\s+|(?<=\w),\s+(?=(?:i|we|can|could|do|show|find|and|so|my|please|what|any)\b)|[;:]\s+|\s*\((?=\w)|\)\s*"
)
_CUE = re.compile(
    r"\b(?:i(?:'m| am| was)?\s+)?(?:(?:need|needs|needing|want|wants|wanting|looking|searching|hunting|shopping)(?:\s+(?:for|to (?:buy|get|find|order)|after))?|"
    r"look for|after|find(?: me)?|show(?: me)?|recommend(?: me)?|suggest(?: me)?|get(?: me)?|buy(?: me)?|grab|order|pick up|help me (?:find|choose|pick|with)|"
    r"(?:do|did) you (?:have|sell|carry|stock)|have you got|you got|got any|any|give me|let'?s see|let me see|could use|could do with|would like|i'?d like|in the market for|"
    r"interested in|what about|how about|where (?:are|is)|can i (?:get|see|have)|wanna (?:buy|get)|replacement for|replace|upgrade|is there|are there|"
    r"a gift|present|ideas for|options for|must have)\b"
)
_PAST = re.compile(
    r"\b(?:bought|returned|returning|ordered|received|got (?:a|an|the|my)|had|broke|broken|wore out|lost|last (?:week|month|year|time|summer|winter)|yesterday|ago|"
    r"already (?:have|own|got)|i have (?:a|an|the|my|two)|i own|my old|used to|was|were|loved|went|told|said|saw|pay(?:ing)? with|paypal|credit card|ship(?:ping)? to|"
    r"deliver(?:ed|y)?|weather|thanks for|thank you for|arrived|complain|refund|friend (?:has|got)|neighbou?r has|sister (?:has|got)|brother (?:has|got))\b"
)
_FILLER = frozenset(
    "let let's lets she he they her his him them who whom whose year years old each every while during when hi hello hey hiya yo greetings good morning afternoon evening there please pls plz thanks thank you ok okay so "
    "well um uh er hmm like just really actually basically maybe perhaps kind sort bit something some someone "
    "anything any one ones pair of a an the i i'm im am is are be been was we we're my me our us your you it its that "
    "this these those to for and or with in on at from by as if then than also too very quite pretty need needs want "
    "wants looking look find show get buy recommend suggest help search searching can could would will should may "
    "might do does did have has had got give let see see new nice good great decent cool lovely proper solid awesome "
    "amazing affordable cheap cheaper inexpensive best top budget price priced prices cost under over around about "
    "between up max maximum less more least most bucks dollars usd which who what where when how why there's not don "
    "don't doesn't care matter mind hope hoping possible possibly preferably ideally sure guys folks mate dude bro "
    "team wondering wonder trying try going go gonna wanna gotta today tonight tomorrow asap soon now reasonably "
    "reasonable fairly whatever thing things stuff product products item items option options type kind sell carry "
    "stock store shop available interested market shopping hunting after use using make makes much many lot lots "
    "another other others else only same love loves loving prefer dear kindly urgent urgently big time thinking think "
    "thought perfect ideal great idea ideas also again back please pleasee money spend because since cause cuz coz im each apiece altogether "
    "sale sales deals deal bestsellers sellers selling popular trending arrivals total nothing none".split()
)
# A text without these reads as the words that one types into a search box.
_SENTENCE = re.compile(
    r"\b(?:i|i'm|i've|i'd|i'll|im|ive|my|me|we|we're|our|us|you|your|he|she|he's|she's|it|it's|its|they|their|them|his|her|is|are|was|were|am|be|been|has|have|had|do|does|did|don't|can|could|would|will|should|"
    r"need|needs|want|wants|looking|going|get|got|that|that's|because|so|if|when|what|what's|which|who|how|where|this|these|those|there|please|thanks|something|anything|someone|somebody|one|ones|but|not|just|like|would|actually|ok|okay|let's|lets|sorry|instead|"
    r"suggest|recommend|show|find|help|buy|any|some|really|very|too|also|maybe|for (?:a|the)|u|ur|pls|plz|gonna|wanna|ideas?|gifts?|presents?)\b|[.!?;\n]"
)
_OPENING = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening))\b[\s,!.]*)?(?:(?:please |pls |can you |could you |would you )?(?:find|show|get|give|recommend|suggest)(?: me)?|i(?:'m| am) (?:looking|searching|shopping) for|"
    r"(?:i |we )(?:need|want|would like)(?: to (?:buy|get|find|order))?|i'd like(?: to (?:buy|get|find|order))?|looking for|searching for|need|want|buy|search(?: for)?|do you (?:have|sell|carry)(?: any)?|any)\b\s*(?:an? |some |the |any )?"
)
_REJECTS = re.compile(r"^\W*(?:no|nope|ok(?:ay)?|well|actually|yes|hmm+)\s*,\s*")
_SMALL_WORDS = frozenset(
    "a an the for with in of to and or on by at from under over around about between up max cheap cheaper cheapest affordable inexpensive best good great nice "
    "decent budget price priced only just instead sale sales deals deal bestsellers sellers selling popular trending arrivals".split()
)
_PHRASE_LIMIT = 16
_KEPT_WITH_NUMBER = re.compile(r"^\d")
_LIMIT = 10


@dataclass(frozen=True)
class Need:
    """One need in the words of a search box, and the part of the message that it was read from."""

    query: str
    clause: str


def need_clauses(text: str, lexicon: Lexicon) -> list[str]:
    """The clauses that speak of what is wanted; all of them when none can be told from the rest."""
    clauses = split_clauses(text)
    if len(clauses) <= 1:
        return clauses or [text]
    scored = [(_score(clause, lexicon), clause) for clause in clauses]
    best = max(score for score, _ in scored)
    if best <= 0:
        return clauses
    floor = 2 if best >= 3 else best
    chosen = [clause for score, clause in scored if score >= floor]
    return chosen or clauses


def split_clauses(text: str) -> list[str]:
    """The message cut at sentences, conjunctions and dashes."""
    return [clause.strip() for clause in _CLAUSES.split(text) if clause and clause.strip()]


def tells_story(clause: str) -> bool:
    """Whether a clause speaks of what was, or of what one has."""
    return _PAST.search(clause.casefold()) is not None


_PEOPLE = re.compile(
    r"\bfor (?P<n>two|three|four|five|six|eight|\d)(?: (?:people|persons?|adults?|of us|men|campers))?\b(?! (?:\w+ ){0,2}(?:dollars?|bucks|years?|months?|weeks?|days?))"
)
_COUNT = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8"}


def is_phrase(text: str) -> bool:
    """Whether a lower-cased text reads as the words that one types into a search box."""
    return not _SENTENCE.search(_OPENING.sub("", text))


def says_need(text: str) -> bool:
    """Whether a text says that something is wanted ("i need", "looking for") and does not only name it."""
    return _CUE.search(text.casefold()) is not None


def party_size(text: str) -> bool:
    """Whether a lower-cased text says for how many people: "for four"."""
    return _PEOPLE.search(text) is not None


def to_query(clause: str, lexicon: Lexicon) -> str:
    """The content words of a clause, in order, from its first telling cue on; of a search-box phrase all but the smallest."""
    lowered = _PEOPLE.sub(lambda m: f"{_COUNT.get(m['n'], m['n'])}-person", clause.casefold())
    lowered = _REJECTS.sub("", lowered)
    phrase = _OPENING.sub("", lowered)
    if not _SENTENCE.search(phrase):
        return " ".join([w for w in dict.fromkeys(words_of(phrase)) if w not in _SMALL_WORDS][:_PHRASE_LIMIT])
    wanted = lowered
    for match in _CUE.finditer(lowered):
        after = lowered[match.end() :]
        if _content(after, lexicon):
            wanted = after
            break
    before = lowered[: len(lowered) - len(wanted)]
    words = _content(wanted, lexicon) or _content(lowered, lexicon)
    if not lexicon.type_mentions(words) and lexicon.type_mentions(words_of(before)):
        words = _content(lowered, lexicon)
    return " ".join(words[:_LIMIT])


def _score(clause: str, lexicon: Lexicon) -> int:
    lowered = clause.casefold()
    words = words_of(lowered)
    named = bool(lexicon.type_mentions(words))
    head = any(word in lexicon.heads for word in map(stem, words))
    cue = _CUE.search(lowered) is not None
    past = _PAST.search(lowered) is not None
    # "... plus goggles" is a need, though no type is called so.
    return (
        (2 if named or (head and len(words) <= 2) else 1 if head else 0)
        + (2 if cue else 0)
        - (3 if past and not _cue_after_past(lowered) else 0)
    )


def _cue_after_past(text: str) -> bool:
    """ "My old ones broke so I need boots": the need comes after the story."""
    past, cues = _PAST.search(text), list(_CUE.finditer(text))
    return bool(past and cues and cues[-1].start() > past.start())


def _content(text: str, lexicon: Lexicon) -> list[str]:
    """Words that say something; those of a type's name stay whatever they are ("carry-on suitcase")."""
    words = words_of(text)
    named = {i for m in lexicon.type_mentions(words) for i in range(m.start, m.end)}
    telling = [w for i, w in enumerate(words) if i in named or (w not in _FILLER and (len(w) > 1 or _KEPT_WITH_NUMBER.match(w)))]
    return list(dict.fromkeys(telling))
