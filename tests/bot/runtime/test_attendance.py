"""Attendance: the engine hears that somebody can reach the desk while somebody can; what it did meanwhile is told."""

import asyncio
from pathlib import Path

import pytest

from bot.config import read_settings
from bot.core.chat import ChatSpec, Health, Limits
from bot.runtime.vigil.attendance import Attendance
from engine.api import AttendView, ConfigError, Severity, Value
from engine.api.client import EngineError, EngineSilentError
from tests.bot.office import DESK, Office
from tests.bot.runtime.test_alerts import go, notice, tell, where
from tests.bot.runtime.test_silence import Line
from tests.clock import HandClock

DEAF = Health(heard_s=99.0, trouble="deaf")


class Desk:
    """An engine that hears it, or not."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.fault: Exception | None = None

    async def attended(self, within_s: int) -> AttendView:
        if self.fault is not None:
            raise self.fault
        self.heard.append(within_s)
        return AttendView(until=None)


def attendance(
    desk: Desk, clock: HandClock, *lines: Line, within_s: int = 600, has_console: bool = False
) -> Attendance:
    chats = {
        f"p{place}": (ChatSpec(name="p", options=Value, limits=Limits(), connect=Line), line)
        for place, line in enumerate(lines)
    }
    return Attendance(desk, within_s, chats, clock, has_console=has_console)  # type: ignore[arg-type]  # lines, no chats


async def test_it_reports_while_one_platform_hears_and_stops_when_none_does() -> None:
    desk, clock, one, other = Desk(), HandClock(), Line(), Line(DEAF)
    running = asyncio.ensure_future(attendance(desk, clock, one, other).run())
    await clock.turn(0)
    await clock.turn(60)
    assert desk.heard == [600] * 5
    one.is_well = DEAF
    await clock.turn(3600)
    assert len(desk.heard) == 5
    other.is_well = Health(heard_s=1.0)
    await clock.turn(15)
    assert len(desk.heard) > 5
    running.cancel()


async def test_a_console_is_somebody_and_a_line_that_is_not_there_yet_is_nobody() -> None:
    desk, clock = Desk(), HandClock()
    assert await attendance(desk, clock, Line(DEAF), has_console=True).report()
    assert not await attendance(desk, clock, Line(Health(heard_s=None))).report()
    assert desk.heard == [600]


async def test_without_the_setting_it_is_taken_back_once_and_silence_is_tried_on() -> None:
    desk, clock = Desk(), HandClock()
    desk.fault = EngineSilentError(None)
    running = asyncio.ensure_future(attendance(desk, clock, within_s=0).run())
    await clock.turn(20)
    desk.fault = None
    await clock.turn(20)
    assert desk.heard == [0]
    assert running.done()


async def test_an_engine_that_keeps_no_deadline_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    desk, clock = Desk(), HandClock()
    desk.fault = EngineError("no such route", 404)
    keeping = attendance(desk, clock, Line())
    assert not await keeping.report()
    assert not await keeping.report()
    assert caplog.text.count("no such route") == 1


async def test_what_the_engine_did_is_told_and_offers_to_resume() -> None:
    office = Office()
    text = "Nobody could be reached for 10 min: entries of 2 accounts are paused until a person resumes; exits go on"
    await tell(office, notice("eng.deadman", Severity.P2, None, text=text))
    assert where(office.messages, "🟠 P2 LEFT ALONE: PAUSED") >= {DESK, "console:desk"}
    card = next(message.card for message in office.messages if message.chat == DESK)
    assert {"Resume…", "Resolve…"} <= {action.label for action in card.actions}
    handle = next(action.handle for action in card.actions if action.label == "Resume…")
    assert "RESUME" in await office.say(who="tess", chat=DESK, handle=handle)
    await go(office, 7200, 60)
    assert office.controller.alerts.standing("eng.deadman") is not None  # a person ends it


@pytest.mark.parametrize(("written", "seconds"), [("10m", 600), ("1h30m", 5400), ("", 0), ("24h", 86_400)])
def test_the_setting(tmp_path: Path, written: str, seconds: int) -> None:
    desk = tmp_path / "desk.toml"
    desk.write_text(f'[chat]\ndead_man = "{written}"\n', encoding="utf-8")
    settings = read_settings(desk, home=tmp_path, environ={})
    assert (settings.dead_man_s, settings.has_desk) == (seconds, True)


@pytest.mark.parametrize("written", ["1m", "25h", "soon", "10", "-5m", "10m!"])
def test_a_senseless_setting_stops_the_start(tmp_path: Path, written: str) -> None:
    desk = tmp_path / "desk.toml"
    desk.write_text(f'[chat]\ndead_man = "{written}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="dead_man: write 10m"):
        _ = read_settings(desk, home=tmp_path, environ={}).dead_man_s
