"""How does a model formulate? One guided call, read as it arrives, held to the paper's rules before anybody sees a category."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from domain.errors import BadModelOutput
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.reply import Usage
from domain.turn import FormulationRequest, ModelReport
from models.chat import ChatModel, Ended, Piece
from models.json_form import JsonReader
from models.prompt import messages
from models.wire import WireParser

Mend = Callable[[CategoryFormulated, FormulationRequest], CategoryFormulated]


@dataclass(frozen=True)
class ModelFormulator:
    """The Formulator port over one chat model; ``mend`` makes each category keep the rules, deterministically."""

    model: ChatModel
    mend: Mend
    max_tokens: int = 420
    long_prompt: bool = False

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        """Raises ModelUnavailable or BadModelOutput; events sent before stay valid."""
        reader = WireParser() if self.model.form == "wire" else JsonReader()
        usage, complete = Usage(model_calls=1), False
        async for part in self.model.stream(messages(request, long=self.long_prompt), max_tokens=self.max_tokens):
            if isinstance(part, Ended):
                usage, complete = part.usage, part.complete
            elif isinstance(part, Piece):
                for event in reader.feed(part.text):
                    yield self._kept(event, request)
        if not complete:
            raise BadModelOutput(f"{self.model.name} was cut off at {self.max_tokens} tokens")
        for event in reader.finish():
            yield self._kept(event, request)
        yield FormulationFinished(ModelReport(usage=usage, model=self.model.name, led=True))

    def _kept(self, event: QueryFormulated | CategoryFormulated | CategoryExplained, request: FormulationRequest) -> FormulationEvent:
        if isinstance(event, CategoryFormulated):
            return self.mend(event, request)
        return replace(event, led=True) if isinstance(event, QueryFormulated) else event
