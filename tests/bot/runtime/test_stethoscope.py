"""How the engine is: a lag that lasts is an alert, one moment of it is none; it ends with the lag; what pauses hold back."""

from datetime import timedelta

from msgspec.structs import replace

from bot.runtime.telling.board import Board
from bot.runtime.vigil.stethoscope import Stethoscope
from engine.api import HoldView, Severity
from tests.bot.office import DESK, OPS, TEAM, Office
from tests.bot.runtime.test_alerts import go, notice, tell


async def listen(office: Office, loop_ms: float) -> None:
    healthy = type(office.double)._health(office.double)
    office.double._health = lambda: replace(healthy, loop_ms=loop_ms)  # type: ignore[method-assign]  # the engine lags
    office.watch.connected = True
    await Stethoscope(office.direct, office.controller.alerts, office.watch, office.clock).look()  # type: ignore[arg-type]  # the double asks alike


async def test_a_lag_that_lasts_is_told_and_ends_and_a_moment_is_not() -> None:
    office = Office()
    await listen(office, 900)
    await go(office, 10)
    await listen(office, 1)
    assert not [one for one in await go(office, 60) if "ENGINE SLOW" in one.card.title]
    await listen(office, 900)
    assert [one for one in await go(office, 40) if "ENGINE SLOW" in one.card.title]
    await listen(office, 501)
    (group,) = [one for one in office.controller.alerts.pipeline.open() if one.code == "eng.slow"]
    await listen(office, 500)
    await go(office, 40)
    assert not office.controller.alerts.pipeline.groups[group.id].is_open


def paused(office: Office, by: str, minutes: int | None, *names: str) -> None:
    now = office.clock.now()
    until = now + timedelta(minutes=minutes) if minutes is not None else None
    held = (HoldView(by=by, reason="NFP", since=now, until=until),)
    for name in names:
        office.double.accounts[name] = replace(office.double.accounts[name], holds=held)


async def test_a_planned_pause_holds_mild_copy_alerts_names_itself_and_lets_go() -> None:
    office = Office()
    paused(office, "news", 10, "ALPHA")
    await tell(office, notice("copy.reject", Severity.P3), notice("copy.stopped", Severity.P2))
    shown = await go(office, 20)
    titles = {one.card.title for one in office.messages if one.chat == DESK}
    assert not [title for title in titles if "REFUSED" in title]
    assert [title for title in titles if "ENTRIES STOPPED" in title]  # graver ones are told
    assert "held: pause by news until 14:40 UTC" in await office.say("/alert A-1")
    assert not [one for one in shown if "REFUSED" in one.card.title and one.is_fresh]
    assert [one for one in await go(office, 620, 10) if "REFUSED" in one.card.title and one.is_fresh]


async def test_what_nobody_planned_holds_nothing() -> None:
    for by, minutes in (("limits", 10), ("engine", 10), ("Ana", None)):
        office = Office()
        paused(office, by, minutes, "ALPHA")
        await tell(office, notice("copy.reject", Severity.P3))
        await go(office, 10)
        assert [one for one in office.messages if "REFUSED" in one.card.title], by


async def test_the_board_and_the_status_count_alerts_and_say_who_has_the_gravest() -> None:
    office = Office()
    office.watch.status, office.watch.connected = office.double.status(), True
    board = Board(office.controller.around, office.controller.alerts, office.watch, office.show)
    await tell(office, notice("dd.fail", Severity.P1), notice("copy.stopped", Severity.P2))
    assert "Alerts 2 open · P1 · nobody has it" in await office.say("/status", chat=TEAM)
    await office.say("/ack A-1 20m", who="ana")
    await board.look()
    cards = {one.chat: one.card for one in office.messages if one.is_pinned}
    assert all("Alerts 2 open · P1 · Ana has it" in card.lines for card in cards.values())
    labels = [action.label for action in cards[OPS].actions]
    assert labels == ["⏸ 15m", "⏸ Pause…", "⟳", "Accounts", "Risk", "Alerts 2", "More…"]
    assert "⏸ 15m" not in {action.label for action in cards[TEAM].actions}  # a chat that may only read
    for who in ("ana", "tess"):  # for anybody whose rights allow it, again and again
        await office.say(handle=cards[DESK].actions[0].handle, who=who, chat=DESK)
    assert len(office.sent) == 2
    await board.look()
    again = [one for one in office.messages if one.is_pinned]
    assert len(again) == len(cards)  # unchanged: its buttons are the same


async def test_ignore_puts_this_alert_off_and_stands_on_no_p1() -> None:
    office = Office()
    await tell(office, notice("rogue.open", symbol="NQZ6"), notice("rogue.open", Severity.P1, "BRAVO", symbol="NQZ6"))
    await go(office, 4)
    found = [
        action
        for one in office.messages
        for action in one.card.actions
        if action.label == "Ignore 1h" and one.chat == DESK
    ]
    assert "snoozed until" in await office.say(handle=found[0].handle, who="tess", chat=DESK)
    grave = [one.card for one in office.messages if one.card.title.startswith("🔴 P1 ROGUE")]
    assert grave
    assert not [action for card in grave for action in card.actions if action.label == "Ignore 1h"]
