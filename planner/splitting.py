"""Which needs does a message name, each in search-box words? Things side by side are several needs, their qualifiers are none."""

import re
from dataclasses import dataclass

from planner.lexicon import Lexicon, Mention, stem, words_of
from planner.need import split_clauses, tells_story, to_query
from planner.reading import Reading

_GENDER_WORD = {"women": "women's", "men": "men's", "kids": "kids'"}
_GENDER_WORDS = frozenset(
    "women woman womens ladies lady female men man mens gents male kids kid kidz boys boy girls girl children child unisex".split()
)
_SEPARATOR = re.compile(r",|;|\band\b(?! (?:white|black))|\bplus\b|\bas well as\b|\+|\balso\b")
_QUALIFIES = re.compile(
    r"^\W*(?:at least|with|without|up to|under|over|around|about|good|long|decent|ideally|preferably|that|which|who|to|in|for|from|but|or|not|no)\b"
)
_OPENS_QUALIFIER = re.compile(r"\b(?:in|with|without|that|which|for|featuring|having|including)\b")
_STARTS_ANEW = re.compile(r"^\W*(?:an?|some|two|three|four|\d+|my|his|her|another|one|also|maybe|perhaps|the|matching)\s")
_OPEN_DESCRIPTION = re.compile(r"\b(?:something|anything|one) (?:that|which)\b")
_ARTICLES = re.compile(
    r"\b((?:an?|some) (?!(?:bit|lot|few|couple|pair|set|pack) )(?:(?!(?:for|with|that|which|who|of|in|to|and|or|than|as|not|from) )[\w-]+ ){0,2}[\w-]+) (?=(?:an?|some) [a-z])"
)
"""Things one after the other with nothing but articles between: "a tent a sleeping bag"."""
_LEFT_OPEN = re.compile(r"\b(?:ones?|another|replacement|it)\b")
_LIMIT = 14


@dataclass(frozen=True)
class NeedSplitter:
    """Turns the clauses that speak of a need into one query a need."""

    lexicon: Lexicon

    def queries(self, clauses: list[str], reading: Reading, *, whole: str) -> list[str]:
        """The queries in the order said; empty when nothing that could be searched is left."""
        separate = self.side_by_side(clauses)
        if len(separate) > 1:
            return [query for part in separate if (query := self.query(part, reading))]
        plain = [(clause, q) for clause in clauses if (q := to_query(clause, self.lexicon))]
        named = [(clause, q) for clause, q in plain if self.lexicon.type_mentions(words_of(q))]
        if len(named) > 1 and len({self.type_of(q) for _, q in named}) == len(named):
            return [self.query(clause, reading) for clause, _ in named]
        joined = " ".join(dict.fromkeys(" ".join(q for _, q in named or plain).split()))
        owned = self._owned_thing(whole) if _OPEN_DESCRIPTION.search(whole) else None
        if owned and not self._names_before_description(whole):
            # "My laptop bag broke, I want something that keeps my laptop dry": what is described is the thing of the story.
            joined = f"{joined} {owned}"
        if not self.lexicon.thing_mentions(words_of(joined)) and _LEFT_OPEN.search(whole):
            # "My old tent leaked, I want a new one": the thing stands in the story.
            main = self.lexicon.main_thing(words_of(whole))
            joined = f"{joined} {main.name}".strip() if main else joined
        query = self.finished(self._with_compound(joined, clauses), reading) if joined else ""
        return [query] if query else []

    def side_by_side(self, clauses: list[str]) -> list[str]:
        """ "Hiking boots and a tent for two": the words of each need; a part without a thing belongs to the next that has one."""
        found: list[str] = []
        for clause in clauses:
            parts = self._parts(_ARTICLES.sub(r"\1, ", clause))
            if len(parts) > 1:
                found += parts
        things = {name for part in found if (name := self._ending_thing(part) or self._ending_thing(part.split(",")[0]))}
        return found if len(things) == len(found) > 1 else []

    def query(self, part: str, reading: Reading) -> str:
        """One need's text as a query."""
        return self.finished(to_query(part, self.lexicon), reading)

    def finished(self, words: str, reading: Reading) -> str:
        """A query with the gender made explicit for gendered goods; what is ruled out and whom it is for are left out."""
        stated = reading.change.stated
        people = {
            w for w in words_of(reading.recipient or "") if w not in ("dog", "dogs", "puppy", "cat", "cats", "kitten", "baby", "newborn")
        }
        drop = {w for value in stated.exclude or () for w in value.split()} | people | {"sized"}
        kept = [w for w in words.split() if w not in drop and (w != "size" or not stated.size)]
        gender = stated.gender
        if gender in _GENDER_WORD and self.is_gendered(" ".join(kept)):
            kept = [_GENDER_WORD[gender], *(w for w in kept if w not in _GENDER_WORDS)]
        return " ".join(kept[:_LIMIT])

    def type_of(self, request: str) -> str | None:
        """The catalogue's name of what is asked for."""
        main = self.lexicon.main_thing(words_of(request))
        return main.name if main and main.name in self.lexicon.type_names else None

    def is_gendered(self, request: str) -> bool:
        """Whether the catalogue sells such goods by gender: "hiking boots", and "shoes" of whatever kind."""
        facts = self.lexicon.facts(self.type_of(request))
        if facts is not None:
            return bool(facts.genders)
        main = self.lexicon.main_thing(words_of(request))
        return main is not None and stem(main.name.split()[-1]) in self.lexicon.gendered_heads

    def _owned_thing(self, whole: str) -> str | None:
        stories = [clause for clause in split_clauses(whole) if tells_story(clause)]
        main = next((m for clause in stories if (m := self.lexicon.main_thing(words_of(clause)))), None)
        return main.name if main else None

    def _names_before_description(self, whole: str) -> bool:
        """Whether the clause of the open description names its thing first: "boots, something that grips"."""
        clause = next((c for c in split_clauses(whole) if _OPEN_DESCRIPTION.search(c)), "")
        match = _OPEN_DESCRIPTION.search(clause)
        return match is None or bool(self.lexicon.thing_mentions(words_of(clause[: match.start()])[-4:]))

    def _parts(self, clause: str) -> list[str]:
        """The clause cut between things; text that is a category's own name ("Loafers & Slip-Ons") stays whole."""
        pieces = [piece for piece in _SEPARATOR.split(clause) if piece.strip()]
        parts: list[str] = []
        pending = ""
        for piece in pieces:
            if parts and (_QUALIFIES.match(piece) or (_OPENS_QUALIFIER.search(parts[-1]) and not self._begins_need(piece))):
                parts[-1] = f"{parts[-1]}, {piece}"
            elif self._ending_thing(f"{pending} {piece}"):
                parts.append(f"{pending} {piece}".strip())
                pending = ""
            else:
                pending = f"{pending} {piece}".strip()
        if pending and parts:
            parts[-1] = f"{parts[-1]}, {pending}"
        return parts if len(parts) > 1 and not self._one_category(parts) else []

    def _begins_need(self, piece: str) -> bool:
        """After "boots for women," a part opens another need with an article or with a type's own name."""
        words = words_of(piece)
        types = self.lexicon.type_mentions(words)
        things = self.lexicon.thing_mentions(words)
        whole = bool(things) and len(words) <= 2 and things[-1].end == len(words) and _is_plural(things[-1].name)
        return whole or (bool(types) and (_STARTS_ANEW.match(piece) is not None or types[0].start == 0))

    def _ending_thing(self, part: str) -> str | None:
        """The thing that a part ends with, before any "for" or "with"; "light weight" ends with none."""
        head = _OPENS_QUALIFIER.split(part)[0]
        words = words_of(to_query(head, self.lexicon)) or words_of(to_query(part, self.lexicon))
        things = self.lexicon.thing_mentions(words)
        if not things or not _closes(things[-1], words):
            return None
        last = things[-1]
        is_type = last.name in self.lexicon.vocabulary.types
        return (
            last.name
            if is_type
            or _is_plural(last.name)
            or len(words) == 1
            or re.search(r"\b(?:an?|one|my|new)\s+(?:[\w-]+\s+){0,3}" + re.escape(last.name), part.casefold())
            else None
        )

    def _one_category(self, parts: list[str]) -> bool:
        """ "Pendants and Chandeliers" is one category where the catalogue names one so."""
        stems_of_all = {stem(w) for part in parts for w in words_of(part)} - {"and"}
        return any(name <= stems_of_all for name in self.lexicon.paired_categories)

    def _with_compound(self, query: str, clauses: list[str]) -> str:
        """ "Backpack for my laptop" asks for a laptop backpack: the type's name replaces its parts."""
        words = words_of(" ".join(clauses))
        main = self.lexicon.main_thing(words)
        if main is None or " " not in main.name or (main.end - main.start > 1 and "for" not in words[main.start : main.end]):
            return query
        parts = {stem(w) for w in (*words_of(main.name), *words[main.start : main.end])}
        return " ".join([*(w for w in query.split() if stem(w) not in parts), main.name])


def _is_plural(name: str) -> bool:
    """ "Mugs"; a glass and a dress are one."""
    return name.endswith("s") and not name.endswith("ss")


def _closes(mention: Mention, words: list[str]) -> bool:
    """Whether nothing but a size or number follows the thing."""
    return all(word[0].isdigit() for word in words[mention.end :])
