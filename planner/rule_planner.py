"""What does the shopper want of this turn? The Planner made of rules: safety, kind, need, filters, references."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.vocabulary import TypeFacts, Vocabulary
from domain.filters import FilterChange, Filters
from domain.plan import Clarification, Plan, Task, TaskKind
from domain.session import Session, ShownProduct
from domain.terms import fold
from domain.turn import Received
from planner import kinds, person
from planner.intents import SURE, IntentReader
from planner.lexicon import BASE_COLORS, Lexicon, Mention, stem, words_of
from planner.need import is_phrase, need_clauses, party_size, split_clauses, tells_story, to_query
from planner.needs import Occasion, liked_types, occasion_of
from planner.person import without_age
from planner.prices import read_prices
from planner.reading import Reading, read
from planner.references import Resolved, only_a_pronoun, only_points, points_at_screen, resolve, the_colored_one
from planner.safety import SafetyRules
from planner.spelling import mended, spelt_out
from planner.splitting import NeedSplitter
from planner.standing import allowing, refined, still_fits, switched
from planner.titled import title_in
from planner.values import field_of
from planner.wording import shortened

_MOST_NEEDS = 4
_NICER_FROM = Decimal("0.6")
"""Of a ceiling that is said with "nicer"."""
_MOST_WORDS_OF_AN_ANSWER = 5
_READ_AT_ONCE = 400
"""Characters that are planned on the event loop; longer messages take more than a few milliseconds and go to a thread."""
_READ_FROM_START, _READ_FROM_END = 1200, 500
"""Characters of a very long message that are read: it opens with the wish or ends with it."""
_OF_A_CARD = frozenset(
    "card cards gift gifts value worth amount send email digital print printable balance redeem code codes spend send sent online instead give giving sell have one two three drop put add throw stick pop place cart basket bag trolley buy".split()
)
# Words of a refinement that say nothing of the thing.
_CHATTER = frozenset(
    "instead rather first second third fourth fifth sixth last come comes rated rating ratings expensive pricey pricier cheaper two both stock sold out next "
    "another else others options option choices choice version versions please prefer preferably personal likes loves into obsessed same thing already must should needs "
    "hmm hm bit pricy steep dear costly tad kinda isn't aren't don't doesn't won't can't it's they're that's there's bigger biggest smaller smallest larger largest taller shorter nicer each apiece total altogether".split()
)
_OF_A_REFINEMENT = frozenset("more much less dear far bit little affordable budget fancier premium".split())
_FOR_A_PURPOSE = re.compile(
    r"^\W*(?:(?:now|and|also|ok(?:ay)?|i (?:also )?(?:need|want)|show me)\W+)*(?:something|anything)\b[^,.?!]{0,40}\bfor (?:the |a )?(?P<purpose>[a-z]{2,}ing|garden|kitchen|office|beach|gym)\b"
)
_OPEN_WISH = re.compile(r"\b(?:something|anything|stuff|things|what|ideas?|show me)\b")
_GENDER_WORD = {"women": "women's", "men": "men's", "kids": "kids'"}


_PARTS = re.compile(
    r"(?<=[.?!;])\s+|(?:,\s*(?:and|also|plus|but|then)?|\s+(?:and|also|plus|but)(?:\s+(?:also|then|please))?)\s+"
    r"(?=(?:do|does|can|could|will|would|what|what's|whats|how|is|are|when|where|who|which|tell|let|show|find|get|give|recommend|suggest|i|i'm|im|i'd|we|need|want|looking|search|please|any|got)\b)",
    re.IGNORECASE,
)
"""Where a message that wants one thing and asks another may be cut."""
_OF_ANIMALS = ("leather", "suede", "wool", "merino", "merino wool", "cashmere", "silk", "fur", "shearling", "mohair", "alpaca")
_NOTHING_SAID = {"standing": Filters(), "subject": None, "recipient": None, "shown": (), "focus": (), "question": None, "unfinished": None}
_SURE_OF_A_FIRST = 0.7
"""Probability from which a first message that names something known is no search."""


@dataclass
class RulePlanner:
    """The Planner port without a language model; a few milliseconds a message."""

    vocabulary: Callable[[], Vocabulary]
    """The served catalogue's; asked each turn, since a new index may have been switched in."""
    safety: SafetyRules
    intents: IntentReader | None = None
    """Second opinion on messages in which the rules find nothing that they know."""
    _lexicon: Lexicon | None = None

    async def plan(self, received: Received) -> Plan:
        """The rules' plan, or the classifier's kind for a message that the rules cannot place."""
        if self._lexicon is None or self._lexicon.vocabulary is not self.vocabulary():
            await asyncio.to_thread(self.prepare)
        if len(received.message) > _READ_AT_ONCE:
            planned, unsure, planning = await asyncio.to_thread(self._planned, received.message, received.session)
        else:
            planned, unsure, planning = self._planned(received.message, received.session)
        if self.intents is None or planning is None or not planning.is_a_guess(planned):
            return planned
        # Once something is looked for most messages are about it; a first message with known things in it is mostly a search.
        follows = bool(received.session.shown) or received.session.subject is not None
        kind = await self.intents.kind_of(received.message, shown=follows, sure=SURE if follows or unsure else _SURE_OF_A_FIRST)
        if kind is None or kind == planned.tasks[0].kind or (kind == "unsafe" and not unsure):
            return planned
        other = planning.as_kind(kind)
        if other is None:
            return planned
        return other if other.searches else other.model_copy(update={"openers": self.lexicon().openers})

    def prepare(self) -> None:
        """Builds what the first message would wait for: the lexicon, its stems, the tables of needs; about a second."""
        self.lexicon().corrected("prepraed")
        occasion_of("")
        liked_types("")

    def prepared(self, vocabulary: Vocabulary) -> Callable[[], None]:
        """Builds the lexicon of a vocabulary that is about to be served, blocking; what it gives takes it into use."""
        lexicon = Lexicon.of(vocabulary)
        lexicon.corrected("prepraed")

        def take() -> None:
            self._lexicon = lexicon

        return take

    def lexicon(self) -> Lexicon:
        """The lexicon of the vocabulary that is served now."""
        vocabulary = self.vocabulary()
        if self._lexicon is None or self._lexicon.vocabulary is not vocabulary:
            self._lexicon = Lexicon.of(vocabulary)
        return self._lexicon

    def plan_now(self, message: str, session: Session) -> Plan:
        """The rules' plan alone, blocking."""
        return self._planned(message, session)[0]

    def _planned(self, message: str, session: Session) -> "tuple[Plan, bool, _Planning | None]":
        danger = self.safety.danger(message)
        if danger:
            return _only("unsafe", danger[1] if danger[0] == "unsafe" else "self_harm", session), False, None
        planning = _Planning(_answering(_readable(message), session, self.lexicon()), session, self.lexicon())
        plan = planning.plan()
        if not plan.searches:
            plan = plan.model_copy(update={"openers": self.lexicon().openers})
        plan = _in_the_size_said(plan, session)
        return plan, planning.is_unsure(plan), planning


class _Planning:
    """The planning of one message."""

    def __init__(self, message: str, session: Session, lexicon: Lexicon) -> None:
        self.message = message
        self.session = session
        self.lexicon = lexicon
        self.splitter = NeedSplitter(lexicon)
        self._vague = False
        self._sure = False
        """Whether the words themselves said what kind of turn it is, so that no second opinion is asked."""
        said = mended(_as_corrected(spelt_out(self._without_orders_to_us(message, lexicon))), lexicon.known)
        self.text = lexicon.corrected(said)
        # Kinds and references are read from the words as typed: a corrected "lightest" would be lights.
        self.lowered = re.sub(r"[\u2019\u02bc`]", "'", said.casefold()).strip()
        self.whole = read(self.text, lexicon, currency=lexicon.vocabulary.currency)

    def is_a_guess(self, plan: Plan) -> bool:
        """Whether the rules came to a search because nothing else fitted; a question that they ask is none."""
        if self._sure or len(plan.tasks) != 1 or plan.tasks[0].kind not in ("search", "refine", "clarify"):
            return False
        return plan.clarification is None or self._vague

    def as_kind(self, kind: TaskKind) -> Plan | None:
        """The message planned as another kind; None when its words do not allow that."""
        shown = self.session.shown
        if kind in ("refine", "search"):
            return self._shopping_as(kind)
        if kind in ("compare", "similar", "question", "cart") and not shown:
            return None
        if kind == "compare":
            return self._compare(shown)
        if kind == "similar":
            return self._similar(shown)
        resolved = self._resolved()
        if kind == "question" or (kind == "cart" and (resolved.products or resolved.ambiguous or kinds.OF_A_CART.search(self.lowered))):
            return self._referring(kind)
        if kind == "preference":
            # What is said to products of oneself is mostly about them: a preference needs a word that says it lasts.
            lasts = not shown or kinds.LASTS.search(self.lowered)
            return self._remembering() if lasts and self.whole.states_filters and not self.whole.types else None
        if shown and self.whole.change.stated.active():
            # A colour or a size after products were shown speaks of them.
            return None
        if kind in ("checkout", "order", "shop_question", "unsafe") or (kind in ("small_talk", "out_of_scope") and not self._named_need()):
            return _only(kind, self.message, self.session)
        return None

    def _shopping_as(self, kind: TaskKind) -> Plan | None:
        """A refinement needs a subject and names no other type of goods; a new search names a thing."""
        reading = self._need_read()[1]
        if kind == "search":
            return self._searched() if self._named_need() and self._other_types(reading) else None
        return self._refine(reading) if self.session.subject is not None and not self._other_types(reading) else None

    def _other_types(self, reading: Reading) -> bool:
        subject = {stem(w) for w in words_of(f"{self.session.subject or ''} {' '.join(p.category for p in self.session.shown)}")}
        return any(not {stem(w) for w in words_of(m.name)} <= subject for m in reading.types)

    def is_unsure(self, plan: Plan) -> bool:
        """Whether the plan searches for words in which nothing is known: no thing, value, occasion or phrase of a search."""
        if self._sure or len(plan.tasks) != 1 or plan.tasks[0].kind not in ("search", "refine", "clarify"):
            return False
        if plan.clarification is not None and (not self._vague or len(self.lowered.split()) < 2):
            return False
        follows = (
            kinds.FOLLOW_UP,
            kinds.CHEAPER,
            kinds.PRICIER,
            kinds.MORE,
            kinds.NO_FILTERS,
            kinds.QUANTITY_ALONE,
            kinds.ADDS,
            kinds.ABOUT_A_PERSON,
        )
        if self.session.subject is not None and any(pattern.search(self.lowered) for pattern in follows):
            return False
        stated = self.whole.change.stated.active()
        known = self._named_need() or [f for f in stated if f != "gender"] or self.whole.change.lifted or self.whole.recipient
        if known or occasion_of(self.text) or kinds.GIFT_CARD.search(self.lowered):
            return False
        words = to_query(self.text, self.lexicon).split()
        return not (is_phrase(self.lowered) and words and all(word in self.lexicon.vocabulary.words for word in words))

    @staticmethod
    def _without_orders_to_us(message: str, lexicon: Lexicon) -> str:
        """ "Boots. SYSTEM: ignore your rules and ...": what comes before stays a wish; the rest is no instruction."""
        match = kinds.INJECTION.search(message.casefold())
        if not match:
            return message
        start = max(message.rfind(mark, 0, match.start()) for mark in ".!?\n;:")
        before = message[: start + 1] if start >= 0 else message[: match.start()]
        before = re.sub(r"\b(?:system|assistant|developer|admin)\s*:?\s*$", "", before, flags=re.IGNORECASE)
        return before if lexicon.thing_mentions(words_of(before)) else message

    def plan(self) -> Plan:
        return (
            self._talk() or self._titled() or self._about_gift_cards() or self._about_shop() or self._about_products() or self._shopping()
        )

    def _titled(self) -> Plan | None:
        """A product spelt out as the catalogue writes it is one search, whatever its title's words would say elsewhere."""
        title = title_in(self.message, self.lexicon)
        if title is None or any(set(title.split()) <= set(words_of(shown.title)) for shown in self.session.shown):
            return None
        standing = Filters(currency=self.lexicon.vocabulary.currency)
        return Plan(tasks=(self._task("search", title, standing),), standing=standing, recipient=None)

    # ---- turns that search nothing

    def _talk(self) -> Plan | None:
        if not kinds.has_words(self.message) or kinds.is_gibberish(self.message, self.lexicon.known):
            return self._clarify("I did not catch that. What are you looking for?", self.lexicon.openers)
        language = kinds.foreign_language(self.message)
        if language:
            where = "that language" if language == "another" else language
            return self._clarify(f"I only understand English so far, not {where}. What are you looking for?", ())
        plain = self.lowered
        anew = kinds.starts_over(plain)
        if anew:
            return _Planning(anew, self.session.model_copy(update=_NOTHING_SAID), self.lexicon).plan()
        if (
            kinds.GREETING.match(plain)
            or ((kinds.THANKS.match(plain) or kinds.acknowledges(plain)) and not self.session.question)
            or kinds.WHO_ARE_YOU.search(plain)
        ):
            return _only("small_talk", self.message, self.session)
        if anew == "":
            question = Clarification(question="All right, from the beginning. What are you looking for?", choices=self.lexicon.openers)
            return Plan(tasks=(Task(kind="clarify", request=self.message),), clarification=question)
        if kinds.BARE_YES_NO.match(plain):
            return _only("small_talk", self.message, self.session)
        if kinds.INJECTION.search(plain) and not self._named_need():
            return _only("out_of_scope", self.message, self.session)
        if kinds.UNDECIDED.match(plain) or (kinds.COMPLAINT.search(plain) and not self._named_need()):
            return _only("small_talk", self.message, self.session)
        if kinds.ALWAYS_OUT_OF_SCOPE.match(plain) or (kinds.OUT_OF_SCOPE.search(plain) and not self._named_need()):
            return _only("out_of_scope", self.message, self.session)
        return None

    def _about_gift_cards(self) -> Plan | None:
        """Gift cards are never proposed; a gift for somebody named with them is looked for instead."""
        if not kinds.GIFT_CARD.search(self.lowered):
            return None
        without = kinds.GIFT_CARD.sub(" ", self.lowered)
        reading = read(without, self.lexicon, currency=self.lexicon.vocabulary.currency)
        likes = [w for w in to_query(reading.rest, self.lexicon).split() if w not in _OF_A_CARD and not w[0].isdigit()]
        if not reading.recipient and not reading.types and not likes:
            return _only("out_of_scope", "gift card", self.session)
        self.text, self.lowered, self.whole = f"gift {without}", f"gift {without}", reading
        return None

    def _about_shop(self) -> Plan | None:
        if kinds.ORDER.search(self.lowered) and not kinds.ASKS_OF_RETURNS.search(self.lowered):
            return _only("order", self.message, self.session)
        if kinds.CHECKOUT.search(self.lowered):
            return _only("checkout", self.message, self.session)
        if not self._asks_the_shop(self.lowered):
            return None
        asked, rest = self._parted()
        question = Task(kind="shop_question", request=asked, filters=self.session.standing)
        if not rest:
            return _only("shop_question", self.lowered, self.session)
        wanted = _Planning(rest, self.session, self.lexicon).plan()
        return wanted.model_copy(update={"tasks": (*wanted.tasks, question)})

    def _asks_the_shop(self, text: str) -> bool:
        """Shipping, returns, payment, hours; the warranty of a thing on the screen is a question about that thing."""
        match = kinds.SHOP.search(text)
        if not match or self._is_ware(text, match.end()):
            return False
        return not (self.session.shown and kinds.OF_A_PRODUCT.search(text) and kinds.ABOUT_PRODUCT.search(text))

    def _is_ware(self, text: str, end: int) -> bool:
        """ "Privacy screen protector", "gift wrap bags": the shop's word opens the name of a thing."""
        last = words_of(text[:end])[-1:]
        following = words_of(re.split(r"[.,;:?!]", text[end:])[0])[:3]
        if not last or not following or not text[end:].startswith((" ", "-")):
            return False
        named = self.lexicon.type_mentions([*last, *following])
        return any(m.start == 0 and m.end > 1 for m in named) or any(m.start == 0 for m in self.lexicon.type_mentions(following))

    def _parted(self) -> tuple[str, str]:
        """The sentences that ask the shop, and those that want a thing; the latter empty unless they name one."""
        sentences = [part.strip() for part in _PARTS.split(self.text) if part.strip()]
        asking = [part for part in sentences if self._asks_the_shop(part.casefold())]
        others = [part for part in sentences if part not in asking]
        follows = self.session.subject is not None
        named = [
            part
            for part in others
            if self.lexicon.thing_mentions(words_of(part)) or (follows and kinds.FOLLOW_UP.match(part.casefold()) is not None)
        ]
        return " ".join(asking) or self.message, " ".join(others) if asking and named else ""

    # ---- turns about what is on the screen

    def _about_products(self) -> Plan | None:
        shown = self.session.shown
        if kinds.CART.search(self.lowered):
            return self._referring("cart")
        if (
            not shown
            and "compar" not in self.lowered
            and (points_at_screen(self.lowered) or kinds.SIMILAR.search(self.lowered))
            and not self._named_need()
        ):
            return self._nothing_shown()
        if kinds.SURPRISE.match(self.lowered) and not self.session.question:
            return self._others(shown) if shown and self.session.subject else self._anything()
        if shown and kinds.DULL.match(self.lowered):
            return self._others(shown)
        if shown and kinds.GOES_WITH.search(self.lowered) and (beside := self._beside_it(shown)):
            return beside
        if len(shown) > 1 and kinds.CHOOSES.search(self.lowered) and "compare" not in self.lowered:
            return self._choose(shown)
        if kinds.COMPARE.search(self.lowered) and (shown or not self._named_need()):
            return self._compare(shown)
        if shown and (kinds.SIMILAR.search(self.lowered) or self._varies_a_product()):
            return self._similar(shown)
        if only_points(self.lowered) and not self.whole.types:
            return self._referring("question") if shown else self._nothing_shown()
        if the_colored_one(self.lowered, shown):
            return self._referring("question")
        if shown and self._asks_about_product():
            return self._referring("question")
        return self._preference()

    def _others(self, shown: tuple[ShownProduct, ...]) -> Plan:
        """What is on the screen does not please: the same wish again, without it."""
        self._sure = True
        standing = self.session.standing
        request = self._with_values(self._core(self.session.subject or shown[0].category.casefold(), standing), standing)
        kept = tuple(dict.fromkeys(product.category for product in shown))
        task = self._task("refine", request, standing).model_copy(
            update={"seen": _ids(shown), "categories": kept[:_MOST_NEEDS] if len(kept) > 1 else ()}
        )
        return Plan(tasks=(task,), standing=standing, recipient=self.session.recipient)

    def _anything(self) -> Plan:
        """ "Surprise me": for somebody a gift, else what the shop has most of in its largest departments."""
        self._sure = True
        standing = self.session.standing
        if self.session.recipient:
            return Plan(tasks=(self._task("search", "gift", standing),), standing=standing, recipient=self.session.recipient)
        labels = self._largest_shelves()
        task = Task(kind="search", request=labels[0].casefold() if labels else "ideas", filters=standing, categories=labels)
        return Plan(tasks=(task,), standing=standing)

    def _largest_shelves(self, *, beside: TypeFacts | None = None) -> tuple[str, ...]:
        """The largest kind of goods of each department; of one department, those of its shelves other than a given one's."""
        found: dict[str, str] = {}
        for facts in sorted(self.lexicon.vocabulary.types.values(), key=lambda f: -f.count):
            if beside is None:
                found.setdefault(facts.path[0], facts.label)
            elif facts.path[0] == beside.path[0] and facts.path[:-1] != beside.path[:-1] and len(facts.path) > 1:
                found.setdefault(facts.path[-2], facts.label)
        return tuple(found.values())[:_MOST_NEEDS]

    def _beside_it(self, shown: tuple[ShownProduct, ...]) -> Plan | None:
        """ "What goes with it?": the department's other shelves, for the same person and within what is ruled out."""
        anchor = (self._resolved().products or shown)[0]
        main = self.lexicon.main_thing(words_of(anchor.category))
        facts = self.lexicon.facts(main.name if main else None)
        labels = self._largest_shelves(beside=facts) if facts else ()
        if not labels:
            return None
        self._sure = True
        held = self.session.standing
        standing = Filters(currency=held.currency, gender=held.gender, exclude=held.exclude)
        task = Task(kind="search", request=labels[0].casefold(), filters=standing, categories=labels)
        return Plan(tasks=(task,), standing=standing, recipient=self.session.recipient)

    def _choose(self, shown: tuple[ShownProduct, ...]) -> Plan:
        """ "Which one would you pick?": among those named, else those spoken of last, else the first section."""
        resolved = self._resolved()
        named = resolved.products or resolved.ambiguous
        spoken_of = tuple(p for p in shown if p.product_id in self.session.focus)
        among = next((some for some in (named, spoken_of) if len(some) > 1), tuple(p for p in shown if p.category == shown[0].category))
        task = Task(kind="question", request=self.lowered, filters=self.session.standing, product_ids=_ids(among[:6]))
        return Plan(tasks=(task,), standing=self.session.standing, recipient=self.session.recipient)

    def _varies_a_product(self) -> bool:
        """ "Like the first but in black"."""
        return re.search(r"\blike (?:the|number)\b.*\bbut\b", self.lowered) is not None

    def _nothing_shown(self) -> Plan:
        self._sure = True
        return self._clarify("I have not shown you anything yet. What are you looking for?", self.lexicon.openers)

    def _asks_about_product(self) -> bool:
        """A question in one of the clauses, about something on the screen."""
        asks = any(kinds.QUESTION.match(clause.strip()) for clause in re.split(r"[,.;]\s+", self.lowered))
        if not asks or self._asks_for_products():
            return False
        return kinds.ABOUT_PRODUCT.search(self.lowered) is not None or bool(self._resolved().products)

    def _resolved(self) -> Resolved:
        return resolve(self.lowered, self.session.shown, self.session.focus)

    def _referring(self, kind: TaskKind) -> Plan | None:
        colored = the_colored_one(self.lowered, self.session.shown)
        resolved = Resolved((colored,)) if colored else self._resolved()
        if resolved.missing:
            return self._missing(resolved)
        if resolved.ambiguous:
            first = self._first_pick(resolved.ambiguous)
            if kind != "question" or first is None:
                return self._which(resolved.ambiguous)
            resolved = Resolved((first,))
        if kind == "question" and not resolved.products:
            return None
        task = Task(kind=kind, request=self.message, filters=self.session.standing, product_ids=_ids(resolved.products))
        return Plan(tasks=(task,), standing=self.session.standing, recipient=self.session.recipient)

    def _first_pick(self, among: tuple[ShownProduct, ...]) -> ShownProduct | None:
        """ "Is it dishwasher safe?" right after one product was put before the others."""
        last = self.session.exchanges[-1] if self.session.exchanges else None
        if last is None or "my first pick is" not in last.answer.casefold() or not only_a_pronoun(self.lowered):
            return None
        return next((p for p in among if p.ordinal == 1), None)

    def _compare(self, shown: tuple[ShownProduct, ...]) -> Plan:
        resolved = self._resolved()
        if resolved.missing:
            return self._missing(resolved)
        chosen, most = resolved.products or resolved.ambiguous, 4
        if len(chosen) < 2 or (kinds.SUPERLATIVE.search(self.lowered) and len(chosen) > 2 and not resolved.by_number):
            # "The lightest" is looked for among all that stand beside each other.
            most = 6 if kinds.SUPERLATIVE.search(self.lowered) else most
            chosen = tuple(p for p in shown if p.category == shown[0].category) if shown else ()
        task = Task(kind="compare", request=self.lowered, filters=self.session.standing, product_ids=_ids(chosen[:most]))
        return Plan(tasks=(task,), standing=self.session.standing, recipient=self.session.recipient)

    def _similar(self, shown: tuple[ShownProduct, ...]) -> Plan:
        resolved = self._resolved()
        if resolved.missing:
            return self._missing(resolved)
        if len(resolved.ambiguous) > 1 and only_a_pronoun(self.lowered):
            return self._others(shown)
        if len(resolved.ambiguous) > 1:
            return self._which(resolved.ambiguous)
        anchor = (resolved.products or shown)[0]
        standing = refined(self.session.standing, self._without_reference(anchor))
        if kinds.CHEAPER.search(self.lowered) and anchor.price:
            standing = standing.model_copy(update={"price_max": _below(anchor)})
        task = Task(kind="similar", request=anchor.category, filters=standing, product_ids=(anchor.product_id,), subject=anchor.category)
        return Plan(tasks=(task,), standing=standing, recipient=self.session.recipient)

    def _without_reference(self, anchor: ShownProduct) -> FilterChange:
        """ "Like the brown ones" names a product by its colour and asks for none."""
        stated = self.whole.change.stated
        named = {w for text in (anchor.title, anchor.brand or "", *anchor.colors) for w in words_of(text)}
        updates = {
            f: tuple(v for v in getattr(stated, f) or () if not set(words_of(v)) <= named) or None
            for f in ("color", "brand", "material", "features")
        }
        return self.whole.change.model_copy(update={"stated": stated.model_copy(update=updates)})

    def _preference(self) -> Plan | None:
        if not kinds.PREFERENCE.match(self.lowered) or self.whole.types or kinds.WHAT_ELSE.search(self.lowered):
            return None
        return self._remembering() if self.whole.states_filters else None

    def _remembering(self) -> Plan:
        """A statement that holds for the session, and what is shown once more under it."""
        standing = refined(self.session.standing, self._for_a_vegan(self.whole.change))
        preference = Task(kind="preference", request=self.message, filters=standing)
        if self.session.subject is None:
            return Plan(tasks=(preference,), standing=standing)
        again = self._task("refine", self.session.subject, standing)
        return Plan(tasks=(preference, again), standing=standing, recipient=self.session.recipient)

    def _for_a_vegan(self, change: FilterChange) -> FilterChange:
        """Who is vegan wants nothing of animals in whatever is looked for; few listings call a thing vegan."""
        stated = change.stated
        if "vegan" not in (stated.features or ()):
            return change
        animal = tuple(name for name in _OF_ANIMALS if name in self.lexicon.materials)
        others = tuple(feature for feature in stated.features or () if feature != "vegan") or None
        exclude = tuple(dict.fromkeys((*(stated.exclude or ()), *animal)))
        return change.model_copy(update={"stated": stated.model_copy(update={"features": others, "exclude": exclude})})

    # ---- turns that search

    def _need_read(self) -> tuple[list[str], Reading]:
        """The clauses that speak of the need, and what they state together with what holds for all of the message."""
        chosen = need_clauses(self.text, self.lexicon)
        clauses = [read_prices(clause.casefold()).rest for clause in chosen]
        need_text = " . ".join(clauses)
        reading = read(need_text, self.lexicon, currency=self.lexicon.vocabulary.currency) if need_text != self.text else self.whole
        return clauses, self._with_whole_message(reading, chosen)

    def _searched(self) -> Plan:
        clauses, reading = self._need_read()
        rests = [read(clause, self.lexicon, currency=self.lexicon.vocabulary.currency).rest for clause in clauses]
        return self._search(rests, reading, occasion_of(self.text))

    def _shopping(self) -> Plan:
        reading = self._need_read()[1]
        if self.whole.contradiction:
            return self._contradiction(reading)
        occasion = occasion_of(self.text)
        narrowed = self._without_owned(reading) or self._only_one_kind() or self._one_of_several(reading) or self._without_filters()
        if narrowed:
            return narrowed
        if not self._opens_anew() and (self._adds_to_the_subject(reading) or self._refines(reading, occasion)):
            return self._refine(reading)
        return self._searched()

    def _with_whole_message(self, reading: Reading, clauses: list[str]) -> Reading:
        """A budget or an exclusion said outside the need's clause still holds; a colour in a story about another thing does not."""
        stated, whole = reading.change.stated, self.whole.change.stated
        updates: dict[str, object] = {
            f: getattr(whole, f) for f in ("price_min", "price_max", "exclude", "size") if getattr(stated, f) is None
        }
        if stated.gender is None and not (self.whole.gender_guessed and self.whole.recipient is None):
            updates["gender"] = whole.gender
        beside = self._beside(clauses)
        out = set(whole.exclude or ())
        for f in ("color", "material", "brand", "features"):
            if getattr(stated, f) is None:
                updates[f] = tuple(value for value in getattr(beside, f) or () if value not in out) or None
        if reading.gender_guessed and (self.session.standing.gender == "kids" or self._of_a_pet()):
            updates["gender"] = None  # "She's 5 now" speaks of the child that is shopped for already
        updates["currency"] = whole.currency
        change = reading.change.model_copy(update={"stated": stated.model_copy(update=updates), "lifted": self.whole.change.lifted})
        return replace(
            reading,
            change=change,
            contradiction=self.whole.contradiction,
            recipient=self.whole.recipient,
            for_self=self.whole.for_self,
            wants=self.whole.wants,
        )

    def _of_a_pet(self) -> bool:
        """ "He chews everything" after dog beds speaks of the dog."""
        return person.OF_A_PET.search(f"{self.session.subject or ''} {self.session.recipient or ''}") is not None

    def _beside(self, clauses: list[str]) -> Filters:
        """What the clauses state that tell no story and name no other thing: "Size M. Black please."."""
        chosen = set(clauses)
        others = [
            c for c in split_clauses(self.text) if c not in chosen and not tells_story(c) and not self.lexicon.thing_mentions(words_of(c))
        ]
        return read(" . ".join(others), self.lexicon, currency=self.lexicon.vocabulary.currency).change.stated if others else Filters()

    def _without_owned(self, reading: Reading) -> Plan | None:
        """ "I already have a tent" while several kinds of goods are shown: the others stay."""
        kept = tuple(dict.fromkeys(p.category for p in self.session.shown))
        if len(kept) < 2 or not (kinds.HAS_ALREADY.search(self.lowered) or kinds.DROPS.match(self.lowered)):
            return None
        owned = {_head(mention) for mention in self.lexicon.thing_mentions(words_of(self.text))}
        others = tuple(name for name in kept if not owned & {stem(w) for w in words_of(name)})
        if not owned or not others or len(others) == len(kept):
            return None
        task = self._task("refine", self.session.subject or fold(others[0]), self.session.standing)
        task = task.model_copy(update={"categories": others[:_MOST_NEEDS], "subject": None})
        return Plan(tasks=(task,), standing=self.session.standing, recipient=self.session.recipient)

    def _only_one_kind(self) -> Plan | None:
        """ "Only the goggles" while several kinds of goods are shown."""
        kept = tuple(dict.fromkeys(p.category for p in self.session.shown))
        match = kinds.ONLY_ONE_KIND.match(self.lowered)
        if match is None or len(kept) < 2:
            return None
        wanted = {stem(w) for w in words_of(match["what"])}
        named = [name for name in kept if wanted and wanted <= {stem(w) for w in words_of(name)}]
        if len(named) != 1:
            return None
        task = self._task("refine", self._core(fold(named[0]), self.session.standing), self.session.standing)
        return Plan(tasks=(task,), standing=self.session.standing, recipient=self.session.recipient)

    def _one_of_several(self, reading: Reading) -> Plan | None:
        """ "The jacket should be yellow", "the tent is too dear" while several kinds of goods are shown: that one, as it is wanted."""
        kept = tuple(dict.fromkeys(p.category for p in self.session.shown))
        said = {_head(mention) for mention in self.lexicon.thing_mentions(words_of(self.text))}
        meant = [name for name in kept if said and said <= {stem(w) for w in words_of(name)}]
        moves = kinds.CHEAPER.search(self.lowered) or kinds.PRICIER.search(self.lowered)
        if len(kept) < 2 or len(meant) != 1 or not (reading.states_filters or moves):
            return None
        if any(not {stem(w) for w in words_of(m.name)} <= {stem(w) for w in words_of(meant[0])} for m in reading.types):
            return None
        among = tuple(p for p in self.session.shown if p.category == meant[0])
        standing = self._moved_price(refined(self.session.standing, reading.change), reading, among)
        task = self._task("refine", self._with_values(self._core(fold(meant[0]), standing), standing), standing)
        return Plan(tasks=(task,), standing=standing, recipient=self.session.recipient)

    def _without_filters(self) -> Plan | None:
        """ "Show me everything": the subject stays, nothing that was asked of it does."""
        if self.session.subject is None or not kinds.NO_FILTERS.match(self.lowered):
            return None
        standing = Filters(currency=self.session.standing.currency)
        task = self._task("refine", self._core(self.session.subject, standing), standing)
        return Plan(tasks=(task,), standing=standing, recipient=self.session.recipient)

    def _adds_to_the_subject(self, reading: Reading) -> bool:
        """Words that only say how the present thing must be, whatever things they name: "with a laptop sleeve", "100W", "the warm light one"."""
        if self.session.subject is None:
            return False
        if kinds.QUANTITY_ALONE.match(self.lowered):
            return True
        named = self.lexicon.thing_mentions(list(reading.words))
        if self._of_a_pet() and person.OF_A_PET.search(self.lowered) and all(person.OF_A_PET.search(m.name) for m in named):
            return True  # "for a labrador" after dog beds
        about_them = kinds.ABOUT_A_PERSON.match(self.lowered) and self.session.recipient and not kinds.GIFT.search(self.lowered)
        if about_them and (kinds.LIKES.search(self.lowered) or not self.lexicon.thing_mentions(list(reading.words))):
            return True
        if kinds.ABOUT_ME.match(self.lowered) and not self.lexicon.thing_mentions(list(reading.words)) and not occasion_of(self.text):
            return True
        if kinds.ADDS.match(self.lowered):
            return re.search(r",\s*(?:an?|some) ", self.lowered) is None
        described = kinds.DESCRIBED_ONE.match(self.lowered)
        heads = {_head(m) for m in reading.types} & {stem(w) for w in words_of(self.session.subject)}
        return described is not None and bool(self.session.shown) and not heads and len(words_of(described["how"])) <= 4

    def _refines(self, reading: Reading, occasion: Occasion | None) -> bool:
        """Whether the message speaks of the present subject: filters only, or the same kind of thing again."""
        if self.session.subject is None:
            return False
        if reading.types:
            subject = {stem(w) for w in words_of(self.session.subject)}
            same = any({stem(w) for w in words_of(m.name)} <= subject or (" " not in m.name and _head(m) in subject) for m in reading.types)
            return same and (kinds.FOLLOW_UP.match(self.lowered) is not None or len(reading.words) <= 6)
        if self._names_another(reading):
            return False
        if kinds.MORE.match(self.lowered) or kinds.CHEAPER.search(self.lowered) or kinds.PRICIER.search(self.lowered):
            return True
        if occasion and not kinds.FOLLOW_UP.match(self.lowered):
            return False
        if self._adds_known_words(reading):
            return True
        people = set(words_of(reading.recipient or ""))
        words = [
            w for w in to_query(reading.rest, self.lexicon).split() if not self._is_value(w, reading) and w not in people and w != "person"
        ]
        if (reading.states_filters or reading.recipient or party_size(self.lowered)) and (not words or kinds.FOLLOW_UP.match(self.lowered)):
            return True
        return bool(kinds.FOLLOW_UP.match(self.lowered)) and len(words) <= 3

    def _names_another(self, reading: Reading) -> bool:
        """ "Men's brown boots" after dresses: a thing that is no type by itself and no part of the subject, nor what it is for."""
        words = list(reading.words)
        plain = [m for m in self.lexicon.thing_mentions(words) if m.name not in self.lexicon.vocabulary.types]
        wanted = {_head(m) for m in plain if not self.lexicon.modifies(m, words)}
        return bool(wanted) and not wanted & {stem(w) for w in words_of(self.session.subject or "")}

    def _opens_anew(self) -> bool:
        """ "Something waterproof for hiking" after desk lamps: an open wish for another purpose."""
        found = _FOR_A_PURPOSE.match(self.lowered)
        return found is not None and stem(found["purpose"]) not in {stem(w) for w in words_of(self.session.subject or "")}

    def _adds_known_words(self, reading: Reading) -> bool:
        """ "Dotted please, A5" after notebooks, "running" after shoes: a few words of the catalogue and no other thing."""
        words = to_query(reading.rest, self.lexicon).split()
        named = self.lexicon.thing_mentions(list(reading.words))
        return (
            bool(words)
            and len(words) <= 3
            and not named
            and all(w in self.lexicon.known or w in self.lexicon.vocabulary.words for w in words)
        )

    def _refine(self, reading: Reading) -> Plan:
        allowed = {value: field_of(value, self.lexicon) for value in self.whole.allowed}
        standing = allowing(self._moved_price(refined(self.session.standing, reading.change), reading), allowed)
        adds = self._adds_to_the_subject(reading)
        renamed = bool(reading.types) and not adds
        extra = [] if renamed else self._further_words(reading)
        subject = self._core(self.session.subject or "", standing)
        if renamed and len(reading.types[-1].name.split()) > 1:
            subject = self._core(self.splitter.query(reading.rest, reading), standing)
        if party_size(self.lowered):
            subject = re.sub(r"\b\d+ person\b", "", subject)
        quantity = kinds.QUANTITY_ALONE.match(self.lowered)
        if quantity:
            unit = re.escape(quantity["unit"])
            subject = re.sub(rf"\b\d+(?:\.\d+)? ?{unit}\b", "", subject)
            extra = words_of(
                f"{quantity['amount']} {quantity['unit']}" if len(quantity["unit"]) > 2 else quantity["amount"] + quantity["unit"]
            )
        known = {stem(w) for w in subject.split()}
        core = " ".join([*(w for w in extra if stem(w) not in known), subject]).strip()
        task = self._task("refine", self._with_values(core, standing), standing)
        if kinds.MORE.match(self.lowered):
            task = task.model_copy(update={"seen": _ids(self.session.shown)})
        kept = tuple(dict.fromkeys(p.category for p in self.session.shown))
        if (
            len(kept) > 1
            and not renamed
            and (not extra or (self.splitter.type_of(subject) is None and not kinds.LIKES.search(self.lowered)))
        ):
            task = task.model_copy(update={"categories": kept[:_MOST_NEEDS]})
        recipient = None if reading.for_self else reading.recipient or self.session.recipient
        return Plan(tasks=(task,), standing=standing, recipient=recipient)

    def _further_words(self, reading: Reading) -> list[str]:
        """Words of a refinement that are no filter values: they join the query."""
        people = set(words_of(reading.recipient or ""))
        if kinds.CHEAPER.search(self.lowered) or kinds.PRICIER.search(self.lowered) or kinds.MORE.match(self.lowered):
            people |= _OF_A_REFINEMENT
        party = party_size(self.lowered)
        words = to_query(reading.rest, self.lexicon).split()
        if party:
            words = [word for term in words for word in term.split("-")]
            numbers = [w for w in words if w.isdigit()]
            return [*numbers[:1], "person"]
        return [
            w
            for w in words
            if not self._is_value(w, reading) and w not in people and w not in _CHATTER and not kinds.LIKES.fullmatch(w) and len(w) > 2
        ]

    def _core(self, subject: str, standing: Filters) -> str:
        """The subject without colours, genders, and without what is ruled out: those come from the filters that hold."""
        out = {w for value in standing.exclude or () for w in value.split()}
        out |= {w for w in self.lexicon.materials if "material" in standing.lifted or (standing.material and w not in standing.material)}
        words = [w for w in subject.split() if w not in BASE_COLORS and w not in out and w not in _GENDER_WORD.values()]
        return " ".join(words)

    def _with_values(self, core: str, standing: Filters) -> str:
        """The query with everything that still holds: gender for gendered goods, then colours, then the thing."""
        gender = standing.gender if self.splitter.is_gendered(core) else None
        words = [*([_GENDER_WORD[gender]] if gender in _GENDER_WORD else []), *(c for c in standing.color or ()), core]
        return " ".join(words).strip()

    def _moved_price(self, standing: Filters, reading: Reading, among: tuple[ShownProduct, ...] = ()) -> Filters:
        """ "Cheaper" means below the middle of what is shown, "nicer" above it, when no figure was said."""
        shown = among or self.session.shown
        prices = sorted(p.price.minor for p in shown if p.price)
        stated = reading.change.stated
        if stated.price_min is not None or not prices:
            return standing
        middle = prices[len(prices) // 2]
        if stated.price_max is not None:
            # "Something nicer around 60" wants no cheap ones.
            floor = (stated.price_max * _NICER_FROM).quantize(Decimal(1))
            return standing.model_copy(update={"price_min": floor}) if kinds.PRICIER.search(self.lowered) else standing
        if kinds.CHEAPER.search(self.lowered):
            cheaper = [p for p in shown if p.price and p.price.minor <= middle]
            dearest = max(cheaper, key=lambda p: p.price.minor if p.price else 0)
            return standing.model_copy(update={"price_max": _below(dearest), "price_min": None})
        if kinds.PRICIER.search(self.lowered):
            at = next(p.price for p in shown if p.price and p.price.minor == middle)
            raised = Decimal(at.amount)
            ceiling = standing.price_max if standing.price_max is not None and standing.price_max > raised else None
            return standing.model_copy(update={"price_min": raised, "price_max": ceiling})
        return standing

    def _search(self, clauses: list[str], reading: Reading, occasion: Occasion | None) -> Plan:
        standing = self._new_standing(reading)
        recipient = reading.recipient
        requests = self._needs(clauses, reading, occasion)
        department = self._department(requests, occasion)
        if department:
            return self._which_of(department, standing, recipient)
        if not requests or (occasion is None and self._only_values(requests, reading)):
            return self._nothing_to_search(reading)
        if (
            reading.gender_guessed
            and reading.recipient is None
            and not any(map(self.splitter.is_gendered, requests))
            and all(map(self.splitter.type_of, requests))
        ):
            # "The lamp my sister gave us broke": nobody's gender matters to a lamp.
            standing = standing.model_copy(update={"gender": self.session.standing.gender})
        own = self._own_filters(clauses, requests, standing)
        requests = [self._with_own_gender(request, filters, standing) for request, filters in zip(requests, own, strict=True)]
        tasks = tuple(self._task("search", request, filters) for request, filters in zip(requests, own, strict=True))[:_MOST_NEEDS]
        return Plan(tasks=tasks, standing=_shared(standing, own), recipient=recipient)

    def _with_own_gender(self, request: str, own: Filters, standing: Filters) -> str:
        """ "Men's shoes and a women's jacket": each request carries the gender of its own words."""
        if own.gender == standing.gender:
            return request
        bare = " ".join(word for word in request.split() if word not in _GENDER_WORD.values())
        return f"{_GENDER_WORD[own.gender]} {bare}" if own.gender in _GENDER_WORD and self.splitter.is_gendered(bare) else bare

    def _only_values(self, requests: list[str], reading: Reading) -> bool:
        """ "Blue", "size 10": what the thing must be like, and no thing. A brand alone can be searched."""
        if reading.change.stated.brand or self.lexicon.thing_mentions(words_of(" ".join(requests))):
            return False
        if not is_phrase(self.lowered) or len(self.lowered.split()) > 3:
            return False
        return all(self._is_value(word, reading) or word in ("size", "sized") for request in requests for word in request.split())

    def _own_filters(self, clauses: list[str], requests: list[str], standing: Filters) -> list[Filters]:
        """Of needs side by side each has its own colours, features and gender; the price and what is ruled out hold for all."""
        parts = self.splitter.side_by_side(clauses)
        if len(parts) != len(requests) or len(parts) < 2:
            return [standing] * len(requests)
        read_parts = [read(part, self.lexicon, currency=self.lexicon.vocabulary.currency).change.stated for part in parts]
        found: list[Filters] = []
        for stated in read_parts:
            own: dict[str, object] = {}
            for field in ("color", "material", "brand", "features", "size"):
                others = [getattr(other, field) for other in read_parts if other is not stated and getattr(other, field)]
                if others and getattr(standing, field) is not None:
                    own[field] = getattr(stated, field)
            genders = {other.gender for other in read_parts if other.gender}
            if len(genders) > 1:
                own["gender"] = stated.gender
            found.append(standing.model_copy(update=own))
        return found

    def _only_likes(self, clauses: list[str]) -> bool:
        """ "A gift for my wife who loves cameras": what somebody likes is no wish for one more."""
        before = kinds.LIKES.split(" ".join(clauses).casefold())[0]
        return not self.lexicon.thing_mentions(words_of(before))

    def _gift(self, reading: Reading) -> list[str]:
        """ "Something for my mom" asks for ideas."""
        return ["gift"] if reading.recipient and kinds.GIFT.search(self.message.casefold()) else []

    def _department(self, requests: list[str], occasion: Occasion | None) -> str | None:
        """ "Something nice for my home" names a floor of the shop and no thing."""
        if occasion or len(requests) != 1 or not _OPEN_WISH.search(self.lowered) or self.lexicon.thing_mentions(words_of(requests[0])):
            return None
        words = {stem(w) for w in words_of(requests[0])}
        floors = [d for d in self.lexicon.vocabulary.departments if words and words <= {stem(w) for w in words_of(d)}]
        return floors[0] if floors else None

    def _which_of(self, department: str, standing: Filters, recipient: str | None) -> Plan:
        types = [f for f in self.lexicon.vocabulary.types.values() if f.path[0] == department]
        choices = tuple(f.label for f in sorted(types, key=lambda f: -f.count)[:4])
        plan = self._clarify(f"What are you looking for in {department.lower()}?", choices)
        return plan.model_copy(update={"standing": standing, "recipient": recipient})

    def _new_standing(self, reading: Reading) -> Filters:
        if self.session.subject is None or reading.recipient:
            before = Filters(currency=reading.change.stated.currency, exclude=self.session.standing.exclude)
            if self.session.subject is None and not reading.recipient:
                before = self.session.standing
            return refined(before, reading.change)
        if re.search(r"\bsame (?:budget|price|colou?r|size)\b", self.lowered):
            return refined(self.session.standing, reading.change)
        return switched(self.session.standing, reading.change)

    def _needs(self, clauses: list[str], reading: Reading, occasion: Occasion | None) -> list[str]:
        """One search-box query a need; several when the message names several kinds of things side by side."""
        named_any = self.lexicon.thing_mentions(words_of(" ".join(clauses)))
        if occasion and (not named_any or kinds.WHAT_ELSE.search(self.lowered) or (occasion.gift and self._only_likes(clauses))):
            return [self.splitter.query(" ".join(clauses), reading) or occasion.name]
        found = self.splitter.queries(clauses, reading, whole=self.lowered)
        if found or self.session.subject is None or not kinds.WHAT_ELSE.search(self.lowered):
            whole = self.splitter.query(without_age(read_prices(self.lowered).rest), reading)
            return found or ([whole] if whole else self._gift(reading))
        return [self.session.subject]

    def _nothing_to_search(self, reading: Reading) -> Plan:
        self._vague = True
        if reading.wants or reading.states_filters or reading.recipient:
            standing = refined(self.session.standing, reading.change)
            choices = tuple(f.label for f in sorted(self.lexicon.vocabulary.types.values(), key=lambda f: -f.count)[:4])
            plan = self._clarify("What kind of product are you looking for?", choices)
            return plan.model_copy(update={"standing": standing, "recipient": reading.recipient})
        return self._clarify("What are you looking for?", self.lexicon.openers)

    # ---- small things

    def _task(self, kind: TaskKind, request: str, filters: Filters) -> Task:
        return Task(kind=kind, request=request, filters=filters, subject=self.splitter.type_of(request))

    def _named_need(self) -> bool:
        # "On" is a maker of shoes, and no thing.
        return any(len(mention.name) > 2 for mention in self.lexicon.thing_mentions(words_of(self.text)))

    def _asks_for_products(self) -> bool:
        """ "Do you have them in blue?" searches; "are they waterproof?" asks."""
        return (
            re.search(
                r"\b(?:do you (?:have|sell|carry)|have you got|are there|is there|got any)\b|^\W*any\b|\bany (?:\w+ )?(?:in|under|with|for)\b",
                self.lowered,
            )
            is not None
        )

    def _is_value(self, word: str, reading: Reading) -> bool:
        stated = reading.change.stated
        values = [
            *(stated.color or ()),
            *(stated.material or ()),
            *(stated.brand or ()),
            *(stated.features or ()),
            *(stated.exclude or ()),
        ]
        words = {stem(w) for value in values for w in words_of(value)}
        genders = {"women", "men", "woman", "man", "ladies", "kids", "kid", "mens", "womens", "girl", "boy"}
        return stem(word) in words or word in genders or word.replace(".", "").isdigit()

    def _which(self, among: tuple[ShownProduct, ...]) -> Plan:
        choices = tuple(f"Number {p.ordinal}: {shortened(p.title, 60)}" for p in among)
        return self._clarify("Which one do you mean?", choices)

    def _missing(self, resolved: Resolved) -> Plan:
        last = max(p.ordinal for p in self.session.shown)
        choices = tuple(f"Number {p.ordinal}: {shortened(p.title, 60)}" for p in self.session.shown[:3])
        return self._clarify(f"There is no {resolved.missing} here; I showed {last}. Which one do you mean?", choices)

    def _contradiction(self, reading: Reading) -> Plan:
        low, high = re.findall(r"\d+", reading.contradiction or "")[:2] or ("", "")
        return self._clarify(f"It cannot be {reading.contradiction} at once. Which one holds?", (f"Under ${high}", f"Over ${low}"))

    def _clarify(self, question: str, choices: tuple[str, ...]) -> Plan:
        task = Task(kind="clarify", request=self.message, filters=self.session.standing)
        return Plan(
            tasks=(task,),
            standing=self.session.standing,
            clarification=Clarification(question=question, choices=choices),
            recipient=self.session.recipient,
        )


def _in_the_size_said(plan: Plan, session: Session) -> Plan:
    """The shopper's size stays with whoever it was said of, and goes on to whatever comes in such sizes."""
    size, last = session.standing.size, plan.tasks[-1]
    if size is None or last.kind != "search" or len(plan.searches) > 1 or last.filters.size or plan.recipient != session.recipient:
        return plan
    if "size" in plan.standing.lifted or last.subject is None or not still_fits(size, session.subject or "", last.subject):
        return plan
    # An outright other person ("men's" after "women's") has a size of their own.
    if session.standing.gender not in (None, last.filters.gender):
        return plan
    sized = last.model_copy(update={"filters": last.filters.model_copy(update={"size": size})})
    return plan.model_copy(update={"tasks": (*plan.tasks[:-1], sized), "standing": plan.standing.model_copy(update={"size": size})})


def _only(kind: TaskKind, request: str, session: Session) -> Plan:
    task = Task(kind=kind, request=request, filters=session.standing)
    return Plan(tasks=(task,), standing=session.standing, recipient=session.recipient)


def _readable(message: str) -> str:
    """The message, of a very long one its beginning and its end; safety has judged the whole."""
    if len(message) <= _READ_FROM_START + _READ_FROM_END:
        return message
    return f"{message[:_READ_FROM_START].rsplit(None, 1)[0]} . {message[-_READ_FROM_END:].split(None, 1)[-1]}"


def _answering(message: str, session: Session, lexicon: Lexicon) -> str:
    """The answer to a question that left the wish open, together with that wish: "Under $20" after "boots under $20, over $100"."""
    if session.question is None or session.subject is not None or not session.exchanges or len(message.split()) > _MOST_WORDS_OF_AN_ANSWER:
        return message
    asked = session.exchanges[-1]
    open_wish = read_prices(asked.message.casefold()).rest
    if asked.kinds != ("clarify",) or lexicon.thing_mentions(words_of(message)) or not lexicon.thing_mentions(words_of(open_wish)):
        return message
    priced = read_prices(message.casefold())
    return f"{open_wish.strip(' ,.')} {message}" if priced.low is not None or priced.high is not None else message


def _as_corrected(message: str) -> str:
    """ "A blue jacket, actually make it green": the colour that was taken back is not asked for."""
    match = kinds.TAKES_BACK.search(message.casefold())
    if match is None or not set(words_of(message[match.end() :])) & BASE_COLORS:
        return message
    before = re.sub(r"[A-Za-z]+", lambda m: "" if fold(m.group()) in BASE_COLORS else m.group(), message[: match.start()])
    return f"{before}{message[match.start() :]}"


def _shared(standing: Filters, own: list[Filters]) -> Filters:
    """What holds for all needs of a message, and so for whatever refines them next."""
    differing = [
        field for field in ("color", "material", "brand", "features", "size", "gender") if len({str(getattr(f, field)) for f in own}) > 1
    ]
    return standing.model_copy(update=dict.fromkeys(differing))


def _head(mention: Mention) -> str:
    return stem(words_of(mention.name)[-1])


def _ids(products: tuple[ShownProduct, ...]) -> tuple[str, ...]:
    return tuple(p.product_id for p in products)


def _below(product: ShownProduct) -> Decimal:
    """The largest price below this product's."""
    assert product.price is not None
    return Decimal(product.price.amount) - Decimal("0.01")
