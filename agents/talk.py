"""What is said to turns that search nothing? Small talk, what is out of scope, what is declined, preferences."""

import re

from agents.state import Spoken
from domain.plan import Task
from domain.reply import Check
from domain.turn import Planned
from planner import kinds

_CARE = (
    "I am really sorry that you feel this way, and I am glad you said it. Please talk to somebody now: in the US call or text 988 "
    "(Suicide and Crisis Lifeline), in the UK and Ireland call Samaritans on 116 123, elsewhere see findahelpline.com, "
    "or call your local emergency number. You matter more than any shopping."
)
_DECLINED = "I can't help with that one. If there is something else you need, I am happy to look."
_HELP = (
    "I am Aisle, this shop's assistant. Tell me what you need in your own words, with a budget or what you don't want, "
    "and I show you what we have; I can narrow it down, compare products and answer questions about them."
)


def small_talk(planned: Planned, task: Task, order: int) -> Spoken:
    """A greeting, thanks, a question about the assistant, or a yes that nothing asked for."""
    text = task.request.casefold()
    if kinds.COMPLAINT.search(text):
        return Spoken(order=order, text="I am sorry that this is not what you wanted. Tell me what you need, and I will try again.")
    if kinds.UNDECIDED.match(text) or text.strip(" .!?") == "idk":
        return Spoken(
            order=order, text="No rush. Tell me what or whom it is for, and I show you some ideas.", suggestions=planned.plan.openers
        )
    if re.search(
        r"\b(?:who|what) are you|\bare you\b|what can you do|what do you do|how (?:do|can) you|your name|about yourself|\bhelp\b",
        text,
    ):
        return Spoken(order=order, text=_HELP, suggestions=planned.plan.openers)
    if re.search(r"\b(?:bye|goodbye|see you|see ya)\b", text):
        return Spoken(order=order, text="Goodbye, and come back any time.")
    if re.search(r"\b(?:thank|thanks|thx|cheers|ty)\b", text):
        return Spoken(order=order, text="You are welcome! Anything else I can look for?")
    if re.match(r"\W*(?:yes|yeah|yep|yup|sure|go ahead|do it|confirm|please do)", text):
        return Spoken(order=order, text="There is nothing waiting for a yes right now. What would you like to look at?")
    if re.match(r"\W*(?:no|nope|nah|never ?mind)", text):
        return Spoken(order=order, text="All right. Tell me when you want to look at something else.")
    if re.match(r"\W*(?:hi|hello|hey|good|yo|howdy|greetings|hiya)\b", text):
        return Spoken(order=order, text="Hello! What are you shopping for today?", suggestions=planned.plan.openers)
    if planned.session.turn_count == 0:
        return Spoken(order=order, text="Happy to help. What are you looking for?", suggestions=planned.plan.openers)
    if re.search(r"\b(?:lol|lmao|rofl|ha(?:ha)+|hehe+|funny)\b|[\U0001f600-\U0001f606\U0001f923]", text):
        return Spoken(order=order, text=f"Glad that made you smile. {_next(planned)}", suggestions=_ways_on(planned))
    return Spoken(order=order, text=f"All right. {_next(planned)}", suggestions=_ways_on(planned))


def _next(planned: Planned) -> str:
    return "Shall I show you more of these, or something else?" if planned.session.shown else "What can I find for you?"


def _ways_on(planned: Planned) -> tuple[str, ...]:
    return ("Show me more", "Which one would you pick?") if len(planned.session.shown) > 1 else planned.plan.openers


def out_of_scope(planned: Planned, task: Task, order: int) -> Spoken:
    """An honest no, with what can be done instead."""
    if task.request == "gift card":
        text = "I don't offer gift cards here. Tell me who the gift is for and what they like, and I will find something real."
        return Spoken(order=order, text=text, suggestions=("A gift for my dad", "A gift for a gamer", "A gift for a cook"))
    return Spoken(
        order=order,
        text="That is outside what I can do: I help with shopping in this store. What can I find for you?",
        suggestions=planned.plan.openers,
    )


def unsafe(planned: Planned, task: Task, order: int) -> Spoken:
    """Declined without products; self-harm is answered with care and a help line."""
    text = _CARE if task.request == "self_harm" else _DECLINED
    return Spoken(order=order, text=text, checks=(Check(name="safe", passed=True, reason=f"declined: {task.request.replace('_', ' ')}"),))


def clarify(planned: Planned, task: Task, order: int) -> Spoken:
    """The question itself is written by the reply."""
    return Spoken(order=order, text="")


def preference(planned: Planned, task: Task, order: int) -> Spoken:
    """What was understood, repeated in words."""
    held = task.filters
    said = [
        *(f"size {s}" for s in [held.size] if s),
        *(held.brand or ()),
        *(held.color or ()),
        *(f"no {w}" for w in held.exclude or ()),
        *(held.features or ()),
        *(f"any {field.removesuffix('s')}" for field in held.lifted if field in ("color", "brand", "material", "size")),
    ]
    words = ", ".join(said) or "that"
    ending = "" if planned.plan.searches else " What are you looking for?"
    return Spoken(order=order, text=f"Noted: {words}.{ending}")
