"""Does the tagger read the conversation as it was trained to, and are marks made into a query and attributes as they should be?"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from config import ROOT
from domain.errors import ModelUnavailable
from domain.filters import Filters
from domain.need import TaggedNeed
from domain.plan import Plan, Task
from domain.turn import FormulationRequest
from models.roles import Roles
from tools.need_tagger import Marks, OnnxNeedTagger, need_of
from tools.need_words import MAX_TOKENS, need_input, need_tokenizer
from tools.tagger_network import GENDERS, TAGS, TaggerFile, tagger_onnx
from training.tagger_export import write_tagger


def request(message: str, *earlier: tuple[str, str], held: Filters | None = None) -> FormulationRequest:
    plan = Plan(tasks=(Task(kind="search", request=message),))
    return FormulationRequest(message=message, plan=plan, conversation=earlier, held=held or Filters())


def marks(message: str, *earlier: tuple[str, str], need: str = "", gender: str | None = None, **tags: str) -> Marks:
    """Marks as a perfect network would set them for these words."""
    read = need_input(request(message, *earlier))
    words = [w.text for w in read.words]
    return Marks(
        input=read,
        need=np.array([0.9 if w in need.split() else 0.1 for w in words], np.float32),
        tags=np.array([[0.9 if w in tags.get(tag, "").split() else 0.1 for tag in TAGS] for w in words], np.float32),
        gender=np.eye(5, dtype=np.float32)[GENDERS.index(gender)],
        query_gender=np.eye(5, dtype=np.float32)[GENDERS.index(gender)],
    )


def need(found: Marks) -> TaggedNeed:
    return need_of(found, {"need": 0.5})


def test_the_input_is_what_held_then_the_messages_each_ended() -> None:
    read = need_input(request("in blue?", ("user", "a mug"), ("assistant", "Here are mugs."), held=Filters(category="mug")))
    text = need_tokenizer().decode(list(read.ids), skip_special_tokens=False)
    assert text == "[CLS] held : mug [SEP] a mug [SEP] shop : here are mugs. [SEP] in blue? [SEP]"
    assert [need_tokenizer().id_to_token(read.ids[w.token]) for w in read.words if w.segment == read.last_segment] == ["in", "blue", "?"]


def test_of_a_long_conversation_the_end_is_kept() -> None:
    read = need_input(request("please show me a kettle", ("user", "long story " * 300), ("assistant", "I see.")))
    assert len(read.ids) <= MAX_TOKENS
    assert [w.text for w in read.words][-5:] == ["please", "show", "me", "a", "kettle"]


@pytest.mark.parametrize("message", ["🙂🙂", "a\x00b", "?", "x" * 4000, "شكرا"])
def test_any_message_can_be_read(message: str) -> None:
    assert len(need_input(request(message)).ids) <= MAX_TOKENS


def test_the_query_is_what_was_marked_each_stem_once() -> None:
    found = need(marks("boots please, brown boots, my boot is broken", need="boots brown boot"))
    assert found.query == "boots brown" and found.confidence == pytest.approx(0.8)


def test_a_gender_that_was_not_said_in_a_word_of_the_query_leads_it() -> None:
    assert need(marks("boots for my wife", need="boots", gender="women")).query == "women's boots"
    assert need(marks("women's boots", need="women's boots", gender="women")).query == "women's boots"
    assert need(marks("so what", gender="women")).query == ""


def test_neighbouring_words_are_one_value_and_others_are_their_own() -> None:
    found = need(marks("bottle green or navy jumper", need="green jumper", color="bottle green navy", category="jumper"))
    assert found.attributes.color == ("bottle green", "navy") and found.attributes.category == "jumper"


def test_a_value_never_reaches_from_one_message_into_the_next() -> None:
    found = need(marks("oak", ("user", "table"), color="table oak"))
    assert found.attributes.color == ("table", "oak")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained head over the packaged encoder, one matrix changed."""
    file = tmp_path_factory.mktemp("tagger") / "tagger.safetensors"
    chance = np.random.default_rng(1)
    heads = {
        f"{name}.{part}": chance.normal(size=shape).astype(np.float32)
        for name, rows in (("need", 1), ("tags", len(TAGS)), ("genders", 2 * len(GENDERS)))
        for part, shape in (("weight", (rows, 384)), ("bias", (rows,)))
    }
    write_tagger(file, heads, thresholds={"need": 0.5})
    return file


def file_of(path: Path) -> TaggerFile:
    return TaggerFile(path, hashlib.sha256(path.read_bytes()).hexdigest())


async def test_the_network_reads_a_message_end_to_end(weights: Path, tmp_path: Path) -> None:
    tagger = OnnxNeedTagger(file_of(weights), tmp_path)
    found = tagger.marks(request("brown hiking boots"))
    assert found.need.shape == (len(found.input.words),) and found.tags.shape == (len(found.input.words), len(TAGS))
    assert found.gender.sum() == pytest.approx(1.0, abs=1e-5)
    assert 0.0 <= (await tagger.tag(request("brown hiking boots"))).confidence <= 1.0


async def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"gone\.safetensors.*missing"):
        await OnnxNeedTagger(TaggerFile(tmp_path / "gone.safetensors", ""), tmp_path).tag(request("mug"))


def test_truncated_weights_are_refused_by_hash_and_by_form(weights: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.safetensors"
    short.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnavailable, match="have hash"):
        tagger_onnx(TaggerFile(short, file_of(weights).sha256), tmp_path)
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        tagger_onnx(file_of(short), tmp_path)


def test_weights_for_another_encoder_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    file = tmp_path / "other.safetensors"
    save_file({"need_head.bias": np.zeros(20, np.float32)}, file, {"base": "0" * 64, "thresholds": "{}"})
    with pytest.raises(ModelUnavailable, match="belong to encoder '000000000000'"):
        tagger_onnx(file_of(file), tmp_path)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> OnnxNeedTagger:
    entry = Roles.load(ROOT / "models" / "roles.yaml").tagger
    assert entry is not None
    return OnnxNeedTagger(TaggerFile(ROOT / "models" / entry.file, entry.sha256), tmp_path_factory.mktemp("shipped"))


@pytest.mark.parametrize(
    ("message", "wanted", "unwanted"),
    [
        ("hey! the tent came, thanks a lot. could you now show me waterproof hiking boots please?", {"waterproof", "hiking", "boots"}, {"tent", "thanks"}),
        ("my sister broke her leg skiing last week so i am cooking for her, i need a big stock pot", {"stock", "pot"}, {"sister", "leg", "skiing"}),
    ],
)  # fmt: skip
def test_the_shipped_weights_leave_the_story_out(shipped: OnnxNeedTagger, message: str, wanted: set[str], unwanted: set[str]) -> None:
    words = set(shipped.tag_now(request(message)).query.split())
    assert wanted <= words and not unwanted & words


def test_a_cached_network_that_was_cut_off_is_made_anew(weights: Path, tmp_path: Path) -> None:
    network, _ = tagger_onnx(file_of(weights), tmp_path)
    network.write_bytes(network.read_bytes()[:1000])
    found = OnnxNeedTagger(file_of(weights), tmp_path).marks(request("brown boots"))
    assert found.need.shape == (len(found.input.words),)


async def test_what_keeps_it_from_loading_is_told_to_everyone_who_asks(tmp_path: Path) -> None:
    tagger = OnnxNeedTagger(TaggerFile(tmp_path / "gone.safetensors", ""), tmp_path)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=r"gone\.safetensors"):
            await tagger.check()
