"""Can no repair hide a model? Formulations are scored as they were written too, and who led is told."""

from benchmarks.formulation_scores import scored
from benchmarks.formulators import Noted, PortContender, RandomMarks, RandomText
from domain.events import CategoryFormulated, QueryFormulated
from domain.plan import Plan, Task
from domain.proposal import Attributes, ProposedCategory
from domain.turn import FormulationRequest
from models.formulator import ModelFormulator
from models.tagged import TaggedFormulator
from planner.mend import Mender
from planner.rules_formulator import RulesFormulator
from planner.safety import safety_rules
from tests.planner_kit import lexicon
from training.example import Example

EXAMPLE = Example.model_validate(
    {
        "id": "t-001", "group": "boots", "kind": "polite", "conversation": [{"role": "user", "text": "warm hiking boots for my wife please"}],
        "target": {
            "query": "women's warm hiking boots", "attributes": {"category": "hiking boots", "gender": "women"},
            "proposal": [{"category": "Women's Hiking Boots", "products": ["a", "b", "c", "d", "e", "f"], "explanation": "For you."}],
        },
    }
)  # fmt: skip
REQUEST = FormulationRequest(message=EXAMPLE.message, plan=Plan(tasks=(Task(kind="search", request="women's warm hiking boots"),)))


async def test_random_text_is_mended_into_the_rules_query_and_scored_as_what_it_wrote() -> None:
    noted = Noted(Mender(lexicon, safety_rules()))
    answer = await PortContender("random text", ModelFormulator(RandomText(), noted), noted).formulated(REQUEST)
    assert answer.query == "women's warm hiking boots" and not answer.led
    assert answer.unmended.query != answer.query and answer.failure is None
    mended, written = scored([EXAMPLE], [answer], safety_rules()), scored([EXAMPLE], [answer.unmended], safety_rules())
    assert mended.query_f1 == [1.0] and written.query_f1 == [0.0] and written.attribute_f1 == 0.0
    assert "gender_alignment" in written.broken


async def test_marks_drawn_by_lot_are_words_of_the_conversation_and_are_counted_as_leading() -> None:
    rules = RulesFormulator(lexicon)
    contender = PortContender("marks", TaggedFormulator(RandomMarks(share=0.9), rules, Mender(lexicon, safety_rules())))
    answer = await contender.formulated(REQUEST)
    assert answer.led and set(answer.query.split()) < set(REQUEST.message.split()) and answer.unmended is answer


def test_what_is_noted_is_what_was_written_and_not_what_leaves() -> None:
    noted = Noted(Mender(lexicon, safety_rules()))
    left = noted.query(QueryFormulated("gift cards", Attributes(color=("red",)), led=True), REQUEST)
    noted.category(CategoryFormulated(0, ProposedCategory(category="Boots", products=("same",) * 6)), REQUEST)
    assert left.query != "gift cards" and noted.heard.query == "gift cards" and noted.heard.attributes.color == ("red",)
    assert noted.heard.proposal.categories[0].products == ("same",) * 6
