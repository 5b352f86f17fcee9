"""Does a scenario notice what is wrong with a reply, and is a broken server told from a bad answer?"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conversations import Played, pass_hat_k
from domain.errors import IndexUnavailable
from domain.events import StreamEvent, TurnFinished
from domain.filters import Filters
from domain.reply import Check, Comparison, ProductView, Reply, SectionView, TaskView
from domain.search import Candidate
from domain.turn import Received
from evaluator.naming import Names, evidence_of
from evaluator.playing import Outcome, play
from evaluator.relevance import relevant
from evaluator.scenario import Expectation, Scenario, load_scenarios, misses
from tests.turn_kit import product

MUG = ProductView.of(product("mug", "Birch Mug", "20", kind="Mugs", colors=("red",), features=("dishwasher safe",)), ordinal=1)


def reply(**more: Any) -> Reply:
    """A good answer to "a red mug under $30", but for what a test changes. Not a search, so that no proposal is due."""
    task = TaskView(kind="question", request="red mug", filters=Filters.model_validate({"color": ("red",), "price_max": "30"}))
    given = {
        "plan": (task,),
        "sections": (SectionView(category="Mugs", explanation=None, products=(MUG,)),),
        "text": "Here is a mug.",
    } | more
    return Reply(turn_id="t", session_id="s", **given)


@pytest.mark.parametrize(
    ("met", "missed"),
    [
        ({"kinds": ["question"]}, {"kinds": ["search"]}),
        ({"request_has": ["mug"]}, {"request_has": ["tent"]}),
        ({"filters": {"price_max": "30"}}, {"filters": {"price_max": "25"}}),
        ({"filters": {"size": None}}, {"filters": {"color": None}}),
        ({"filters": {"color": ["red"]}}, {"filters": {"color": ["blue"]}}),
        ({"products_min": 1}, {"products_min": 2}),
        ({"all": {"title_has": ["mug"]}}, {"all": {"title_has": ["tent"]}}),
        ({"all": {"price_max": 20}}, {"all": {"price_max": 19}}),
        ({"all": {"price_min": 20}}, {"all": {"price_min": 21}}),
        ({"any": {"color": "red"}}, {"any": {"color": "blue"}}),
        ({"any": {"says": ["dishwasher"]}}, {"any": {"says": ["microwave"]}}),
        ({"none": {"title_has": ["tent"]}}, {"none": {"title_has": ["mug"]}}),
        ({"sections_named": ["mugs"]}, {"sections_named": ["tents"]}),
        ({"sections_min": 1}, {"sections_min": 2}),
        ({"text_has": ["mug", "cup"]}, {"text_has": ["cup"]}),
        ({"text_lacks": ["cup"]}, {"text_lacks": ["mug"]}),
        ({}, {"no_products": True}),
        ({}, {"suggests": True}),
        ({}, {"comparison": True}),
        ({}, {"cites": ["returns"]}),
    ],
)  # fmt: skip
def test_each_expectation_is_met_by_a_good_reply_and_missed_by_another(met: dict[str, Any], missed: dict[str, Any]) -> None:
    assert misses(Expectation.model_validate(met), reply()) == []
    assert len(misses(Expectation.model_validate(missed), reply())) == 1


def test_a_failed_check_is_a_miss_whatever_was_expected() -> None:
    assert misses(Expectation(), reply(checks=(Check(name="grounded", passed=False, reason="made up"),)))


def test_saying_nothing_is_a_miss_whatever_was_expected() -> None:
    assert misses(Expectation(), reply(text=" "))


def test_a_search_without_a_proposal_is_a_miss() -> None:
    searched = TaskView(kind="search", request="mug", filters=Filters())
    assert misses(Expectation(), reply(plan=(searched,))) == ["0 proposed categories"]


def test_a_comparison_that_is_there_is_seen() -> None:
    assert misses(Expectation(comparison=True), reply(comparison=Comparison(product_ids=("a", "b"), rows=()))) == []


def test_two_scenarios_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {name: same, theme: typos, turns: []}\n- {name: same, theme: typos, turns: []}\n")
    with pytest.raises(ValueError, match="same"):
        load_scenarios(tmp_path)


def test_a_misspelt_expectation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {name: n, theme: typos, turns: [{say: hi, expect: {prodcuts_min: 1}}]}\n")
    with pytest.raises(ValueError, match="prodcuts_min"):
        load_scenarios(tmp_path)


class Scripted:
    """Gives these replies in order; an error among them is raised."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)

    async def answer(self, received: Received) -> AsyncIterator[StreamEvent | TurnFinished]:
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        yield TurnFinished(said, received.session)


TWO_TURNS = Scenario.model_validate(
    {"name": "n", "theme": "typos", "turns": [{"say": "one", "expect": {"text_has": ["cup"]}}, {"say": "two", "expect": {}}]}
)


async def test_a_bad_answer_is_a_miss_and_the_conversation_goes_on() -> None:
    outcome = await play(Scripted(reply(), reply()), TWO_TURNS)
    assert not outcome.passed and outcome.failure is None and len(outcome.replies) == 2
    assert outcome.misses[0].startswith("'one': text lacks")


async def test_what_breaks_underneath_is_no_bad_answer() -> None:
    outcome = await play(Scripted(reply(text="a cup"), IndexUnavailable("the index is gone")), TWO_TURNS)
    assert not outcome.passed and outcome.misses == () and "IndexUnavailable" in (outcome.failure or "")


@pytest.mark.parametrize(
    ("title", "query", "kind", "dense", "fits"),
    [
        ("Birch Mug", "coffee mug", "mugs", 0.3, True),
        ("Birch Mug", "tent", "tents", 0.3, False),
        ("Birch Mug", "coffee mug", "mugs", 0.1, False),
        ("Birch Mug", "flurbatron 9000", None, 0.4, False),
        ("Birch Mug", "mug", None, 0.4, True),
        ("Birch Mug", "something to drink from", None, 0.6, True),
    ],
)
def test_a_candidate_is_about_the_need_or_it_is_not(title: str, query: str, kind: str | None, dense: float, fits: bool) -> None:
    candidate = Candidate(product=product("p", title, kind="Mugs"), score=0.9, dense=dense)
    assert relevant(candidate, query, wanted_type=kind) is fits


def test_a_product_named_beside_the_evidence_is_seen() -> None:
    """The longer title is one product; the shorter one within it is not named by it."""
    names = Names((product("mug", "Birch Mug", "20", kind="Mugs"), product("travel", "Birch Mug, Travel Size", "30", kind="Mugs")))
    said = reply(text="My pick is the Birch Mug, Travel Size.")
    assert names.outside_evidence(said, frozenset(["travel"])) == ()
    assert names.outside_evidence(said, frozenset(["mug"])) == ("Birch Mug, Travel Size",)
    assert names.outside_evidence(reply(text="A mug."), frozenset()) == ()
    assert evidence_of(reply()) == frozenset(["mug"])


def test_a_theme_that_nobody_counts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {name: n, theme: typo, turns: []}\n")
    with pytest.raises(ValueError, match="theme"):
        load_scenarios(tmp_path)


@pytest.mark.parametrize(
    ("passed", "played", "k", "expected"),
    [(4, 4, 4, 1.0), (3, 4, 4, 0.0), (3, 4, 1, 0.75), (2, 4, 2, 1 / 6), (0, 4, 1, 0.0), (3, 3, 4, None)],
)
def test_pass_hat_k_is_the_chance_that_k_plays_all_pass(passed: int, played: int, k: int, expected: float | None) -> None:
    assert pass_hat_k(passed, played, k) == (None if expected is None else pytest.approx(expected))


def test_a_play_that_broke_underneath_is_not_counted_as_missed() -> None:
    good, broken = Outcome(TWO_TURNS, (), ()), Outcome(TWO_TURNS, (), (), failure="the index is gone")
    assert Played(TWO_TURNS, [good, broken]).pass_hat(1) == 1.0
    assert Played(TWO_TURNS, [good, broken]).pass_hat(2) is None
