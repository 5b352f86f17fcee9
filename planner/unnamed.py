"""Which needs take language? Those that describe what is wanted and name no thing of the shop: a small model writes their categories."""

import re

from domain.turn import FormulationRequest
from planner.lexicon import Lexicon, words_of
from planner.need import is_phrase
from planner.needs import occasion_of

_LEFT_OPEN = re.compile(r"\b(?:something|anything|somethin|stuff|things?|what|gifts?|presents?|ideas?|solution|way to)\b")


def takes_language(request: FormulationRequest, lexicon: Lexicon) -> bool:
    """ "Something to keep my coffee hot on the train": one need, told in a sentence, without a type of goods or a known occasion.

    Words as typed into a search box name their thing, be it sold here or not, and are searched as they are.
    """
    searches = request.plan.searches
    if len(searches) != 1 or searches[0].kind not in ("search", "refine") or searches[0].categories or searches[0].subject:
        return False
    message, task = request.message.casefold(), searches[0]
    if (task.kind == "search" and is_phrase(message)) or occasion_of(message) or occasion_of(task.request):
        return False
    return lexicon.main_thing(words_of(task.request)) is None or _LEFT_OPEN.search(message) is not None
