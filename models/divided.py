"""When is the language model asked, and when do rules suffice? It costs a second or two, which a need that names its thing need not pay."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from domain.events import FormulationEvent
from domain.ports import Formulator
from domain.turn import FormulationRequest


@dataclass(frozen=True)
class DividedFormulator:
    """The Formulator port: ``model`` for the requests that ``asks`` picks, ``rules`` for all others."""

    model: Formulator
    rules: Formulator
    asks: Callable[[FormulationRequest], bool]

    def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        return (self.model if self.asks(request) else self.rules).formulate(request)
