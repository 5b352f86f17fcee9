"""What do people say around a need? Hand-written styles and sentences that a query is set into, seeded."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from training.example import Example, Kind, Said

_EXTRA_SHARE = 0.45
"""Of the turns get a sentence about something else, before or after the need."""


@dataclass(frozen=True)
class Surroundings:
    """Styles, each a turn or several with {q} in the last, and sentences that may stand around it."""

    styles: tuple[tuple[str, ...], ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @classmethod
    def load(cls, file: Path) -> Self:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        return cls(
            styles=tuple(tuple(style) for style in document["styles"]),
            before=tuple(document.get("before", ())),
            after=tuple(document.get("after", ())),
        )

    def around(self, query: str, style: int, chance: random.Random) -> tuple[tuple[Said, ...], Kind]:
        """The query in the style of this number, and the kind of turn that this makes."""
        lines = self.styles[style % len(self.styles)]
        said = [Said(role="user" if line[0] == "u" else "assistant", text=line[3:].replace("{q}", query)) for line in lines]
        last = said[-1].text
        extra = chance.random()
        if self.before and extra < _EXTRA_SHARE / 2:
            last = f"{chance.choice(self.before)} {last}"
        elif self.after and extra < _EXTRA_SHARE:
            last = f"{last}{'' if last[-1] in '.!?' else '.'} {chance.choice(self.after)}"
        kind: Kind = "terse" if last == query else "distractor" if len(last) > 2.5 * len(query) + 30 or extra < _EXTRA_SHARE else "chatty"
        return (*said[:-1], Said(role="user", text=last)), kind

    def with_story(self, example: Example, chance: random.Random) -> Example:
        """The example with a sentence about something else around its last message; what is wanted stays the same."""
        message = example.message
        if chance.random() < 0.5:
            message = f"{chance.choice(self.before)} {message}"
        else:
            message = f"{message}{'' if message[-1] in '.!?' else '.'} {chance.choice(self.after)}"
        last = Said(role="user", text=message)
        return example.model_copy(update={"conversation": (*example.conversation[:-1], last)})
