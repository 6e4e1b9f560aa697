"""The cards of alerts that the gallery shows: what rings, who has it, what comes by itself, what asks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bot.core.chat import Message
from bot.core.render.health import health_card
from bot.runtime.telling.board import Board
from engine.api import CurveView, NewsLine, NewsView, Notice, Point, ReportLine, Severity
from tests.bot.core.test_vital import VIEW, WELL
from tests.bot.office import DESK, Office

P1, P2, P3, P5 = Severity.P1, Severity.P2, Severity.P3, Severity.P5
LUIS = "tg:@luis"


def _notice(office: Office, code: str, severity: Severity, account: str | None, text: str, **more: Any) -> Notice:
    return Notice(seq=0, at=office.clock.now(), code=code, severity=severity, account=account, text=text, **more)


def _newest(office: Office, word: str, chat: str = DESK) -> Message:
    return next(one for one in reversed(office.messages) if one.chat == chat and word in one.card.title)


def _heard(office: Office) -> None:
    """Both platforms are awaited, as where both are set up."""
    names = frozenset({"tg", "dc"})
    office.controller.alerts._conduct = replace(office.controller.alerts._conduct, platforms=names)


async def _go(office: Office, seconds: int) -> None:
    for _ in range(seconds):
        office.clock.jump(1)
        await office.controller.alerts.tick()


def _earn(office: Office) -> None:
    made = {"LEAD-1": (310, 620), "ALPHA": (-120, 310), "BRAVO": (240, -60), "CHARLIE": (180, 275)}
    days = (datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 23, 14, tzinfo=UTC))
    office.double.curves = [
        CurveView(
            account=name,
            days=12,
            points=tuple(
                Point(at=at, profit=Decimal(profit), equity=Decimal(50_000 + profit))
                for at, profit in zip(days, both, strict=True)
            ),
        )
        for name, both in made.items()
    ]
    day: dict[str, Any] = {"difference": Decimal(0), "fees": Decimal("12.40"), "slip_ticks": Decimal("0.4")}
    office.double.figures = tuple(
        ReportLine(
            account=name, is_leader=name == "LEAD-1", profit=Decimal(both[1]), copies=6, failed=number == 1,
            slip_money=Decimal(35), trips=3, wins=2, **day,
        )
        for number, (name, both) in enumerate(made.items())
    )  # fmt: skip


async def rung() -> list[Message]:
    """Alerts from their first card to what is told of them afterwards."""
    office = Office()
    office.double.hold(2)
    _heard(office)
    alerts, shown = office.controller.alerts, []
    stopped = _notice(office, "dd.fail", P1, "ALPHA", "ALPHA not flat after 10 s: +2 NQZ6 left")
    await alerts.take([stopped])
    for one in [message for message in office.messages if message.card.ref == "alert:1"]:
        office.clock.jump(0.2)
        office.controller.deliveries.shown(one)
    await _go(office, 2)
    shown.append(_newest(office, "NOT PROVEN"))
    shown.append(await _board(office))
    await office.say("ack 20 on it", who="ana", chat=DESK, replied=office.post("NOT PROVEN", DESK))
    shown += [_newest(office, "A-1"), next(one for one in reversed(office.messages) if one.card.ref == "alert:1")]
    await alerts.take([_notice(office, "rogue.open", P2, "BRAVO", "+1 NQZ6 by hand, not ours", symbol="NQZ6")])
    await _go(office, 4)
    shown.append(_newest(office, "ROGUE"))
    await office.say("", chat=DESK, who="tess", replied=office.post("ROGUE", DESK))
    shown.append(office.messages[-1])
    await office.say("half", who="tess", chat=DESK, replied=office.post("ROGUE", DESK))
    shown += [one for one in office.messages[-3:] if "SIZE" in one.card.title][-1:]
    await office.say("/alerts", chat=DESK)
    shown.append(office.messages[-1])
    await office.say("/resolve A-2 sold it", who="tess", chat=DESK)
    await _go(office, 40)
    shown.append(next(one for one in reversed(office.messages) if one.card.ref == "alert:2"))
    for _ in range(3):
        await office.say("/resume", who="eve", chat=DESK)
    await _go(office, 2)
    shown.append(_newest(office, "REFUSED"))
    await alerts.take([_notice(office, "desync.qty", P2, f"F{n:02}", "want 2, has 1") for n in range(3)])
    await alerts.take([_notice(office, "copy.stopped", P2, f"F{n:02}", "3 refusals in a row") for n in range(30)])
    await alerts.take([_notice(office, "exec.slow", P3, f"F{n:02}", "p95 410 ms") for n in range(14)])
    await _go(office, 8)
    storms = [one for one in office.messages if one.chat == DESK and "STORM" in one.card.title]
    return [*shown, *storms[-1:]]


async def _board(office: Office) -> Message:
    """The pinned card as it stands now."""
    office.watch.status, office.watch.connected = replace(office.double.status(), at=office.clock.now()), True
    boards: list[Message] = []

    async def put(message: Message) -> None:
        boards.append(message)

    await Board(office.controller.around, office.controller.alerts, office.watch, put, lambda: WELL).look()
    return next(one for one in boards if one.chat == DESK)


async def told() -> list[Message]:
    """What comes by itself, and what is asked."""
    office = Office()
    _earn(office)
    shown = []
    alerts = office.controller.alerts
    await alerts.take([_notice(office, "dd.fail", P1, "ALPHA", "ALPHA not flat after 10 s")])
    await alerts.take([_notice(office, "copy.stopped", P2, "BRAVO", "3 refusals in a row")])
    await alerts.take([_notice(office, "acct.note", P5, "ALPHA", "ALPHA: the firm paid out")])
    office.clock.jump(40)
    await office.say("/ack A-1 6h", who="ana")
    await office.say("/oncall Luis")
    await office.say("/drill", who="ana")
    office.clock.jump(12)
    await office.say("/ack A-3", who="tess")
    begins = office.clock.now() + timedelta(hours=2)
    red = NewsLine(begins=begins, ends=begins + timedelta(minutes=15), titles=("CPI",))
    office.double.news = NewsView(since=begins, until=begins, knowledge="known", lines=(red,))
    for kind in ("morning", "close", "week"):
        await office.say(f"/digest now {kind}")
        shown.append(office.messages[-1])
    shown.append(replace(shown[0], card=health_card(VIEW, WELL), files=()))
    shown.append(await _away(office))
    office.double.hold(2)
    await office.say("/flatten ALPHA")
    office.clock.jump(31)
    await office.controller.fader.look()
    shown.append(_newest(office, "FLATTEN", LUIS))
    await office.say("/resolve A-2")
    shown.append(office.messages[-1])
    await office.say("/notify")
    shown.append(office.messages[-1])
    await office.say("/digest morning 07:30")
    shown.append(office.messages[-1])
    return [*shown, *await _second()]


async def _away(office: Office) -> Message:
    await office.controller.comeback.tick()
    office.clock.jump(720)
    office.build()
    office.watch.connected = True
    await office.controller.comeback.tick()
    await office.say("/flatten ALPHA", late_s=600)
    await office.controller.alerts.take([_notice(office, "dd.warn", P3, "CHARLIE", "85 % of the day's loss")])
    await office.clock.turn(20)
    await office.controller.comeback.tick()
    return _newest(office, "BACK ONLINE")


async def _second() -> list[Message]:
    """Asking for more than the plan's own size: how it is asked, how the others see it."""
    office = Office(live=True)
    totp = office.codes("luis")
    await office.say("/size ALPHA 2x")
    asked = office.messages[-1]
    await office.say(office.code(totp), handle=office.handle("y"), reason="limit raised by the firm")
    waits = next(one for one in reversed(office.messages) if one.chat == LUIS and not one.only_edits)
    return [asked, waits, _newest(office, "SECOND PERSON", "tg:@ana")]
