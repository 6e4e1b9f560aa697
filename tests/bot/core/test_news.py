"""News on the phone: windows and plans as a card, and a pause around an event that Undo takes back."""

from datetime import UTC, datetime, timedelta

import bot.commands
from bot.core.access import Person
from bot.core.card import CARD_CELLS, cells, plain
from bot.core.command import find_commands
from bot.core.dialogue import Level, level_of, needs_preview
from bot.core.render.news import news_card
from bot.core.words import Context, Lexicon, parse
from engine.api import NewsLine, NewsPauseAsk, NewsView, PlannedView, UnplanAsk
from tests.bot.core.test_words import CHICAGO

NOW = datetime(2026, 12, 10, 13, tzinfo=UTC)
COMMANDS = find_commands(bot.commands)
AT = NOW + timedelta(minutes=30)
VIEW = NewsView(
    since=NOW,
    until=NOW + timedelta(days=1),
    knowledge="stale",
    lines=(
        NewsLine(
            begins=AT - timedelta(minutes=15),
            ends=AT + timedelta(minutes=15),
            titles=("CPI m/m",),
            action="flatten",
            accounts=("ALPHA", "BRAVO", "CHARLIE", "DELTA"),
            whose="firm",
        ),
        NewsLine(begins=AT + timedelta(hours=1), ends=AT + timedelta(hours=1), titles=("ISM",)),
    ),
    planned=(
        PlannedView(plan="k", begins=AT, ends=AT + timedelta(minutes=30), accounts=("ALPHA",), by="ann", reason="CPI"),
    ),
    untimed=("Thu 10 Dec Fed speaks",),
    doubts=("stale from 2026-12-10 13:00 to 2026-12-11 13:00 UTC",),
)


class Engine:
    """Answers /news."""

    async def news(self, days: int = 1, scope: str = "all") -> NewsView:
        assert (days, scope) == (1, "all")
        return VIEW


class Phone:
    """As much of a desk as the commands ask."""

    engine = Engine()
    person = Person(id="console:local", name="Luis")
    now, zone = NOW, CHICAGO
    is_part = False

    def key(self, verb: str) -> str:
        return f"{verb}-1"


def read(name: str, *words: str) -> object:
    lexicon = Lexicon(accounts=("ALPHA",), groups=("MAIN",))
    return parse(COMMANDS[name].args, words, Context(lexicon=lexicon, now=NOW, zone=CHICAGO, exact=True))


def test_what_is_not_known_stands_in_the_title_and_plans_in_the_lines() -> None:
    card = news_card(VIEW, NOW, CHICAGO)
    assert card.title == "NEWS · CALENDAR STALE"
    assert card.lines == (
        "07:15-07:45 CPI m/m",
        " 🟥 flatten ALPHA, BRAVO and 2 more (firm)",
        "08:30 ISM",
        " nothing pauses for it",
        "No time yet: Thu 10 Dec Fed speaks",
        "Planned 07:30-08:00 ALPHA: CPI by ann",
        "Calendar stale from 2026-12-10 13:00 to 2026-12-11 13:00 UTC",
    )
    assert all(cells(line) <= CARD_CELLS for line in plain(card))


async def test_news_offers_a_pause_around_what_nobody_planned_for() -> None:
    found = await COMMANDS["news"].run(read("news"), Phone())
    (button,) = found.buttons
    assert button.payload.line == "/newspause all 08:30"  # type: ignore[union-attr]  # a Run


async def test_a_newspause_is_done_at_once_and_undo_drops_the_plan() -> None:
    found = await COMMANDS["newspause"].run(read("newspause", "ALPHA", "CPI", "10", "30"), Phone())
    assert found.intent is not None
    ask = found.intent.ask
    assert isinstance(ask, NewsPauseAsk)
    assert (ask.scope, ask.event, ask.before_min, ask.after_min, ask.at) == ("ALPHA", "CPI", 10, 30, None)
    assert found.intent.undo == (UnplanAsk(key="undo-1", by="Luis", scope="ALPHA", plan="newspause-1"),)
    assert level_of(found.intent, None) is Level.C1
    assert not needs_preview(found.intent)
    timed = await COMMANDS["newspause"].run(read("newspause", "08:30"), Phone())
    assert timed.intent is not None
    assert timed.intent.ask.at == NOW + timedelta(hours=1, minutes=30)  # type: ignore[union-attr]  # a NewsPauseAsk
