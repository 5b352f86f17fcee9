"""How is Aisle put together and started? The one composition root and the command line: ``python -m app --help``.

python -m app serve [--catalog NAME]     the page and the API
python -m app chat                       the assistant in a terminal
python -m app index FEED [--name NAME]   a product feed becomes an index
python -m app search "hiking boots"      plain product search
python -m app eval scenarios             conversation scenarios against this build
python -m app eval report [--out FOLDER] quality of the recorded turns by intent, day and model, with plots
python -m app eval judge [--share 0.1]   a judge's verdicts on a sample of the recorded turns
python -m app profiles build PURCHASES   customers' profiles from purchase histories
"""

import sys

from server.preflight import problem_with_folder, problem_with_interpreter, problem_with_port

_problem = problem_with_interpreter()
if not _problem and __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    from contextlib import suppress

    from config import Settings
    from server.second_start import options_of, problem_with_second_start

    # A second server is told so at once, and not after seconds of loading. Settings that cannot be read are refused below.
    with suppress(ValueError):
        _wanted = Settings.model_validate(options_of(sys.argv[2:]))
        _problem = problem_with_second_start(
            _wanted.host, _wanted.port, _wanted.state_dir, own_redis=_wanted.redis_url is None,
            catalog=_wanted.catalog if _wanted.qdrant_url is None else None,
        )  # fmt: skip
if _problem:
    # Before any dependency is imported: what is missing could not say so itself.
    raise SystemExit(f"aisle: {_problem}")

# ruff: noqa: E402
import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from agents.assistant import GraphAssistant
from agents.cart import CartAgent
from agents.checking import RelaxAgent
from agents.checkout import CheckoutAgent
from agents.compare import CompareAgent
from agents.consent import ConsentTalk
from agents.gate import Gate
from agents.learning import ProfileLearner
from agents.orchestrator import build_graph
from agents.orders import OrdersAgent
from agents.planning import PlanAgent
from agents.questions import QuestionAgent
from agents.ranking import FactRanker
from agents.relaxing import Relaxer
from agents.reply import ReplyAgent
from agents.search import SearchAgent
from agents.shop_info import ShopInfoAgent
from agents.speaking import Speaker, SpeakingAgent, plain
from agents.talk import clarify, out_of_scope, preference, small_talk, unsafe
from catalog.pictures import picture
from catalog.policy import load_policy
from catalog.purchases import history_hash, read_customers, read_purchases
from catalog.shop import DEMO_SHOP, ShopInfo
from config import Settings
from domain.errors import AisleError, IndexUnavailable, StartupError
from domain.events import TurnFinished
from domain.payment import PaymentProvider
from domain.plan import TaskKind
from domain.policy import ShopPolicy, SpendingLimits
from domain.ports import Embedder, Formulator
from domain.product import Product
from domain.recorded import RecordedTurn
from domain.session import Session
from domain.shopper import PaymentMethod
from domain.turn import Received
from domain.verdict import PARTS, Judge
from evaluator.judged_file import append_judged, read_judged
from evaluator.judging import JudgedTurn, Judging, Preferred, pairs, sampled
from evaluator.playing import Outcome, play
from evaluator.quality import KEYS, grouped, worst
from evaluator.quality_report import cells, columns, write_report
from evaluator.scenario import SCENARIOS, load_scenarios
from evaluator.word_judge import WordJudge
from memory.database import create_engine, create_tables, database_url, ping
from memory.feedback import SqlFeedback
from memory.private_redis import PrivateRedis
from memory.profiles import SqlProfiles
from memory.recorded_turns import SqlRecordedTurns
from memory.redis_limits import RedisRateLimiter
from memory.redis_sessions import RedisSessions, connect
from memory.shop_store import SqlShopStore
from memory.trace_fanout import RemoteTraceSink, TraceFanout
from memory.traces import SqlTraces
from models.divided import DividedFormulator
from models.fallback import FallbackFormulator
from models.health import Health, HealthWatch
from models.judge import ModelJudge
from models.roles import Roles, formulator_candidates, judge_models
from models.tagged import NAME as NEED_TAGGER
from models.tagged import TaggedFormulator
from planner.buying_planner import BuyingPlanner
from planner.intents import IntentReader, intent_model
from planner.mend import Mender
from planner.rule_planner import RulePlanner
from planner.rules_formulator import RulesFormulator
from planner.safety import safety_rules
from planner.unnamed import takes_language
from server.application import create_app
from server.logs import log_json
from server.services import ApiKeys, Limits, ServerServices
from server.tokens import TokenSigner
from tools.catalogs import Catalogs
from tools.need_tagger import OnnxNeedTagger
from tools.payments.local_payments import LocalPayments
from tools.payments.paypal import Credentials, PayPalPayments
from tools.payments.private_provider import PrivateProvider
from tools.profile_build import ProfileBuilder, ProfileReport
from tools.rank_trees import committed_trees
from tools.served_catalog import ServedCatalog
from tools.settlement_worker import SettlementWorker
from tools.shop import Shop, open_shop
from tools.tagger_network import TaggerFile

_FIRST_PATIENCE_S = 20.0
"""For models at a start: the very first builds the tagger's network, which takes 10 s on two cores."""
NO_REDIS = "redis://127.0.0.1:1/0"
"""For whoever carries the session in memory: never asked."""

profiles = typer.Typer(no_args_is_help=True, help="What do customers like?")
evaluation = typer.Typer(no_args_is_help=True, help="How good are the answers?")
cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
cli.add_typer(evaluation, name="eval")
cli.add_typer(profiles, name="profiles")


class SystemClock:
    """The Clock port: now, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Application:
    """A composed Aisle: nothing is open until ``running`` is entered."""

    settings: Settings
    catalog: ServedCatalog
    assistant: GraphAssistant
    services: ServerServices
    planner: RulePlanner
    formulator: Formulator
    running: Callable[[], AbstractAsyncContextManager[None]]


def build(settings: Settings, *, redis_url: str) -> Application:
    """Names every concrete adapter. ``redis_url`` is the configured server's or the private one's."""
    clock = SystemClock()
    catalogs = catalogs_of(settings)
    embedder = catalogs.embedder()
    catalog = catalogs.serve(settings.catalog, rebuild=catalogs.build_demo if settings.catalog == "demo" else None)
    engine = create_engine(database_url(_plain(settings.database_url), settings.state_dir))
    client, hasty_client = connect(redis_url), connect(redis_url, patient=False)
    sessions = RedisSessions(client, clock, ttl_s=settings.session_ttl_s)
    stored = SqlTraces(engine, keep_days=settings.trace_days)
    sinks = trace_sinks(settings)
    traces = TraceFanout(stored, *sinks) if sinks else stored
    planner = RulePlanner(lambda: catalog.vocabulary, safety_rules(), IntentReader(embedder, intent_model()))
    catalog.prepare = planner.prepared
    rules = RulesFormulator(planner.lexicon)
    roles, folder, mender = Roles.load(settings.models_file), settings.models_file.parent, Mender(planner.lexicon, safety_rules())
    candidates = formulator_candidates(
        roles, folder=folder, mend=mender, openai_key=_plain(settings.openai_api_key), nvidia_key=_plain(settings.nvidia_api_key)
    )
    formulator: Formulator = FallbackFormulator(candidates, rules) if candidates else rules
    if candidates and roles.formulator_asked == "unnamed":
        formulator = DividedFormulator(formulator, rules, lambda request: takes_language(request, planner.lexicon()))
    health = [candidate.health for candidate in candidates if candidate.health]
    if roles.tagger:
        tagger = OnnxNeedTagger(TaggerFile(folder / roles.tagger.file, roles.tagger.sha256), catalogs.cache_dir)
        tagger_health = Health(NEED_TAGGER, tagger.check, role="tagger")
        formulator = TaggedFormulator(tagger, formulator, mender, sure_from=roles.tagger.sure_from, health=tagger_health)
        health.append(tagger_health)
    watch = HealthWatch(health)
    ranker = FactRanker(planner.lexicon, trees=committed_trees() if settings.ranker == "learned" else None)
    relaxer = Relaxer(embedder, catalog, ranker, planner.lexicon)
    gate = Gate(catalog, _is_safe)
    policy = load_policy(settings.policy_file)
    till = till_of(settings, policy)
    shop = open_shop(
        SqlShopStore(engine), catalog, clock, policy=policy, providers={till.provider.name: till.provider}, methods=(till.method,),
        limits=SpendingLimits(per_order=settings.spend_per_order, per_turn=settings.spend_per_turn, per_day=settings.spend_per_day),
    )  # fmt: skip
    settler = SettlementWorker.of(shop.settlement)
    graph = build_graph(
        plan=PlanAgent(BuyingPlanner(planner, shop.consent.asked)),
        search=SearchAgent(formulator, embedder, catalog, ranker, gate),
        relax=RelaxAgent(relaxer, gate),
        speak=SpeakingAgent(_speakers(catalog, shop, embedder)),
    )
    assistant = GraphAssistant(graph, ReplyAgent(catalog, _is_safe, shop.consent.waiting), traces, clock)

    customers = SqlProfiles(engine)
    services = ServerServices(
        assistant=assistant, sessions=sessions, turns=sessions, limiter=RedisRateLimiter(hasty_client, clock), catalog=catalog,
        embedder=embedder, traces=stored, feedback=SqlFeedback(engine), clock=clock,
        signer=TokenSigner(_secret(settings, "token_key").encode()),
        keys=ApiKeys(*(_secret(settings, f"{kind}_key") for kind in ("shop", "merchant", "operator"))),
        limits=Limits(
            new_sessions_per_minute=settings.new_sessions_per_minute, requests_per_minute=settings.requests_per_minute,
            max_body_bytes=settings.max_body_bytes, turn_timeout_s=settings.turn_timeout_s, session_ttl_s=settings.session_ttl_s,
        ),
        checks={"index": catalog.check, "redis": sessions.ping, "database": partial(ping, engine), "settlement": settler.check},
        roles=lambda: {"planner": "rules", "formulator": watch.playing(), "ranker": settings.ranker, "writer": "rules"},
        degraded=watch.degraded, picture=drawn_picture, shop=shop, profiles=customers,
        learner=ProfileLearner(customers, catalog, planner.lexicon, clock),
    )  # fmt: skip

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        catalog.open()
        await asyncio.to_thread(planner.prepare)
        await create_tables(engine)
        # Loads what is embedded; what takes longer than this patience goes on loading behind it.
        await watch.ask(patience_s=_FIRST_PATIENCE_S)
        watching = asyncio.create_task(watch.run(), name="model health")
        settling = settler.start()
        try:
            yield
        finally:
            for task in (settling, watching):
                task.cancel()
            await asyncio.wait({settling, watching})
            await till.close()
            await asyncio.gather(*(sink.close() for sink in sinks))
            await sessions.close()
            await hasty_client.aclose()
            await engine.dispose()
            catalog.close()

    return Application(settings, catalog, assistant, services, planner, formulator, running)


@dataclass(frozen=True)
class Till:
    """Who takes the money, the way to pay that everybody has, and how to let go of both."""

    provider: PaymentProvider
    method: PaymentMethod
    close: Callable[[], Awaitable[None]]


def till_of(settings: Settings, policy: ShopPolicy) -> Till:
    """The local test provider, whose process starts with the first payment, or PayPal; StartupError without its credentials."""
    if settings.payments == "test":
        process = PrivateProvider(settings.state_dir / "payments")
        local = LocalPayments.connect(process.url, process.key, timeout_s=settings.payment_timeout_s)

        async def close() -> None:
            await local.close()
            await asyncio.to_thread(process.stop)

        return Till(local, policy.demo.method, close)
    secret = _plain(settings.paypal_client_secret)
    if not settings.paypal_client_id or not secret:
        raise StartupError("payments by PayPal need AISLE_PAYPAL_CLIENT_ID and AISLE_PAYPAL_CLIENT_SECRET")
    paypal = PayPalPayments.connect(
        settings.paypal_url, Credentials(settings.paypal_client_id, secret, settings.paypal_webhook_id),
        return_url=settings.paypal_return_url, timeout_s=settings.payment_timeout_s,
    )  # fmt: skip
    method = PaymentMethod(method_id="paypal", kind="paypal", label="PayPal", provider="paypal")
    return Till(paypal, method, paypal.close)


def trace_sinks(settings: Settings) -> list[RemoteTraceSink]:
    """Where runs are sent besides the database: LangSmith and an OpenTelemetry collector, as configured."""
    sinks: list[RemoteTraceSink] = []
    if settings.langsmith_tracing:
        from memory.langsmith_traces import LangSmithTraces

        key = _plain(settings.langsmith_api_key)
        sinks.append(LangSmithTraces(endpoint=settings.langsmith_endpoint, api_key=key, project=settings.langsmith_project))
    if settings.otlp_endpoint:
        from memory.otlp_traces import OtlpTraces

        sinks.append(OtlpTraces.connect(settings.otlp_endpoint, headers=_plain(settings.otlp_headers)))
    return sinks


def catalogs_of(settings: Settings) -> Catalogs:
    """The named indexes of this installation."""
    return Catalogs(settings.state_dir, settings.qdrant_url, _plain(settings.qdrant_api_key))


def prepare_index(settings: Settings) -> None:
    """Builds the demo index where it is missing or of another catalogue; any other index must be there already."""
    catalogs = catalogs_of(settings)
    if settings.catalog == "demo":
        catalogs.build_demo()
    elif catalogs.home(settings.catalog).current_id() is None:
        fix = f"python -m app index FEED --name {settings.catalog}"
        raise IndexUnavailable(f"there is no index {settings.catalog!r}; build it with `{fix}`")


def drawn_picture(product: Product) -> str | None:
    """An SVG for products whose picture this server draws."""
    return picture(product) if (product.image_url or "").startswith("/pictures/") else None


# ---- commands


@cli.command()
def serve(
    catalog: Annotated[str | None, typer.Option(help="Name of the index to serve.")] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Serves the page and the API until Ctrl-C."""
    import uvicorn

    # SIGTERM unwinds like Ctrl-C, at any moment: else the private Redis would be left behind.
    signal.signal(signal.SIGTERM, _exit)
    settings = _settings(catalog=catalog, host=host, port=port)
    _stop_on(problem_with_folder(settings.state_dir) or problem_with_port(settings.host, settings.port))
    log_json(settings.log_level)
    prepare_index(settings)
    private = None if settings.redis_url else PrivateRedis(settings.state_dir / "redis")
    url = private.start() if private else _plain(settings.redis_url)
    assert url is not None
    try:
        application = build(settings, redis_url=url)
        web = create_app(application.services, lifespan=application.running)
        print(f"Aisle serves {settings.catalog!r} at http://{settings.host}:{settings.port}", flush=True)
        config = uvicorn.Config(
            web, settings.host, settings.port, log_config=None, access_log=False, timeout_graceful_shutdown=10,
            server_header=False, forwarded_allow_ips=settings.trusted_proxies,
        )  # fmt: skip
        uvicorn.Server(config).run()
    finally:
        if private:
            private.stop()


@cli.command()
def index(
    feed: Annotated[str, typer.Argument(help="A feed file, or 'demo' for the demo catalogue.")],
    name: Annotated[str | None, typer.Option(help="Name of the index; the file's name by default.")] = None,
    currency: Annotated[str, typer.Option(help="Currency of prices that name none.")] = "USD",
    rebuild: Annotated[bool, typer.Option(help="Build anew even if nothing changed.")] = False,
) -> None:
    """Builds an index from a product feed; what cannot be taken is reported row by row."""
    settings = _settings()
    _stop_on(problem_with_folder(settings.state_dir))
    if feed == "demo":
        prepare_index(settings)
        print("demo: ready")
        return
    path = Path(feed)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task(f"indexing {path.name}", total=None)
        report = catalogs_of(settings).build_from_feed(
            path, name=name or path.stem.lower(), currency=currency, rebuild=rebuild,
            progress=lambda rows: bar.update(task, completed=rows),
        )  # fmt: skip
    print(
        f"{report.name}: {report.count} products ({report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.removed} removed), {report.rejected_count} rows rejected, {report.embedded} embedded, {report.seconds:.1f} s"
    )
    for rejection in report.rejected[:10]:
        print(f"  line {rejection.line}: {rejection.field} = {rejection.value!r}: {rejection.reason}")


@cli.command()
def search(
    query: str,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    catalog: Annotated[str | None, typer.Option(help="Name of the index.")] = None,
) -> None:
    """Plain product search, without a conversation."""
    from domain.filters import Filters
    from domain.search import HybridQuery

    async def run() -> None:
        settings = _settings(catalog=catalog)
        prepare_index(settings)
        served, embedder = catalogs_of(settings).serve(settings.catalog), catalogs_of(settings).embedder()
        served.open()
        vector = (await embedder.embed([query]))[0]
        found = await served.retrieve(HybridQuery(text=query, vector=vector), Filters(), limit=limit)
        for candidate in found.candidates:
            product = candidate.product
            print(f"{candidate.score:.2f}  {product.price or '-'!s:>10}  {product.title}  [{product.product_id}]")
        served.close()

    asyncio.run(run())


@cli.command()
def chat(catalog: Annotated[str | None, typer.Option(help="Name of the index.")] = None) -> None:
    """Talks with the assistant in the terminal; an empty line ends."""
    settings = _settings(catalog=catalog)
    _stop_on(problem_with_folder(settings.state_dir))
    log_json(settings.log_level)
    prepare_index(settings)

    async def run() -> None:
        application = build(settings, redis_url=NO_REDIS)
        console = Console()
        async with application.running():
            await _talk(application, console)

    asyncio.run(run())


@profiles.command("build")
def build_profiles(
    purchases: Annotated[Path, typer.Argument(help="Purchase histories, JSON Lines or Parquet; see docs/profiles.md.")],
    customers: Annotated[Path | None, typer.Option(help="What you know of customers, JSON Lines or Parquet.")] = None,
    catalog: Annotated[str | None, typer.Option(help="The index that describes products where the history does not.")] = None,
) -> None:
    """Builds customers' profiles from what they bought; what they corrected is kept. Cut off, it goes on where it was."""
    settings = _settings(catalog=catalog)
    _stop_on(problem_with_folder(settings.state_dir))
    source = history_hash(*(path for path in (purchases, customers) if path is not None))
    prepare_index(settings)

    async def run(bar: Progress) -> ProfileReport:
        served = catalogs_of(settings).serve(settings.catalog)
        engine = create_engine(database_url(_plain(settings.database_url), settings.state_dir))
        task = bar.add_task("profiles", total=None)
        served.open()
        try:
            await create_tables(engine)
            today = datetime.now(UTC).date()
            return await ProfileBuilder(SqlProfiles(engine), served).build(
                read_purchases(purchases, today=today), read_customers(customers) if customers else (), source=source, today=today,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        finally:
            served.close()
            await engine.dispose()

    with Progress(SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        report = asyncio.run(run(bar))
    print(
        f"{report.built} profiles built, {report.unchanged} unchanged, {report.opted_out} customers opted out; "
        f"{report.purchases} purchases, {report.unknown_products} of unknown products, {len(report.refused)} rows refused"
    )
    for refused in report.refused[:10]:
        print(f"  row {refused.row}: {refused.field}: {refused.reason}")


@evaluation.command("scenarios")
def evaluate_scenarios(
    theme: Annotated[str | None, typer.Option(help="Only scenarios of this theme.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the scenarios stand.")] = SCENARIOS,
) -> None:
    """Plays the conversation scenarios on this build and tells every miss; exit code 1 when one is no known gap."""
    settings = _settings(catalog="demo")
    _stop_on(problem_with_folder(settings.state_dir))
    log_json("error")
    prepare_index(settings)
    scenarios = [s for s in load_scenarios(folder) if theme in (None, s.theme)]

    async def run() -> list[Outcome]:
        application = build(settings, redis_url=NO_REDIS)
        async with application.running():
            return [await play(application.assistant, scenario) for scenario in scenarios]

    outcomes = asyncio.run(run())
    surprising = [outcome for outcome in outcomes if not outcome.passed and outcome.scenario.gap is None]
    for outcome in surprising:
        print(f"{outcome.scenario.theme}: {outcome.scenario.name}")
        print(*(f"  {miss}" for miss in (outcome.failure, *outcome.misses) if miss), sep="\n")
    for outcome in outcomes:
        if outcome.scenario.gap is not None:
            print(f"{'gap closed' if outcome.passed else 'known gap'}: {outcome.scenario.name}: {outcome.scenario.gap}")
    print(f"{sum(outcome.passed for outcome in outcomes)} of {len(outcomes)} scenarios as expected")
    raise typer.Exit(1 if surprising else 0)


@evaluation.command("report")
def evaluation_report(
    out: Annotated[Path, typer.Option(help="Folder of the report and its plots.")] = Path("out/eval-report"),
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
) -> None:
    """Shows the quality of the recorded turns by intent, day and model, names the worst, and writes a report with plots."""
    settings = _settings()
    turns = asyncio.run(_recorded(settings, days=days))
    judged = {turn_id: verdict.mean for turn_id, verdict in read_judged(_judged_file(settings)).items()}
    # A file or a pipe has no width: nothing is cut there.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    for name, key in KEYS.items():
        table = Table(*columns(), title=f"Turns by {name}", title_justify="left")
        for group in grouped(turns, key, judged):
            table.add_row(*map(str, cells(group)))
        console.print(table)
    for quality in worst(turns, 10):
        console.print(f"{quality.score} {quality.turn.message[:70]!r}: {'; '.join(quality.reasons)}", markup=False, highlight=False)
    print(f"{len(turns)} turns; the report stands in {write_report(turns, judged, out)}")


@evaluation.command("judge")
def evaluation_judge(
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of the recorded searches that is judged.")] = 0.1,
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="Turns, and pairs of turns, at most.")] = 200,
) -> None:
    """Lets the judge's role judge a sample of the recorded searches in three parts, and turns that answered the same words otherwise."""
    settings = _settings()
    file = _judged_file(settings)
    turns = asyncio.run(_recorded(settings, days=days))
    done = read_judged(file)
    fresh = [turn for turn in sampled(turns, share) if turn.turn_id not in done][:limit]

    async def run() -> tuple[list[JudgedTurn], list[Preferred]]:
        verdicts = [verdict for turn in fresh if (verdict := await judging.turn(turn)) is not None]
        append_judged(file, verdicts)
        compared = [await judging.pair(*pair) for pair in list(pairs(turns))[:limit]]
        return verdicts, [choice for choice in compared if choice is not None]

    judging = Judging(_judges(settings))
    verdicts, choices = asyncio.run(run())
    print(f"{len(verdicts)} of {len(fresh)} turns judged; they stand in {file}")
    for part in PARTS:
        scores = [verdict.scores[part] for verdict in verdicts if part in verdict.scores]
        by = sorted({verdict.judges[part] for verdict in verdicts if part in verdict.judges})
        print(
            f"  {part}: {sum(scores) / len(scores):.2f} of 5 over {len(scores)}, by {', '.join(by)}"
            if scores
            else f"  {part}: nobody judged it"
        )
    if choices:
        consistent = [choice for choice in choices if choice.winner != "inconsistent"]
        newer = sum(choice.winner == "first" for choice in consistent)
        older = sum(choice.winner == "second" for choice in consistent)
        same = f"{len(consistent)} of {len(choices)} judged the same in both orders"
        print(f"  answers to the same words: newer better {newer}, older better {older}; {same}")
    for failure, count in judging.failures.most_common():
        print(f"  not answered: {failure} ({count})")


def _judges(settings: Settings) -> list[Judge]:
    """The models of the role, and below them words and meaning."""
    roles, folder = Roles.load(settings.models_file), settings.models_file.parent
    models = judge_models(roles, folder=folder, openai_key=_plain(settings.openai_api_key), nvidia_key=_plain(settings.nvidia_api_key))
    return [*(ModelJudge(model) for model in models), WordJudge(catalogs_of(settings).embedder())]


async def _recorded(settings: Settings, *, days: int) -> tuple[RecordedTurn, ...]:
    engine = create_engine(database_url(_plain(settings.database_url), settings.state_dir))
    try:
        await create_tables(engine)
        return await SqlRecordedTurns(engine).since(datetime.now(UTC) - timedelta(days=days))
    finally:
        await engine.dispose()


def _judged_file(settings: Settings) -> Path:
    return settings.state_dir / "judged.jsonl"


async def _talk(application: Application, console: Console) -> None:
    now = datetime.now(UTC)
    session = Session(session_id="terminal", created_at=now, expires_at=now + timedelta(days=1))
    while message := (await asyncio.to_thread(_asked, console)).strip():
        received = Received(turn_id=secrets.token_hex(8), message=message, at=datetime.now(UTC), session=session)
        async for event in application.assistant.answer(received):
            if isinstance(event, TurnFinished):
                session = event.session
                console.print(f"[bold green]aisle[/] {event.reply.text}", highlight=False)
                for section in event.reply.sections:
                    console.print(f"  [bold]{section.category}[/]", highlight=False)
                    for product in section.products:
                        console.print(f"   {product.ordinal}. {product.title}  {product.price or ''}", markup=False, highlight=False)


def _asked(console: Console) -> str:
    try:
        return console.input("[bold]you[/] ")
    except EOFError:
        return ""


# ---- small things


def _speakers(catalog: ServedCatalog, shop: Shop, embedder: Embedder) -> dict[TaskKind, Speaker]:
    return {
        "small_talk": plain(small_talk), "out_of_scope": plain(out_of_scope), "unsafe": plain(unsafe), "clarify": plain(clarify),
        "preference": plain(preference), "compare": CompareAgent(catalog), "question": QuestionAgent(catalog),
        "shop_question": ShopInfoAgent(ShopInfo.load(DEMO_SHOP), embedder),
        "cart": CartAgent(shop), "checkout": CheckoutAgent(ConsentTalk(shop)), "order": OrdersAgent(ConsentTalk(shop)),
    }  # fmt: skip


@lru_cache(maxsize=8_000)
def _is_safe(text: str) -> bool:
    """Of a product's text; the same products come up again and again."""
    return safety_rules().danger(text) is None


def _settings(**given: object) -> Settings:
    """The settings, with what the command line says; StartupError names the first variable that cannot be read."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        variable = name if name.isupper() else f"AISLE_{name.upper()}"
        raise StartupError(f"{variable}={first['input']!r}: {first['msg']}") from None


def _secret(settings: Settings, name: str) -> str:
    """The configured secret, or one made once and kept in the state folder, readable by this user only."""
    configured = _plain(getattr(settings, name))
    if configured:
        return configured
    file = settings.state_dir / "secrets" / name
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, secrets.token_urlsafe(32).encode())
        os.close(handle)
    return file.read_text().strip()


def _plain(secret: object) -> str | None:
    return None if secret is None else secret.get_secret_value()  # type: ignore[attr-defined]


def _exit(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _stop_on(problem: str | None) -> None:
    if problem:
        raise StartupError(problem)


def main() -> None:
    """Runs a command; what we raise on purpose is one line and exit code 1."""
    try:
        cli()
    except AisleError as error:
        raise SystemExit(f"aisle: {error}") from None


if __name__ == "__main__":
    main()
