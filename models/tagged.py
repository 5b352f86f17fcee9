"""How does the need tagger lead a formulation? Its query goes out at once; what it cannot do follows from the formulator behind it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from domain.errors import ModelUnavailable
from domain.events import FormulationEvent, FormulationFinished, QueryFormulated
from domain.need import TaggedNeed
from domain.ports import Formulator, NeedTagger
from domain.proposal import Attributes
from domain.reply import Degraded
from domain.turn import FormulationRequest
from models.formulator import Mend
from models.health import Health

NAME = "need-tagger"
_READ_BY_RULES = ("price_min", "price_max", "size", "color")
"""Attributes that rules read with more precision where they read them at all (benchmarks.formulation)."""


@dataclass(frozen=True)
class TaggedFormulator:
    """The Formulator port: the tagger's query when it is sure enough and sound, categories and all else from ``behind``."""

    tagger: NeedTagger
    behind: Formulator
    mend: Mend
    sure_from: float = 0.5
    """Confidence from which the tagger's query leads."""
    within_s: float = 1.5
    """It answers in some 20 ms; what takes this long stands in a queue, and rules are there."""
    health: Health | None = None
    """What a watch knows of it: it is not asked while it is down, or is being built."""

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        degraded: tuple[Degraded, ...] = ()
        led, query = False, ""
        try:
            need = await self._tagged(_heard(request))
        except ModelUnavailable as error:
            degraded = (Degraded(role="tagger", wanted=NAME, used="rules", reason=str(error)[:200]),)
        else:
            if need.query and need.confidence >= self.sure_from and len(request.plan.searches) == 1:
                mended = self.mend.query(QueryFormulated(need.query, need.attributes, led=True), request)
                query, led = mended.query, mended.led
        async for event in self.behind.formulate(request):
            if isinstance(event, QueryFormulated) and led:
                yield QueryFormulated(query, together(event.attributes, need.attributes), led=True)
            elif isinstance(event, FormulationFinished):
                yield _reported(event, degraded, led=led)
            else:
                yield event

    async def _tagged(self, request: FormulationRequest) -> TaggedNeed:
        if self.health is not None and self.health.reason is not None:
            raise ModelUnavailable(self.health.reason)
        try:
            async with asyncio.timeout(self.within_s):
                return await self.tagger.tag(request)
        except TimeoutError as exc:
            raise ModelUnavailable(f"no answer within {self.within_s * 1000:.0f} ms") from exc


def _heard(request: FormulationRequest) -> FormulationRequest:
    """What the tagger reads: a new wish by itself, one that builds on earlier messages with those; never our own words,
    which are full of titles that nobody asked for."""
    alone = any(task.kind == "search" for task in request.plan.searches)
    return replace(request, conversation=() if alone else tuple(said for said in request.conversation if said[0] == "user"))


def together(rules: Attributes, tagged: Attributes) -> Attributes:
    """Both readings: what rules read exactly is theirs, the rest is the tagger's where it marked something. The gender is the
    tagger's even when it is none: rules read it off whoever is mentioned, "a mug for my dad", and mugs have none."""
    values = {
        name: first if first not in (None, ()) else second
        for name, first, second in (_in_order(name, rules, tagged) for name in type(rules).model_fields)
    }
    return Attributes.model_validate(values | {"gender": tagged.gender})


def _in_order(name: str, rules: Attributes, tagged: Attributes) -> tuple[str, object, object]:
    theirs, own = getattr(rules, name), getattr(tagged, name)
    return (name, theirs, own) if name in _READ_BY_RULES else (name, own, theirs)


def _reported(event: FormulationFinished, degraded: tuple[Degraded, ...], *, led: bool) -> FormulationFinished:
    report = event.report
    model = f"{NAME} + {report.model}" if led else report.model
    return FormulationFinished(replace(report, degraded=(*degraded, *report.degraded), led=led or report.led, model=model))
