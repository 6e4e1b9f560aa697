"""What was earned, for a phone: the table fits, the picture is one, and what is not known is not drawn."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.core.card import CARD_CELLS, cells, plain
from bot.core.render.chart import draw
from bot.core.render.pnl import pnl_card
from engine.api import CurveView, PnlLine, PnlView, Point
from tests.bot.office import Office

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def line(account: str, day: int | None = -12_345, role: str = "follower") -> PnlLine:
    known = None if day is None else Decimal(day)
    return PnlLine(
        account=account,
        role=role,
        day=known,
        week=Decimal(-123_456),
        month=Decimal(1_234_567),
        since=date(2026, 11, 19),
        drawdown_pct=Decimal(100),
    )


def test_the_table_fits_a_phone_and_says_from_when_on_it_knows() -> None:
    lines = (line("LONGEST-ALIAS-THAT-FITS", role="leader"), line("APX-1"), line("APX-2", None))
    text = plain(pnl_card(PnlView(at=AT, day=AT.date(), lines=lines)))
    assert all(cells(one) <= CARD_CELLS for one in text)
    assert "Known from 19 Nov on" in " ".join(" ".join(text).split())
    assert any(one.startswith("ALL") for one in text)


def curve(account: str, days: int, profits: list[int]) -> CurveView:
    points = tuple(
        Point(at=AT + timedelta(minutes=5 * place), profit=Decimal(profit), equity=Decimal(50_000 + profit))
        for place, profit in enumerate(profits)
    )
    return CurveView(account=account, days=days, points=points)


def test_a_picture_is_drawn_of_what_is_known() -> None:
    curves = [curve(f"A{number}", 1, [0, number, -number]) for number in range(12)]
    for kind in ("pnl", "dd"):
        picture = draw(curves, kind, UTC)
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 500_000
    assert draw([curve("A", 1, [5])], "pnl", UTC) == b""
    assert draw([], "pnl", UTC) == b""


async def test_the_chart_and_the_report_come_as_files_and_a_slow_picture_keeps_nobody_waiting() -> None:
    office = Office()
    office.double.curves = [curve("ALPHA", 1, [0, 10, -20])]
    await office.say("/chart")
    assert office.messages[-1].files[0].is_picture
    await office.say("/report")
    assert {file.name for file in office.messages[-1].files} == {"report.png", "report.csv", "report.txt"}
    assert "900" in await office.say("/pnl")


async def test_since_tells_what_others_did() -> None:
    office = Office()
    await office.say("/status")
    office.clock.jump(3600)
    await office.say("/pause all 15m NFP", who="ana")
    said = await office.say("/since")
    assert "away 1h" in said
    assert "Ana: /pause all 15m NFP" in said
