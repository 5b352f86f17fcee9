"""Which sections leave, in what order, with what in them?"""

from agents.assembling import FIRST_SECTION, LATER_SECTIONS, SectionAssembler
from domain.reply import SectionView
from domain.search import RankedProduct
from tests.turn_kit import product


def goods(*names: str) -> tuple[RankedProduct, ...]:
    return tuple(RankedProduct(product=product(name, f"Mug {name}", kind="Mugs"), score=1.0, why="") for name in names)


def shown(section: SectionView) -> list[str]:
    return [p.product_id for p in section.products]


def test_a_later_category_waits_until_those_before_it_are_there() -> None:
    sent: list[SectionView] = []
    assembler = SectionAssembler(sent.append)
    assembler.offer(1, "Second", None, goods("b"))
    assert sent == []
    assembler.offer(0, "First", None, goods("a"))
    assert [s.category for s in sent] == ["First", "Second"]


def test_no_product_stands_in_two_sections() -> None:
    assembler = SectionAssembler(lambda view: None)
    assembler.offer(0, "First", None, goods("a", "b"))
    assembler.offer(1, "Second", None, goods("b", "c"))
    assert [shown(s) for s in assembler.views()] == [["a", "b"], ["c"]]


def test_ordinals_count_over_the_whole_reply() -> None:
    assembler = SectionAssembler(lambda view: None)
    assembler.offer(0, "First", None, goods("a", "b"))
    assembler.offer(1, "Second", None, goods("c"))
    assert [p.ordinal for s in assembler.views() for p in s.products] == [1, 2, 3]


def test_each_section_has_a_quota_of_its_own() -> None:
    assembler = SectionAssembler(lambda view: None)
    assembler.offer(0, "First", None, goods(*(f"a{i}" for i in range(20))))
    assembler.offer(1, "Second", None, goods(*(f"b{i}" for i in range(20))))
    assert [len(s.products) for s in assembler.views()] == [FIRST_SECTION, LATER_SECTIONS]


def test_an_empty_category_shows_nothing_and_holds_nobody_up() -> None:
    sent: list[SectionView] = []
    assembler = SectionAssembler(sent.append)
    assembler.offer(0, "Nothing", None, ())
    assembler.offer(1, "Something", None, goods("a"))
    assert [s.category for s in sent] == ["Something"]


def test_a_place_that_never_comes_does_not_lose_those_behind_it() -> None:
    sent: list[SectionView] = []
    assembler = SectionAssembler(sent.append)
    assembler.offer(2, "Third", None, goods("a"))
    assembler.finish()
    assert [s.category for s in sent] == ["Third"]


def test_what_was_sent_is_what_the_reply_shows() -> None:
    sent: list[SectionView] = []
    assembler = SectionAssembler(sent.append)
    assembler.offer(0, "First", None, goods("a", "b"))
    assembler.offer(1, "Second", None, goods("c"))
    assembler.explain({"First": "For your mornings."})
    assert [s.products for s in assembler.views()] == [s.products for s in sent]
    assert assembler.views()[0].explanation == "For your mornings."
