"""How does a model formulate? One guided call, read as it arrives, held to the paper's rules before anybody sees a category."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationEvent, FormulationFinished, QueryFormulated
from domain.reply import Usage
from domain.turn import FormulationRequest, ModelReport
from models.chat import ChatModel, Ended, FailedCall, Piece, UnreadableAnswer
from models.json_form import JsonReader
from models.prompt import messages
from models.wire import WireParser


class Mend(Protocol):
    """Makes what a model wrote keep the rules, deterministically."""

    def query(self, event: QueryFormulated, request: FormulationRequest) -> QueryFormulated: ...

    def category(self, event: CategoryFormulated, request: FormulationRequest) -> CategoryFormulated: ...

    def explanation(self, event: CategoryExplained, request: FormulationRequest) -> CategoryExplained: ...


@dataclass(frozen=True)
class ModelFormulator:
    """The Formulator port over one chat model."""

    model: ChatModel
    mend: Mend
    max_tokens: int = 420
    long_prompt: bool = False

    async def formulate(self, request: FormulationRequest) -> AsyncIterator[FormulationEvent]:
        """Raises FailedCall or UnreadableAnswer, each with what it cost; events sent before stay valid."""
        reader = WireParser() if self.model.form == "wire" else JsonReader()
        usage, complete = Usage(model_calls=1), False
        kept = _Kept(self.mend, request)
        try:
            async for part in self.model.stream(messages(request, long=self.long_prompt), max_tokens=self.max_tokens):
                if isinstance(part, Ended):
                    usage, complete = part.usage, part.complete
                elif isinstance(part, Piece):
                    # Engines stream a piece a token: until the engine's own count comes, this is what was written at least.
                    usage = usage.model_copy(update={"completion_tokens": usage.completion_tokens + 1})
                    for event in reader.feed(part.text):
                        if (mended := kept.of(event)) is not None:
                            yield mended
            if not complete:
                raise BadModelOutput(f"{self.model.name} was cut off at {self.max_tokens} tokens")
            for event in reader.finish():
                if (mended := kept.of(event)) is not None:
                    yield mended
        except ModelUnavailable as error:
            raise FailedCall(str(error), usage) from error
        except BadModelOutput as error:
            raise UnreadableAnswer(str(error), usage) from error
        yield FormulationFinished(ModelReport(usage=usage, model=self.model.name, led=kept.led))


class _Kept:
    """What may leave of one answer: mended, and no category by the name of one before."""

    def __init__(self, mend: Mend, request: FormulationRequest) -> None:
        self._mend, self._request = mend, request
        self._indexes: dict[int, int] = {}
        self._names: set[str] = set()
        self._heard = 0
        self.led = False

    def of(self, event: QueryFormulated | CategoryFormulated | CategoryExplained) -> FormulationEvent | None:
        if isinstance(event, QueryFormulated):
            query = self._mend.query(replace(event, led=True), self._request)
            self.led = query.led
            return query
        if isinstance(event, CategoryFormulated):
            return self._category(event)
        index = self._indexes.get(event.index)
        return None if index is None else self._mend.explanation(CategoryExplained(index, event.explanation), self._request)

    def _category(self, event: CategoryFormulated) -> CategoryFormulated | None:
        mended = self._mend.category(event, self._request)
        if mended.category.category.casefold() in self._names:
            return None
        self._names.add(mended.category.category.casefold())
        self._indexes[event.index] = self._heard
        self._heard += 1
        return CategoryFormulated(self._indexes[event.index], mended.category)
