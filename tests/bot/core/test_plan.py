"""A plan on the phone: how it is written, what is asked of the engine, and the numbered list."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

import bot.commands
from bot.commands.plan import zone_name
from bot.core.access import Level
from bot.core.card import CARD_CELLS, cells, plain
from bot.core.command import find_commands
from bot.core.dialogue import adds_risk, level_of, needs_preview
from bot.core.render.plan import plans_card
from bot.core.words import Context, Lexicon, Wrong, parse
from engine.api import PlanAsk, PlannedView, UnplanAsk
from tests.bot.core.test_news import Phone
from tests.bot.core.test_words import CHICAGO

NOW = datetime(2026, 12, 10, 13, tzinfo=UTC)
COMMAND = find_commands(bot.commands)["plan"]
LEXICON = Lexicon(accounts=("ALPHA", "BRAVO"), groups=("MAIN",), tags=("funded",))


class Kiosk(Phone):
    """A desk whose zone can be another."""

    def __init__(self, zone: tzinfo = CHICAGO) -> None:
        self.zone = zone


def read(line: str) -> object:
    return parse(COMMAND.args, line.split(), Context(lexicon=LEXICON, now=NOW, zone=CHICAGO, exact=True))


async def asked(line: str, zone: tzinfo = CHICAGO) -> PlanAsk:
    found = await COMMAND.run(read(line), Kiosk(zone))
    assert found.intent is not None
    assert isinstance(found.intent.ask, PlanAsk)
    return found.intent.ask


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pause 13:25-13:45 NFP", ("all", "", False, "NFP")),
        ("pause 13:25-13:45 NFP weekly", ("all", "", True, "NFP")),
        ("pause 13:25-13:45 FOMC minutes weekly ALPHA", ("ALPHA", "", True, "FOMC minutes")),
        ("pause ALPHA BRAVO weekly fri 13:25-13:45", ("ALPHA,BRAVO", "fri", True, "")),
        ("13:25-13:45 #funded mon-fri weekly lunch", ("#funded", "mon-fri", True, "lunch")),
    ],
)
async def test_words_stand_in_any_order_and_the_rest_is_the_reason(line: str, said: tuple[object, ...]) -> None:
    ask = await asked(line)
    assert (ask.opens, ask.closes, ask.zone) == ("13:25", "13:45", "America/Chicago")
    assert (ask.scope, ask.days, ask.weekly, ask.reason) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pause 13:25-13:45 ALPHS NFP", "Did you mean ALPHA?"),
        ("pause 13:25-13:45 NFP wekly", "Did you mean weekly?"),
        ("puase", "'puase' is no"),
    ],
)
def test_a_misspelt_word_never_becomes_the_reason(line: str, said: str) -> None:
    found = read(line)
    assert isinstance(found, Wrong)
    assert said in found.text


async def test_a_plan_is_made_at_once_with_undo_and_taken_back_after_a_look() -> None:
    found = await COMMAND.run(read("pause 13:25-13:45 NFP"), Kiosk())
    intent = found.intent
    assert intent is not None
    assert (level_of(intent, None), needs_preview(intent), adds_risk(intent, None)) == (Level.C1, False, False)
    assert intent.undo == (UnplanAsk(key="undo-1", by="Luis", scope="all", plan="plan-1"),)


async def test_without_times_it_says_what_to_write() -> None:
    found = await COMMAND.run(read("pause NFP"), Kiosk())
    assert (found.intent, "/plan pause 13:25-13:45 NFP" in str(found.cards)) == (None, True)


EAST = timezone(timedelta(hours=2))


async def test_a_zone_without_a_name_will_do_for_once_and_not_for_weeks() -> None:
    assert (await asked("pause 13:25-13:45", EAST)).zone == "Etc/GMT-2"
    refused = await COMMAND.run(read("pause 13:25-13:45 weekly"), Kiosk(EAST))
    assert (refused.intent, "/tz America/Chicago" in str(refused.cards)) == (None, True)
    assert (await asked("pause 13:25-13:45 weekly", UTC)).zone == "UTC"


@pytest.mark.parametrize("hours", [-5, 0, 9])
def test_a_zone_of_whole_hours_reads_the_same_by_its_name(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    assert NOW.astimezone(ZoneInfo(zone_name(zone, NOW))).utcoffset() == timedelta(hours=hours)
    assert zone_name(timezone(timedelta(hours=5, minutes=30)), NOW) == ""


def planned(name: str, minutes: int, **fields: object) -> PlannedView:
    begins = NOW + timedelta(minutes=minutes)
    return PlannedView(
        plan=name,
        begins=begins,
        ends=begins + timedelta(minutes=20),
        by="Ana",
        **{"accounts": ("ALPHA",), "reason": name, **fields},  # type: ignore[arg-type]  # of the view
    )


def test_the_list_is_numbered_and_says_who_when_and_how_often() -> None:
    card = plans_card(
        (
            planned("lunch", -5, accounts=("ALPHA", "BRAVO")),
            planned("NFP", 30, weekly=(4,)),
            planned("FOMC", 60 * 24, accounts=("ALPHA", "BRAVO", "CHARLIE", "DELTA"), weekly=tuple(range(7))),
        ),
        NOW,
        CHICAGO,
    )
    assert card.lines == (
        "1  now-07:15 lunch",
        " ⏸ ALPHA, BRAVO · Ana",
        "2  07:30-07:50 NFP",
        " ⏸ ALPHA · every Fri · Ana",
        "3  Fri 11 Dec 07:00-07:20 FOMC",
        " ⏸ ALPHA, BRAVO and 2 more · every day · Ana",
    )
    assert all(cells(line) <= CARD_CELLS for line in plain(card))
    assert plans_card((), NOW, CHICAGO).lines == ("None is planned.",)
