"""Which formulators are compared, and what did each make of a request? Rules, tagger, models, random text and their mixtures."""

import hashlib
import random
import string
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from config import Settings
from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationFinished, QueryFormulated
from domain.ports import Formulator
from domain.proposal import Attributes, Proposal, ProposedCategory
from domain.reply import Usage
from domain.session import Exchange, Session
from domain.turn import FormulationRequest
from models.chat import ChatModel, Ended, OutputForm, Piece
from models.embedded import EmbeddedModel, ModelFile, packaged_base
from models.formulator import ModelFormulator
from models.tagged import TaggedFormulator
from planner.mend import Mender
from planner.rule_planner import RulePlanner
from planner.rules_formulator import RulesFormulator
from planner.safety import safety_rules
from tools.catalogs import Catalogs
from tools.need_tagger import OnnxNeedTagger, TaggerFile


@dataclass(frozen=True)
class Formulated:
    """Everything that one formulator said to one request, whole or as far as it came."""

    query: str = ""
    attributes: Attributes = field(default_factory=Attributes)
    proposal: Proposal = field(default_factory=Proposal)
    usage: Usage = field(default_factory=Usage)
    query_ms: float = 0.0
    first_ms: float = 0.0
    """Until the first category was whole."""
    total_ms: float = 0.0
    failure: str | None = None


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    async def formulated(self, request: FormulationRequest) -> Formulated: ...


@dataclass(frozen=True)
class PortContender:
    """Anything behind the Formulator port."""

    name: str
    formulator: Formulator

    async def formulated(self, request: FormulationRequest) -> Formulated:
        return await collected(self.formulator, request)


@dataclass(frozen=True)
class RawMessage:
    """The message itself as the query: what any formulator has to be better than."""

    name: str = "raw message"

    async def formulated(self, request: FormulationRequest) -> Formulated:
        return Formulated(query=request.message)


class RandomText:
    """A chat model that writes letters at random: what a metric gives for nothing."""

    name = "random text"
    form: OutputForm = "wire"

    def __init__(self, seed: int = 20) -> None:
        self._chance = random.Random(seed)

    async def check(self) -> None:
        return None

    async def stream(self, messages: list[dict[str, str]], *, max_tokens: int) -> AsyncIterator[Piece | Ended]:
        words = ["".join(self._chance.choices(string.ascii_lowercase, k=self._chance.randint(3, 9))) for _ in range(40)]
        lines = [" ".join(words[:4]), "-", " ".join(words[4:6]).title(), *(" ".join(words[6 + 4 * i : 10 + 4 * i]) for i in range(6))]
        yield Piece("\n".join(lines) + "\n")
        yield Ended(Usage(model_calls=1), complete=True)


@dataclass(frozen=True)
class Bench:
    """The planner over one catalogue's vocabulary, and what belongs to it."""

    planner: RulePlanner
    mender: Mender

    @classmethod
    def over(cls, settings: Settings) -> "Bench":
        """Over the catalogue that the settings name; its index is opened and closed."""
        catalogs = Catalogs(settings.state_dir)
        if settings.catalog == "demo":
            catalogs.build_demo()
        catalog = catalogs.serve(settings.catalog)
        catalog.open()
        vocabulary = catalog.vocabulary
        catalog.close()
        planner = RulePlanner(vocabulary=lambda: vocabulary, safety=safety_rules())
        return cls(planner, Mender(planner.lexicon, safety_rules()))

    def planned(self, request: FormulationRequest) -> FormulationRequest:
        """The request as the planner hands it on: what was said before is a session, what held is standing."""
        now = datetime(2026, 11, 1, tzinfo=UTC)
        pairs = list(zip(request.conversation[::2], request.conversation[1::2], strict=False))
        session = Session(
            session_id="benchmark", created_at=now, expires_at=now + timedelta(days=1), standing=request.held,
            exchanges=tuple(Exchange(message=said, answer=answer, kinds=("search",)) for (_, said), (_, answer) in pairs),
            subject=request.held.category,
        )  # fmt: skip
        plan = self.planner.plan_now(request.message, session)
        return FormulationRequest(
            message=request.message, plan=plan, conversation=request.conversation, profile=request.profile, held=request.held
        )

    def tagged(self, weights: Path, cache_dir: Path, behind: PortContender | None = None, *, sure_from: float = 0.0) -> PortContender:
        """The tagger's query over rules, or over another contender; it leads from this confidence on."""
        tagger = OnnxNeedTagger(TaggerFile(weights, _sha256(weights)), cache_dir)
        behind = behind or self.rules()
        return PortContender(f"tagger + {behind.name}", TaggedFormulator(tagger, behind.formulator, self.mender, sure_from=sure_from))

    def rules(self) -> PortContender:
        return PortContender("rules", RulesFormulator(self.planner.lexicon))

    def random_text(self) -> PortContender:
        return self.model(RandomText())

    def embedded(self, adapter: Path | None, *, max_tokens: int = 420, threads: int = 2) -> PortContender:
        """The packaged base, raw or with an adapter; the adapter's hash is taken as it is."""
        file = ModelFile(adapter, _sha256(adapter)) if adapter is not None else None
        name = "raw model" if adapter is None else f"model {adapter.stem}"
        return self.model(EmbeddedModel(packaged_base(), file, name=name, threads=threads), max_tokens=max_tokens)

    def model(self, model: ChatModel, *, max_tokens: int = 420, long_prompt: bool = False) -> PortContender:
        return PortContender(model.name, ModelFormulator(model, self.mender, max_tokens=max_tokens, long_prompt=long_prompt))


async def collected(formulator: Formulator, request: FormulationRequest, *, clock: Callable[[], float] = time.perf_counter) -> Formulated:
    """Everything that the formulator says; a failure keeps what came before it."""
    started = clock()
    query, attributes, usage, failure = "", Attributes(), Usage(), None
    categories: dict[int, ProposedCategory] = {}
    query_ms = first_ms = 0.0
    try:
        async for event in formulator.formulate(request):
            spent = (clock() - started) * 1000
            if isinstance(event, QueryFormulated):
                query, attributes, query_ms = event.query, event.attributes, spent
            elif isinstance(event, CategoryFormulated):
                first_ms = first_ms or spent
                categories[event.index] = event.category
            elif isinstance(event, CategoryExplained) and event.index in categories:
                categories[event.index] = categories[event.index].model_copy(update={"explanation": event.explanation})
            elif isinstance(event, FormulationFinished):
                usage = event.report.usage
    except (BadModelOutput, ModelUnavailable) as error:
        failure = str(error)
    return Formulated(
        query=query, attributes=attributes, proposal=Proposal(categories=tuple(categories[i] for i in sorted(categories))), usage=usage,
        query_ms=query_ms, first_ms=first_ms, total_ms=(clock() - started) * 1000, failure=failure,
    )  # fmt: skip


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
