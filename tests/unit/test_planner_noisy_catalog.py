"""Is a message still read as one search where the catalogue's own lists are noisy: sellers' keys as colours, odd leaves as types?"""

import pytest

from catalog.vocabulary import TypeFacts, Vocabulary
from planner.rule_planner import RulePlanner
from planner.safety import safety_rules
from tests.planner_kit import a_session

TYPES = (
    "dresses", "controllers", "sets", "tea", "mirrors", "baker racks", "china cabinets", "pendants & chandeliers",
    "cover ups", "chargers", "loafers",
)  # fmt: skip


def vocabulary() -> Vocabulary:
    """Words as a large marketplace's feed has them: colour lists hold materials, keys and whatever sellers typed."""
    types = {name: TypeFacts(name=name, label=name.title(), path=("Shop", name.title()), count=20) for name in TYPES}
    types |= {"casual shirts": TypeFacts(name="casual shirts", label="Casual Shirts", path=("Shop", "Casual Shirts"), count=9)}
    return Vocabulary(
        count=400,
        colors={"black": 60, "green": 9, "white": 9, "steel": 1, "oak": 4, "a pink": 2, "china": 1, "59x79": 1},
        materials={"stainless steel": 30, "oak": 12, "polyester": 20},
        features={"wireless": 20, "bluetooth": 20},
        types=types,
        words={"steel": 40, "oak": 10, "china": 12, "black": 80},
    )


PLANNER = RulePlanner(vocabulary=vocabulary, safety=safety_rules())

COLORS: dict[str, tuple[str, ...] | None] = {
    "baker's racks with stainless steel": None,
    "mirrors with steel frame": None,
    "an oak mirror": None,
    "china cabinets": None,
    "loafers with white soles": None,
    "mirrors with green tea": None,
    "a pink mirror": ("pink",),
    "a black mirror with steel frame": ("black",),
    "an oak colored mirror": ("oak",),
    "a green or white mirror": ("green", "white"),
}


@pytest.mark.parametrize(("message", "colors"), COLORS.items())
def test_a_colour_is_asked_for_only_where_the_thing_is_to_have_it(message: str, colors: tuple[str, ...] | None) -> None:
    assert PLANNER.plan_now(message, a_session()).tasks[0].filters.color == colors


def test_what_a_thing_is_used_with_is_no_feature_of_it() -> None:
    assert PLANNER.plan_now("hands free chargers for wireless bluetooth", a_session()).tasks[0].filters.features == ("bluetooth",)
    assert PLANNER.plan_now("wireless chargers", a_session()).tasks[0].filters.features == ("wireless",)


SUBJECTS: dict[str, str | None] = {
    "machine wash cover ups with elastic waistband, tummy control": "cover ups",
    "dress shirts in polyester": None,
    "dining sets for dining room": None,
    "pendants and chandeliers with glass shade, clear glass": "pendants & chandeliers",
}


@pytest.mark.parametrize(("message", "subject"), SUBJECTS.items())
def test_the_thing_of_one_need_is_found_among_its_descriptions(message: str, subject: str | None) -> None:
    tasks = PLANNER.plan_now(message, a_session()).tasks
    assert [(task.kind, task.subject) for task in tasks] == [("search", subject)]
