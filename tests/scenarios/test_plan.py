"""A plan from the phone, over real sockets: the engine carries it out while no bot lives, over its own restart, and ends it."""

from datetime import UTC, datetime
from pathlib import Path

from engine.domain.event import PersonActed
from tests.scenarios.phone import phoned
from tests.scenarios.stage import follower
from tests.scenarios.swift import SwiftClock


def utc(hour: int, minute: int, second: int = 1) -> datetime:
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC)


async def test_a_weekly_plan_holds_without_the_bot_over_a_restart_and_is_deleted_by_its_number(tmp_path: Path) -> None:
    clock = SwiftClock(5.0)
    async with phoned("telegram", tmp_path, [follower("A"), follower("B")], clock=clock) as scene:
        stage = scene.stage
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await scene.type("/tz America/Chicago")
        await scene.sees("America/Chicago")
        await scene.type("/plan pause 09:00-09:10 NFP weekly A")
        await scene.sees("PLANNED A", "pauses Mon 2026-11-23 09:00-09:10 in America/Chicago, every Mon")
        await scene.type("/plan pause 11:00-11:05 lunch")
        await scene.sees("PLANNED all", "11:00-11:05")
        await scene.type("/undo")
        await scene.sees("PLAN DROPPED")
        await scene.close_bot()
        clock.turn_to(utc(15, 0))
        await stage.until(lambda: bool(stage.notices("news.begin", "A")), "begun")
        assert stage.notices("news.begin", "B") == []
        await scene.close_engine()
        await scene.open_engine()
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.until_skipped("A", ("hold", 1))
        stage.lead(-2)
        await stage.until_held({"A": 1, "B": 1})
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 2})
        clock.turn_to(utc(15, 8))
        await stage.until(lambda: bool(stage.notices("pause.ending", "A")), "said that it ends")
        clock.turn_to(utc(15, 10))
        await stage.until(lambda: bool(stage.notices("news.end", "A")), "ended")
        assert "NOT JOINED: holds +1 NQZ6" in stage.notices("news.end", "A")[0]
        stage.lead(1)
        await stage.until_held({"A": 2, "B": 3})
        await scene.open_bot()
        await scene.type("/plan")
        listed = await scene.sees("PLANNED PAUSES", "NFP")
        assert "Mon 30 Nov 09:00-09:10 NFP" in listed
        assert "lunch" not in listed
        await scene.type("/plan delete 1")
        await scene.sees("DROP PLAN A", "NFP")
        await scene.press("Confirm")
        await stage.until(lambda: not stage.copier("A").planned, "dropped")
        acted = [
            type(entry.event.command).__name__ for entry in stage.entries() if isinstance(entry.event, PersonActed)
        ]
        assert acted == ["PlanWindow", "PlanWindow", "DropPause", "DropPause"]
        stage.assert_no_double()
