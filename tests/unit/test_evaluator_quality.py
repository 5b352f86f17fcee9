"""Does a turn's score say what went wrong, and does the report show it without being led by a shopper's words?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.feedback import Feedback, FeedbackKind
from domain.recorded import RecordedTurn, ShownSection
from evaluator.quality import KEYS, grouped, quality_of, worst
from evaluator.quality_report import write_report

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOWN = (ShownSection(category="Mugs", products=("mug",), titles=("Birch Mug",)),)


def turn(turn_id: str = "t", **more: Any) -> RecordedTurn:
    given = {"message": "red mug", "intents": ("search",), "total_ms": 90.0, "shown": SHOWN, "model": "rules"} | more
    return RecordedTurn(turn_id=turn_id, session_id="s", at=given.pop("at", AT), **given)


def said(kind: FeedbackKind, value: float | None = None) -> Feedback:
    return Feedback(session_id="s", turn_id="t", kind=kind, value=value, at=AT)


@pytest.mark.parametrize(
    ("worse", "reason"),
    [
        (turn(failed_checks=("within_price",)), "within_price"),
        (turn(failed_checks=("answers_what_was_asked",)), "nothing was found"),
        (turn(feedback=(said("thumb", -1),)), "thumb down"),
        (turn(feedback=(said("dismiss"),)), "dismissed"),
        (turn(total_ms=2_500.0), "2500 ms"),
        (turn(degraded=("rules",)), "rules stepped in"),
        (turn(error="IndexUnavailable: gone"), "IndexUnavailable: gone"),
    ],
)
def test_each_thing_that_went_wrong_costs_and_is_told(worse: RecordedTurn, reason: str) -> None:
    quality = quality_of(worse)
    assert quality.score < quality_of(turn()).score == 1
    assert any(reason in told for told in quality.reasons)


def test_what_the_shopper_did_speaks_for_a_turn_once() -> None:
    late: dict[str, Any] = {"total_ms": 5_000.0, "failed_checks": ("safe",)}
    plain = quality_of(turn(**late)).score
    liked = quality_of(turn(**late, feedback=(said("click"), said("purchase"), said("thumb", 1)))).score
    assert liked == pytest.approx(plain + 0.2)


def test_a_failed_turn_is_worth_nothing_whatever_was_clicked() -> None:
    assert quality_of(turn(error="boom", feedback=(said("purchase"),))).score == 0


def test_groups_count_what_was_shown_clicked_and_bought() -> None:
    bought = turn("a", feedback=(said("click"), said("purchase")))
    talk = turn("b", intents=("small_talk",), shown=(), model="none")
    by_intent = {group.name: group for group in grouped([bought, turn("c"), talk], KEYS["intent"], {"a": 4.0})}
    assert (by_intent["search"].turns, by_intent["search"].clicked, by_intent["search"].bought) == (2, 0.5, 0.5)
    assert by_intent["search"].judged == 4.0 and by_intent["small_talk"].judged is None
    assert by_intent["small_talk"].clicked is None, "nothing was shown that could be clicked"


def test_the_worst_come_first_and_good_turns_not_at_all() -> None:
    found = worst([turn("good"), turn("slow", total_ms=9_000.0), turn("broken", error="boom")], 5)
    assert [quality.turn.turn_id for quality in found] == ["broken", "slow"]


def test_the_report_stands_with_its_plots_and_no_words_break_its_tables(tmp_path: Path) -> None:
    hostile = turn("h", message="mug | <script>alert(1)</script>\n| 1 | [x](javascript:y) |", failed_checks=("safe",))
    report = write_report([hostile, turn("d", at=AT + timedelta(days=1))], {}, tmp_path).read_text()
    assert all((tmp_path / f"by-{name}.svg").read_text().count("<svg") == 1 for name in KEYS)
    row = next(line for line in report.splitlines() if "alert" in line)
    assert row.count("|") == 7 and "<script" not in row and "](" not in row
    assert "2026-03-01" in report and "2026-03-02" in report


def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    assert "No turn was recorded" in write_report([], {}, tmp_path).read_text()
