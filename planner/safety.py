"""May this be shopped for at all? A lexicon of what is never shown, and of harmless words that only sound alike."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from domain.terms import fold

Danger = Literal["unsafe", "self_harm"]
_LEET = str.maketrans("0134@5$7", "oieaasst")


@dataclass(frozen=True)
class SafetyRules:
    """Compiled patterns over folded text."""

    intent: tuple[re.Pattern[str], ...]
    unsafe: tuple[tuple[str, re.Pattern[str]], ...]
    self_harm: tuple[re.Pattern[str], ...]
    harmless: tuple[re.Pattern[str], ...]

    def danger(self, message: str) -> tuple[Danger, str] | None:
        """What the message must be declined for, with the theme ("weapons"); None when it may be served."""
        plain, undisguised = _plain(message), _undisguised(message)
        return self._danger_in(plain) or (self._danger_in(undisguised) if undisguised != plain else None)

    def _danger_in(self, text: str) -> tuple[Danger, str] | None:
        if any(pattern.search(text) for pattern in self.self_harm):
            return "self_harm", "self_harm"
        if any(pattern.search(text) for pattern in self.intent):
            return "unsafe", "harm"
        for pattern in self.harmless:
            text = pattern.sub(" ", text)
        for theme, pattern in self.unsafe:
            if pattern.search(text):
                return "unsafe", theme
        return None


def _plain(message: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^a-z0-9 ]+", " ", fold(message)))


def _undisguised(message: str) -> str:
    """ "C.o.c.a.i.n.e" and "h4ndgun" as they are meant; other words as they stand."""
    joined = re.sub(r"(?<![a-z0-9])(?:[a-z0-9][ .*_-]){3,}[a-z0-9](?![a-z0-9])", lambda m: re.sub(r"[ .*_-]", "", m.group()), fold(message))
    letters = re.sub(
        r"(?<![a-z0-9])(?=[a-z0-9@$]*[a-z])(?=[a-z0-9@$]*[0-9@$])[a-z0-9@$]{4,}(?![a-z0-9])", lambda m: m.group().translate(_LEET), joined
    )
    return _plain(letters)


@lru_cache(maxsize=1)
def safety_rules() -> SafetyRules:
    """The committed rules, read once."""
    table = yaml.safe_load((Path(__file__).resolve().parent / "safety.yaml").read_text())
    unsafe = tuple((theme, re.compile(pattern)) for theme, patterns in table["unsafe"].items() for pattern in patterns)
    return SafetyRules(
        intent=tuple(re.compile(p) for p in table["intent"]),
        unsafe=unsafe,
        self_harm=tuple(re.compile(p) for p in table["self_harm"]),
        harmless=tuple(re.compile(p) for p in table["harmless"]),
    )
