"""Which formulators are compared, and what did each make of a request? Rules, tagger, models, random text and their mixtures."""

import hashlib
import random
import string
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from config import Settings
from domain.errors import BadModelOutput, ModelUnavailable
from domain.events import CategoryExplained, CategoryFormulated, FormulationFinished, QueryFormulated
from domain.need import TaggedNeed
from domain.ports import Formulator
from domain.proposal import Attributes, Proposal, ProposedCategory
from domain.reply import Usage
from domain.session import Exchange, Session
from domain.turn import FormulationRequest
from models.chat import ChatModel, Ended, OutputForm, Piece
from models.embedded import EmbeddedModel, ModelFile, packaged_base
from models.formulator import Mend, ModelFormulator
from models.tagged import TaggedFormulator
from planner.mend import Mender
from planner.rule_planner import RulePlanner
from planner.rules_formulator import RulesFormulator
from planner.safety import safety_rules
from tools.catalogs import Catalogs
from tools.need_tagger import OnnxNeedTagger
from tools.need_words import need_input
from tools.tagger_network import TaggerFile


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
    led: bool = False
    """Whether a trained model's query led."""
    fell_back: bool = False
    """Whether somebody wanted did not answer, and another did."""
    written: "Formulated | None" = None
    """What a model wrote before any of it was mended; None for those whose words are not mended."""

    @property
    def unmended(self) -> "Formulated":
        return self.written or self


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    async def formulated(self, request: FormulationRequest) -> Formulated: ...


@dataclass
class Noted:
    """The Mend port in front of the one that serves: remembers what a model wrote before it is mended."""

    mend: Mend
    heard: Formulated = field(default_factory=Formulated)

    def query(self, event: QueryFormulated, request: FormulationRequest) -> QueryFormulated:
        self.heard = replace(self.heard, query=event.query, attributes=event.attributes)
        return self.mend.query(event, request)

    def category(self, event: CategoryFormulated, request: FormulationRequest) -> CategoryFormulated:
        self.heard = replace(self.heard, proposal=Proposal(categories=(*self.heard.proposal.categories, event.category)))
        return self.mend.category(event, request)

    def explanation(self, event: CategoryExplained, request: FormulationRequest) -> CategoryExplained:
        categories = list(self.heard.proposal.categories)
        categories[event.index] = categories[event.index].model_copy(update={"explanation": event.explanation})
        self.heard = replace(self.heard, proposal=Proposal(categories=tuple(categories)))
        return self.mend.explanation(event, request)


@dataclass(frozen=True)
class PortContender:
    """Anything behind the Formulator port."""

    name: str
    formulator: Formulator
    noted: Noted | None = None
    """Where its model's words pass before they are mended; one request after the other."""

    async def formulated(self, request: FormulationRequest) -> Formulated:
        if self.noted is None:
            return await collected(self.formulator, request)
        self.noted.heard = Formulated()
        answer = await collected(self.formulator, request)
        return replace(answer, written=replace(self.noted.heard, failure=answer.failure))


@dataclass(frozen=True)
class RawMessage:
    """The message itself as the query: what any formulator has to be better than."""

    name: str = "raw message"

    async def formulated(self, request: FormulationRequest) -> Formulated:
        return Formulated(query=request.message)


@dataclass(frozen=True)
class TaggerAlone:
    """The tagger's words and nothing else: no rules, no categories, whatever its confidence."""

    tagger: OnnxNeedTagger
    name: str = "tagger alone"

    async def formulated(self, request: FormulationRequest) -> Formulated:
        started = time.perf_counter()
        need = await self.tagger.tag(request)
        spent = (time.perf_counter() - started) * 1000
        return Formulated(query=need.query, attributes=need.attributes, query_ms=spent, total_ms=spent, led=bool(need.query))


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


class RandomMarks:
    """A tagger that marks words of the conversation at random, as many as the trained one does on average."""

    def __init__(self, *, share: float = 0.25, seed: int = 20) -> None:
        self._share, self._chance = share, random.Random(seed)

    async def tag(self, request: FormulationRequest) -> TaggedNeed:
        words = [word.text for word in need_input(request).words if word.text[0].isalnum()]
        return TaggedNeed(query=" ".join(word for word in words if self._chance.random() < self._share), confidence=1.0)


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
        planner = RulePlanner(lambda: vocabulary, safety_rules())
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
        formulator = TaggedFormulator(tagger, behind.formulator, self.mender, sure_from=sure_from)
        return PortContender(f"tagger + {behind.name}", formulator, behind.noted)

    def tagger_alone(self, weights: Path, cache_dir: Path) -> "TaggerAlone":
        return TaggerAlone(OnnxNeedTagger(TaggerFile(weights, _sha256(weights)), cache_dir))

    def random_marks(self) -> PortContender:
        """The ablation of the tagger: all else as it is served."""
        return PortContender("random marks + rules", TaggedFormulator(RandomMarks(), self.rules().formulator, self.mender, sure_from=0.0))

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
        noted = Noted(self.mender)
        return PortContender(model.name, ModelFormulator(model, noted, max_tokens=max_tokens, long_prompt=long_prompt), noted)


async def collected(formulator: Formulator, request: FormulationRequest, *, clock: Callable[[], float] = time.perf_counter) -> Formulated:
    """Everything that the formulator says; a failure keeps what came before it."""
    started = clock()
    query, attributes, usage, failure, led, fell_back = "", Attributes(), Usage(), None, False, False
    categories: dict[int, ProposedCategory] = {}
    query_ms = first_ms = 0.0
    try:
        async for event in formulator.formulate(request):
            spent = (clock() - started) * 1000
            if isinstance(event, QueryFormulated):
                query, attributes, led, query_ms = event.query, event.attributes, event.led, spent
            elif isinstance(event, CategoryFormulated):
                first_ms = first_ms or spent
                categories[event.index] = event.category
            elif isinstance(event, CategoryExplained) and event.index in categories:
                categories[event.index] = categories[event.index].model_copy(update={"explanation": event.explanation})
            elif isinstance(event, FormulationFinished):
                usage, fell_back = event.report.usage, bool(event.report.degraded)
    except (BadModelOutput, ModelUnavailable) as error:
        failure = str(error)
    return Formulated(
        query=query, attributes=attributes, proposal=Proposal(categories=tuple(categories[i] for i in sorted(categories))), usage=usage,
        query_ms=query_ms, first_ms=first_ms, total_ms=(clock() - started) * 1000, failure=failure,
        led=led, fell_back=fell_back or failure is not None,
    )  # fmt: skip


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
