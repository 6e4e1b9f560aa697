"""Digests: at everybody's own times, once, of what they may see; over restarts, a silent engine and clocks that jump."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bot.core.access import Grant, Person, Role
from bot.core.card import CARD_CELLS, TABLE_CELLS, cells, plain, table_lines
from bot.core.chat import Message
from engine.api import AccountState, CurveView, NewsLine, NewsView, Notice, Point, ReportLine, Severity
from engine.api.client import EngineSilentError
from tests.bot.office import Office

P1, P2, P3, P5 = Severity.P1, Severity.P2, Severity.P3, Severity.P5
FRIDAY, MONDAY = datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 23, 17, tzinfo=UTC)  # noon in New York
LUIS = {"tg:@luis", "dc:@luis"}


def notice(office: Office, code: str, severity: Severity, account: str | None = "ALPHA", **more: Any) -> Notice:
    text = more.pop("text", f"{account} {code}")
    return Notice(seq=0, at=office.clock.now(), code=code, severity=severity, account=account, text=text, **more)


def to(office: Office, when: str) -> None:
    """Turn the clock to a time in UTC."""
    office.clock.jump((datetime.fromisoformat(when).replace(tzinfo=UTC) - office.clock.now()).total_seconds())


async def tick(office: Office, when: str = "") -> list[Message]:
    """What is sent then."""
    if when:
        to(office, when)
    before = len(office.messages)
    await office.controller.digests.tick()
    return office.messages[before:]


def text(message: Message) -> str:
    return " ".join(" ".join(plain(message.card)).replace("\u2063", "").split())


def earn(office: Office, **profits: tuple[int, int]) -> None:
    """What each account made on Friday and on Monday."""
    points = {
        name: tuple(
            Point(at=at, profit=Decimal(made), equity=Decimal(50_000 + made))
            for at, made in zip((FRIDAY, MONDAY), both, strict=True)
        )
        for name, both in profits.items()
    }
    office.double.curves = [CurveView(account=name, days=12, points=found) for name, found in points.items()]


def line(account: str, **more: Any) -> ReportLine:
    fields: dict[str, Any] = {
        "account": account, "is_leader": False, "profit": Decimal(0), "fees": Decimal("12.40"), "difference": Decimal(0),
        "copies": 6, "failed": 1, "slip_ticks": Decimal("0.4"), "slip_money": Decimal(35), "trips": 3, "wins": 2,
    }  # fmt: skip
    return ReportLine(**{**fields, **more})


async def test_a_close_comes_once_in_every_private_chat_at_the_end_of_the_trade_date() -> None:
    office = Office()
    earn(office, ALPHA=(100, 310), BRAVO=(0, -60))
    office.double.figures = (line("ALPHA"), line("BRAVO", fees=None, copies=4, failed=0))
    await office.say("/tz America/New_York")
    assert "close    on, next Mon 18:00" in await office.say("/digest close on")
    assert await tick(office, "2026-11-23T22:59:00") == []
    sent = await tick(office, "2026-11-23T23:00:05")
    assert {message.chat for message in sent} == LUIS
    said = text(sent[0])
    assert said.startswith("CLOSE Mon 23 Nov · +250 10 copies, 1 failed 6 trips flat to flat, 4 won")
    assert "Fees 12, not known of BRAVO" in said
    assert "ALPHA +310 6 2/3 +0.4t" in said
    assert "ALL +250" in said
    assert [file.name for file in sent[0].files] == [f"close-2026-11-23.{kind}" for kind in ("png", "csv", "txt")]
    assert await tick(office) == await tick(office, "2026-11-23T23:00:00") == []


async def test_what_is_due_is_stored_with_what_says_that_it_was_sent() -> None:
    office = Office()
    await office.say("/digest close on")
    kept: list[Message] = []
    office.release = kept.extend  # type: ignore[method-assign]  # killed between commit and send
    assert await tick(office, "2026-11-23T23:00:05") == []
    assert len(kept) == 2
    del office.release
    office.build()
    assert await tick(office) == []  # the outbox has them

    def breaks(*_: object) -> list[Message]:
        raise OSError("disk full")

    await office.say("/digest close 23:30")
    office.keep, whole = breaks, office.keep  # type: ignore[method-assign]
    assert await tick(office, "2026-11-23T23:30:00") == []
    office.keep = whole  # type: ignore[method-assign]
    assert len(await tick(office)) == 2


async def test_one_that_came_due_while_the_bot_was_down_comes_at_its_start_unless_it_is_old() -> None:
    office = Office()
    await office.say("/digest close on")
    await office.say("/digest morning 07:30")
    to(office, "2026-11-24T08:00:00")
    office.build()
    assert [message.card.title[:7] for message in await tick(office)] == ["CLOSE M", "CLOSE M", "MORNING", "MORNING"]
    to(office, "2026-11-25T21:00:00")  # a day and more later: both mornings and the close are old
    office.build()
    assert await tick(office) == []
    assert len(await tick(office, "2026-11-25T23:00:00")) == 2


async def test_a_wish_counts_from_when_it_was_made() -> None:
    office = Office()
    to(office, "2026-11-23T23:30:00")
    await office.say("/digest close on")
    assert await tick(office) == []
    assert len(await tick(office, "2026-11-24T23:00:00")) == 2


async def test_a_clock_that_is_set_back_sends_nothing_twice() -> None:
    office = Office()
    await office.say("/digest close on")
    assert len(await tick(office, "2026-11-23T23:00:05")) == 2
    assert await tick(office, "2026-11-23T20:00:00") == []
    assert await tick(office, "2026-11-23T23:00:05") == []
    assert len(await tick(office, "2026-11-24T23:00:00")) == 2


async def test_a_silent_engine_is_waited_for_ten_minutes_then_told_of() -> None:
    office = Office()
    await office.say("/digest morning 07:30")
    office.direct.silence = EngineSilentError(30.0)
    assert await tick(office, "2026-11-24T07:30:00") == []
    await office.clock.turn(300)
    assert await tick(office) == []
    await office.clock.turn(301)
    sent = await tick(office)
    assert "Not all is known: The engine is not answering" in text(sent[0])
    assert "Nobody is on call" in text(sent[0])


async def test_the_morning_tells_the_night_and_the_day_ahead() -> None:
    office = Office(solo=True)
    alerts = office.controller.alerts
    await office.say("/digest morning 07:30")
    await office.say("/quiet 22:00-06:30")
    await office.say("/oncall Luis")
    to(office, "2026-11-24T02:10:00")
    await alerts.take([notice(office, "exec.slow", P3), notice(office, "dd.fail", P1, "BRAVO")])
    await alerts.take([notice(office, "hours.closed", Severity.P4, text="ALPHA: hours end")])
    await office.say("/ack A-2 6h")
    await office.say("/resolve A-1 looked at it")
    office.double.accounts["CHARLIE"] = replace(
        office.double.accounts["CHARLIE"], state=AccountState.PAUSED, why="Luis"
    )
    begins = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    red = NewsLine(begins=begins, ends=begins, titles=("CPI",))
    office.double.news = NewsView(since=begins, until=begins, knowledge="known", lines=(red,))
    (said,) = {text(message) for message in await tick(office, "2026-11-24T07:30:10") if message.chat in LUIS}
    assert said.startswith("MORNING Tue 24 Nov On call: Luis COPYING 3 of 3")
    assert "CHARLIE paused: Luis" in said
    assert "2 fired, 1 over 02:10 P3 A-1 SLOWER · ALPHA: over 02:10" in said
    assert "Open 1: P1 A-2 NOT PROVEN FLAT · BRAVO: Luis until 08:10" in said
    assert "NEWS 13:30 CPI" in said


async def test_the_quiet_hours_are_part_of_the_morning() -> None:
    office = Office(solo=True)
    for room in office.people.rooms():
        office.store.unbind(room.chat)
    await office.say("/quiet 22:00-06:30")
    await office.say("/digest morning 07:30")
    to(office, "2026-11-24T02:10:00")
    alerts = office.controller.alerts
    await alerts.take([notice(office, "hours.closed", Severity.P4, text="ALPHA: hours end")])
    to(office, "2026-11-24T06:31:00")
    before = len(office.messages)
    await alerts.tick()
    assert [one for one in office.messages[before:] if one.chat in LUIS] == []
    sent = await tick(office, "2026-11-24T07:30:00")
    assert "Not told while quiet: 02:10 ALPHA: hours end" in text(sent[0])
    before = len(office.messages)
    to(office, "2026-11-24T08:00:00")
    await alerts.tick()
    assert "WHILE QUIET" not in str(office.messages[before:])
    await office.say("/digest morning off")
    to(office, "2026-11-25T02:10:00")
    await alerts.take([notice(office, "hours.closed", Severity.P4, text="BRAVO: hours end")])
    to(office, "2026-11-25T06:31:00")
    await alerts.tick()
    assert "WHILE QUIET" in str(office.messages[-1])


async def test_the_close_tells_who_answered_and_what_was_for_the_record() -> None:
    office = Office()
    alerts = office.controller.alerts
    await alerts.take([notice(office, "dd.fail", P1), notice(office, "copy.stopped", P2, "BRAVO")])
    await alerts.take([notice(office, "acct.note", P5, text="ALPHA: the firm paid out")])
    office.clock.jump(40)
    await office.say("/ack A-1", who="ana")
    said = await office.say("/digest now close")
    assert "Alerts 1 P1 · 1 P2, 2 open" in said
    assert "A-1 NOT PROVEN FLAT · ALPHA: Ana after 40 s" in " ".join(said.split())
    assert "A-2 ENTRIES STOPPED · BRAVO: nobody" in " ".join(said.split())
    assert "For the record 1:" in said
    assert "14:30 ALPHA: the firm paid out" in said


async def test_somebody_with_a_part_of_the_desk_gets_a_digest_of_that_part() -> None:
    office = Office()
    ben = Person(id="ben", name="Ben", grants=(Grant(role=Role.TRADER, scope="BRAVO"),))
    office.store.add(ben, "local", office.clock.now())
    office.store.link("tg:ben", "ben", "Ben", office.clock.now())
    earn(office, ALPHA=(100, 310), BRAVO=(0, -60))
    office.double.figures = (line("ALPHA"), line("BRAVO"))
    office.double.files = {"report.csv": b"account,copy\r\nALPHA,c1\r\nBRAVO,c1\r\n", "report.png": b"PNG"}
    alerts = office.controller.alerts
    await alerts.take([notice(office, "dd.fail", P1), notice(office, "acct.note", P5, text="ALPHA: paid out")])
    await office.say("/digest close on", who="ben")
    (sent,) = await tick(office, "2026-11-23T23:00:05")
    assert "ALPHA" not in text(sent)
    assert "CLOSE Mon 23 Nov · -60 6 copies" in text(sent)
    assert "Alerts: none" in text(sent)
    assert {file.name: file.body for file in sent.files if not file.is_picture} == {
        "close-2026-11-23.csv": b"account,copy\r\nBRAVO,c1\r\n"
    }
    assert sent.files[0].name == "close-2026-11-23.png"
    for words in ("/digest now week", "/report", "/report week", "/report ALPHA"):
        said = await office.say(words, who="ben")
        assert "+310" not in said
        assert "NOT PROVEN" not in said
    assert "CLOSE Mon 23 Nov · -60" in await office.say("/report", who="ben")
    assert "Not all is known: Not shown: nothing of" in await office.say("/report ALPHA", who="ben")


async def test_whose_rights_have_ended_gets_no_digest() -> None:
    office = Office()
    until = office.clock.now() + timedelta(hours=2)
    ben = Person(id="ben", name="Ben", grants=(Grant(role=Role.TRADER, scope="all", until=until),))
    office.store.add(ben, "local", office.clock.now())
    office.store.link("tg:ben", "ben", "Ben", office.clock.now())
    await office.say("/digest close on", who="ben")
    assert await tick(office, "2026-11-23T23:00:05") == []


async def test_the_week_by_account_and_day_with_its_drills() -> None:
    office = Office()
    earn(office, ALPHA=(100, 310), BRAVO=(0, -60))
    await office.say("/drill", who="ana")
    office.clock.jump(12)
    await office.say("/ack all", who="tess")
    await office.say("/digest week fri 18:00")
    sent = [one for one in await tick(office, "2026-11-27T18:00:00") if one.chat == "tg:@luis"]
    said = text(sent[0])
    assert said.startswith("WEEK 23 Nov - 27 Nov · +250 Mon +250 · Tue n/a")
    assert "Drill Mon 14:30: Tess after 12 s" in said
    assert "ALPHA +310 +310 +310" in said
    assert b"2026-11-23,ALPHA,follower,310" in sent[0].files[-1].body
    to(office, "2026-11-22T18:00:00")
    assert "WEEK 16 Nov - 20 Nov · +100" in await office.say("/report week")


async def test_the_close_of_a_holiday_says_that_it_was_one() -> None:
    office = Office()
    office.double.files = {}
    await office.say("/digest close on")
    office.double.holiday = "holiday: no session"
    said = text((await tick(office, "2026-12-25T23:00:05"))[0])
    assert said.startswith("CLOSE Fri 25 Dec · n/a Holiday: no session")
    assert "No copies" not in said
    office.double.holiday, office.double.figures = "holiday: a short session, counts as Fri 27 Nov", (line("ALPHA"),)
    said = await office.say("/report ALPHA 2026-11-26")
    assert "Holiday: a short session, counts as Fri 27 Nov" in said
    assert "6 copies" in said


async def test_a_report_of_another_day_and_of_a_part_of_the_desk() -> None:
    office = Office()
    earn(office, ALPHA=(100, 310), BRAVO=(0, -60))
    office.double.figures = (line("ALPHA"), line("BRAVO"))
    assert "CLOSE Fri 20 Nov · +100 6 copies" in " ".join((await office.say("/report ALPHA 2026-11-20")).split())
    assert "WEEK 16 Nov - 20 Nov · +100" in await office.say("/report week 2026-11-20")
    assert "Lockstep" in await office.say("/report 2026-11-20")
    assert "is no account, group or tag here" in await office.say("/report ALPHO")


async def test_what_was_held_back_before_the_night_is_told_too() -> None:
    office = Office(solo=True)
    for room in office.people.rooms():
        office.store.unbind(room.chat)
    await office.say("/quiet 16:00-07:00")
    await office.say("/digest morning 07:30")
    to(office, "2026-11-23T17:00:00")
    await office.controller.alerts.take([notice(office, "exec.slow", P3)])
    await office.clock.turn(60)
    await office.controller.alerts.tick()
    sent = await tick(office, "2026-11-24T07:30:00")
    assert "Since 17:00: 1 fired" in text(sent[0])


async def test_what_is_set_is_shown_and_what_makes_no_sense_is_refused() -> None:
    office = Office()
    assert "morning  off" in await office.say("/digest")
    assert "morning  07:30, next Tue 07:30" in await office.say("/digest morning 07:30")
    assert "week     sun 18:00, next Sun 18:00" in await office.say("/digest week sun 18:00")
    assert "week     off" in await office.say("/digest week off")
    assert "is no time of it" in await office.say("/digest morning soon")
    assert "say which" in await office.say("/digest now")
    assert "say which" in await office.say("/digest 07:30")
    assert "morning  07:30" in await office.say("/digest")
    assert "morning  off" in await office.say("/digest", who="ana")


async def test_a_zone_moves_the_times_and_whoever_has_left_gets_nothing() -> None:
    office = Office()
    await office.say("/tz America/Chicago", who="eve")
    assert "next Tue 07:30" in await office.say("/digest morning 07:30", who="eve")
    assert await tick(office, "2026-11-24T07:30:00") == []
    assert len(await tick(office, "2026-11-24T13:30:00")) == 2
    office.store.revoke("eve", office.clock.now())
    assert await tick(office, "2026-11-25T13:30:00") == []


async def test_days_of_which_nothing_is_known_are_no_table_of_blanks() -> None:
    office = Office()
    office.double.curves = [CurveView(account=name, days=12, points=()) for name in ("ALPHA", "BRAVO")]
    office.double.figures = ()
    for kind in ("close", "week"):
        await office.say(f"/digest now {kind}")
        assert office.messages[-1].card.table is None
        assert "· n/a" in office.messages[-1].card.title


async def test_every_digest_fits_a_phone() -> None:
    office = Office()
    earn(office, **{f"A-VERY-LONG-NAME-{number}": (100_000, -99_999) for number in range(20)})
    office.double.figures = tuple(line(f"A-VERY-LONG-NAME-{number}", trips=120, wins=100) for number in range(20))
    alerts = office.controller.alerts
    await alerts.take([notice(office, "copy.stopped", P2, f"ACC-{number}") for number in range(20)])
    await alerts.take([notice(office, "acct.note", P5, text="word " * 40) for _ in range(30)])
    for kind in ("morning", "close", "week"):
        await office.say(f"/digest now {kind}")
        card = office.messages[-1].card
        assert max(map(cells, plain(card))) <= CARD_CELLS
        assert len(json.dumps(plain(card))) < 4000
        if card.table is not None:
            assert max(map(cells, table_lines(card.table))) <= TABLE_CELLS
