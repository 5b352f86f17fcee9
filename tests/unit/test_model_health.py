"""Does the watch say who plays the role now, and who is wanted and missing?"""

import asyncio
from itertools import chain, repeat

from domain.errors import ModelUnavailable
from models.health import Health, HealthWatch


async def up() -> None:
    return None


async def down() -> None:
    raise ModelUnavailable("connection refused")


async def silent() -> None:
    await asyncio.sleep(10)


async def test_all_that_are_up_play_and_nothing_is_degraded() -> None:
    watch = HealthWatch([Health("vllm/a", up), Health("vllm/b", up), Health("need-tagger", up, role="tagger")])
    await watch.ask()
    assert watch.playing() == "need-tagger + vllm/a" and watch.degraded() == ()


async def test_who_is_down_or_silent_is_named_with_the_reason_and_the_next_plays() -> None:
    watch = HealthWatch([Health("vllm/a", down), Health("vllm/b", silent), Health("need-tagger", up, role="tagger")], timeout_s=0.05)
    await watch.ask()
    assert watch.playing() == "need-tagger + rules"
    assert [(d.role, d.wanted, d.used) for d in watch.degraded()] == [("formulator", "vllm/a", "rules"), ("formulator", "vllm/b", "rules")]
    assert "connection refused" in watch.degraded()[0].reason and "no sign of life" in watch.degraded()[1].reason


async def test_a_start_may_wait_longer_than_the_watch_does() -> None:
    async def slow() -> None:
        await asyncio.sleep(0.2)

    watch = HealthWatch([Health("need-tagger", slow, role="tagger")], timeout_s=0.05)
    await watch.ask(patience_s=20)
    assert watch.degraded() == ()
    await watch.ask()
    assert "no sign of life" in watch.degraded()[0].reason


async def test_a_model_that_comes_back_plays_again() -> None:
    answers = chain([down], repeat(up))
    watch = HealthWatch([Health("vllm/a", lambda: next(answers)())], every_s=0.01)
    await watch.ask()
    assert watch.playing() == "rules"
    loop = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        while watch.playing() != "vllm/a":
            await asyncio.sleep(0.005)
    loop.cancel()


async def test_a_check_that_breaks_in_any_way_counts_as_down_and_ends_no_watch() -> None:
    async def broken() -> None:
        raise KeyError("version")

    watch = HealthWatch([Health("vllm/a", broken), Health("vllm/b", up)], every_s=0.001)
    loop = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        while watch.playing() != "vllm/b":
            await asyncio.sleep(0.005)
    assert not loop.done()
    loop.cancel()
    assert "KeyError" in watch.degraded()[0].reason


def test_without_models_rules_play() -> None:
    assert HealthWatch([]).playing() == "rules" and HealthWatch([]).degraded() == ()
