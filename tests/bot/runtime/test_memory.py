"""What is answered while the engine is silent: the last known state, marked as old, with its age. Acts go by the present."""

import asyncio
from decimal import Decimal

import pytest

from bot.core.access import Grant, Person, Role
from bot.runtime.desk import memory
from bot.runtime.desk.memory import MOST, WHOLE
from engine.api import LimitView, PoolView, RiskView, ShareView
from engine.api.client import EngineError, EngineSilentError
from tests.bot.office import Office

RISK = RiskView(
    limits=tuple(
        LimitView(
            account=name,
            limit="daily_loss",
            used=Decimal("0.5"),
            gone=Decimal(250),
            span=Decimal(500),
            line=Decimal(49_500),
            equity=Decimal(49_750),
        )
        for name in ("ALPHA", "BRAVO")
    ),
    free=("CHARLIE",),
    pools=(
        PoolView(
            group="NQ-MAIN",
            members=tuple(ShareView(account=name, share=Decimal(1), result=None) for name in ("ALPHA", "BRAVO")),
            result=None,
            today=None,
        ),
    ),
)
SILENT = EngineSilentError(4.0)


@pytest.fixture
async def office() -> Office:
    """An engine that was heard, and is silent since four minutes."""
    one = Office()
    one.double.hold(2)
    one.double.risk = RISK
    one.watch.connected = True
    asking = asyncio.create_task(one.controller.memory.run())
    await one.clock.turn(1)
    one.watch.status = None
    await one.say("/status")
    one.watch.connected = False
    one.direct.silence = SILENT
    await one.clock.turn(251)
    asking.cancel()
    return one


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/status", "COPYING · 3 of 3"),
        ("/accounts", "ACCOUNTS · 4"),
        ("/accounts ALPHA", "ACCOUNTS · 1"),
        ("/positions", "ALPHA +2"),
        ("/account BRAVO", "long 2 NQZ6"),
        ("/risk", "ALPHA"),
    ],
)
async def test_a_question_to_a_silent_engine_is_answered_from_memory_and_marked(
    office: Office, line: str, says: str
) -> None:
    said = await office.say(line)
    assert said.startswith("⚫ OLD · ")
    assert "not answering" in said
    assert "4m1" in said
    assert "Not known now" in said
    assert says in said
    assert not set("🟢🟡🔴🟠") & set(said)


async def test_what_the_engine_says_now_is_never_marked(office: Office) -> None:
    office.direct.silence = None
    said = await office.say("/status")
    assert said.startswith("🟢 COPYING")
    assert "OLD" not in said


@pytest.mark.parametrize("line", ["/pause all 15m", "/resume all", "/flatten all", "/size ALPHA half", "/health"])
async def test_nothing_is_done_and_nothing_else_is_said_from_memory(office: Office, line: str) -> None:
    said = await office.say(line)
    assert "not answering" in said
    assert "OLD" not in said
    assert not office.sent


async def test_a_refusal_is_no_silence(office: Office) -> None:
    office.direct.silence = EngineError("no account is named so", 404)
    said = await office.say("/status")
    assert said == "Not done: no account is named so"


async def test_an_engine_behind_its_api_counts_as_silent(office: Office) -> None:
    office.direct.silence = EngineError("the engine's hot process is away", 503)
    assert (await office.say("/status")).startswith("⚫ OLD")


async def test_an_engine_that_hangs_is_waited_for_briefly(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PATIENCE_S", 0.01)
    office.direct.hangs = True
    assert (await asyncio.wait_for(office.say("/positions"), 5)).startswith("⚫ OLD")


async def test_who_sees_a_part_recalls_that_part_alone(office: Office) -> None:
    max_ = Person(id="max", name="Max", grants=(Grant(role=Role.TRADER, scope="ALPHA"),))
    office.store.add(max_, "local", office.clock.now())
    office.store.link("tg:max", "max", "Max", office.clock.now())
    for line in ("/accounts", "/positions", "/risk"):
        said = await office.say(line, who="max")
        assert said.startswith("⚫ OLD"), line
        assert "ALPHA" in said, line
        assert "BRAVO" not in said, line
        assert "CHARLIE" not in said, line
    said = await office.say("/status", who="max")  # of a part that nobody asked for nothing is known
    assert "COPYING" not in said
    assert "not answering" in said


async def test_nothing_heard_means_nothing_recalled() -> None:
    office = Office()
    office.direct.silence = EngineSilentError(None)
    said = await office.say("/status")
    assert "no answer yet" in said
    assert "OLD" not in said


async def test_a_memory_is_kept_young_and_small() -> None:
    office = Office()
    office.double.risk = RISK
    office.watch.connected = True
    kept = office.controller.memory
    for number in range(3 * MOST):
        kept.learn("status", f"A{number}", office.double.status())
    asking = asyncio.create_task(kept.run())
    await office.clock.turn(60)
    asking.cancel()
    assert kept.last("accounts", "all") is not None
    assert all(found is not None and found[1] <= memory.FRESH_S for found in (kept.last(*ask) for ask in WHOLE))
    remembered = [number for number in range(3 * MOST) if kept.last("status", f"A{number}") is not None]
    assert remembered == list(range(2 * MOST, 3 * MOST))
