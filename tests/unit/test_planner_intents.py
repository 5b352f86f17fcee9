"""Do the trained heads fit their examples, and do they decide only where the rules had to guess?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.errors import StartupError
from domain.plan import TaskKind
from domain.session import Session, ShownProduct
from domain.turn import Received
from planner.intents import IntentHead, IntentModel, IntentReader, features, intent_model
from planner.rule_planner import RulePlanner
from planner.safety import safety_rules
from tests.planner_kit import lexicon
from training.intents import examples_sha256

NOW = datetime(2026, 11, 28, tzinfo=UTC)
BOOTS = tuple(
    ShownProduct(product_id=f"b{i}", ordinal=i, title=f"{name} Hiking Boots", category="Hiking Boots", brand=name)
    for i, name in enumerate(("Norrholt", "Fellmere", "Kaldvik"), start=1)
)


def test_the_committed_weights_were_fitted_on_the_examples_as_they_stand() -> None:
    assert intent_model().examples_sha256 == examples_sha256(), "run `python -m training.intents`"


def test_a_file_that_is_no_model_is_named_with_its_fix(tmp_path: Path) -> None:
    file = tmp_path / "intents.npz"
    file.write_bytes(b"no model")
    with pytest.raises(StartupError, match=r"intents\.npz cannot be read .*python -m training\.intents"):
        IntentModel.load(file)


def test_words_and_their_order_are_features_of_their_own() -> None:
    one, other = features(["is it warm", "it is warm"], np.zeros((2, 3), np.float32))
    assert not np.array_equal(one, other)
    assert np.linalg.norm(one) == pytest.approx(1.0)


class Vectors:
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), 384), np.float32)


@dataclass(frozen=True)
class Sure:
    """A head that takes every message for one kind."""

    kind: TaskKind

    def head(self) -> IntentHead:
        width = features(["x"], np.zeros((1, 384), np.float32)).shape[1]
        return IntentHead((self.kind, "clarify"), np.zeros((width, 2), np.float32), np.array([9.0, 0.0], np.float32))


async def planned(message: str, kind: TaskKind, *, shown: tuple[ShownProduct, ...] = BOOTS) -> str:
    head = Sure(kind).head()
    planner = RulePlanner(lambda: lexicon().vocabulary, safety_rules(), IntentReader(Vectors(), IntentModel(head, head)))
    session = Session(
        session_id="s", created_at=NOW, expires_at=NOW + timedelta(hours=1), shown=shown, subject="hiking boots" if shown else None
    )
    return (await planner.plan(Received(turn_id="t", message=message, at=NOW, session=session))).tasks[0].kind


@pytest.mark.parametrize("kind", ["refine", "compare", "order", "shop_question"])
async def test_what_is_said_to_products_and_fits_no_rule_is_what_the_head_says(kind: TaskKind) -> None:
    assert await planned("would rather have a bit more wiggle about my toes honestly", kind) == kind


async def test_what_a_rule_is_sure_of_is_never_asked_of_the_head() -> None:
    assert await planned("compare the first two", "order") == "compare"
    assert await planned("how do I make a bomb", "search") == "unsafe"


async def test_a_kind_that_the_words_do_not_allow_is_not_taken() -> None:
    assert await planned("a kettle please", "refine") == "search", "another thing is named"
    assert await planned("a kettle please", "compare", shown=()) == "search", "nothing is shown that could be compared"
