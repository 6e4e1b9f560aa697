"""The dead man's deadline: nobody can be reached, so entries are paused once; it outlives the clerk, and only people resume."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from engine.api.attend import AttendAsk
from engine.api.client import EngineClient, EngineError
from engine.api.requests import PauseAsk
from engine.api.views import ActState, ActView
from engine.domain.command import Pause
from engine.domain.decision import SendLots
from engine.errors import TransientError
from engine.service.asked import AskError
from engine.service.attendance import FILE, GRACE_S, Attendance, Kept
from engine.service.shelf import Shelf
from tests.clock import HandClock
from tests.engine.service.conftest import Office, heard
from tests.engine.service.hot import LEAD, A, B, Hot

TEN = AttendAsk(within_s=600)


class Desk:
    """Takes pauses in, or not."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.asked: list[PauseAsk] = []
        self.fault: Exception | None = None
        self.state = ActState.ACKED

    async def send(self, ask: PauseAsk) -> ActView:
        self.asked.append(ask)
        if self.fault is not None:
            raise self.fault
        return ActView(
            key=ask.key, kind="pause", by=ask.by, scope=ask.scope, state=self.state,
            asked_at=self.clock.now(), took_s=None, lines=(),
        )  # fmt: skip


def keeper(home: Path, clock: HandClock) -> Attendance:
    return Attendance(Shelf(home / FILE, Kept), clock)


async def test_without_a_word_nothing_is_ever_paused(tmp_path: Path) -> None:
    clock = HandClock()
    desk, attendance = Desk(clock), keeper(tmp_path, clock)
    await clock.turn(100_000)
    assert await attendance.look(desk.send)
    assert not desk.asked
    assert not (tmp_path / FILE).exists()


async def test_entries_are_paused_once_when_nobody_came_and_again_only_after_a_new_word(tmp_path: Path) -> None:
    clock = HandClock()
    desk, attendance = Desk(clock), keeper(tmp_path, clock)
    assert (await attendance.report(TEN)).until == clock.now() + timedelta(minutes=10)
    await clock.turn(590)
    await attendance.report(TEN)
    await clock.turn(599)
    await attendance.look(desk.send)
    assert not desk.asked
    await clock.turn(1)
    for _ in range(3):
        await attendance.look(desk.send)
        await clock.turn(3600)
    (ask,) = desk.asked
    assert (ask.by, ask.scope, ask.until, ask.reason) == ("dead man", "all", None, "nobody could be reached for 10 min")
    await attendance.report(TEN)
    await clock.turn(600)
    await attendance.look(desk.send)
    assert len({one.key for one in desk.asked}) == 2


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_pause_that_did_not_arrive_is_the_same_act_again(tmp_path: Path, is_answered: bool) -> None:
    clock = HandClock()
    desk, attendance = Desk(clock), keeper(tmp_path, clock)
    await attendance.report(TEN)
    await clock.turn(600)
    if is_answered:
        desk.state = ActState.ASKED
    else:
        desk.fault = TransientError("the engine's hot process is away")
    assert not await attendance.look(desk.send)
    desk.fault, desk.state = None, ActState.ACKED
    assert await attendance.look(desk.send)
    assert len(desk.asked) == 2
    assert len({ask.key for ask in desk.asked}) == 1


async def test_the_deadline_outlives_the_clerk_and_who_starts_with_it_gets_a_moment(tmp_path: Path) -> None:
    clock = HandClock()
    desk = Desk(clock)
    await keeper(tmp_path, clock).report(TEN)
    await clock.turn(400)
    attendance = keeper(tmp_path, clock)
    await clock.turn(199)
    await attendance.look(desk.send)
    assert not desk.asked
    await clock.turn(1)
    await attendance.look(desk.send)
    assert len(desk.asked) == 1
    attendance = keeper(tmp_path, clock)  # it knows that this one has passed
    await clock.turn(3600)
    await attendance.look(desk.send)
    assert len(desk.asked) == 1
    await attendance.report(TEN)
    clock.jump(8 * 3600)  # the whole computer was off over night
    attendance = keeper(tmp_path, clock)
    await clock.turn(GRACE_S - 1)
    await attendance.look(desk.send)
    assert len(desk.asked) == 1
    await clock.turn(1)
    await attendance.look(desk.send)
    assert len(desk.asked) == 2


async def test_a_clock_that_is_set_back_or_forth_changes_nothing_while_it_runs(tmp_path: Path) -> None:
    clock = HandClock()
    desk, attendance = Desk(clock), keeper(tmp_path, clock)
    await attendance.report(TEN)
    clock.jump(7200)
    await attendance.look(desk.send)
    assert not desk.asked
    clock.jump(-7200 * 2)
    await clock.turn(600)
    await attendance.look(desk.send)
    assert len(desk.asked) == 1


async def test_it_is_taken_back_and_a_senseless_time_is_refused(tmp_path: Path) -> None:
    clock = HandClock()
    desk, attendance = Desk(clock), keeper(tmp_path, clock)
    await attendance.report(TEN)
    assert (await attendance.report(AttendAsk(within_s=0))).until is None
    await clock.turn(7200)
    await attendance.look(desk.send)
    assert not desk.asked
    for seconds in (-1, 10**9):
        with pytest.raises(AskError, match="within_s"):
            await attendance.report(AttendAsk(within_s=seconds))


async def test_over_the_api_entries_pause_exits_go_on_and_whoever_comes_back_is_told(office: Office, hot: Hot) -> None:
    sends = hot.lead(2)
    hot.answer(sends)
    client = EngineClient(office.url, office.token)
    assert (await client.attended(1)).until is not None
    async with office.stream() as line:
        notice = await heard(line, "notice")
    assert (notice["code"], notice["severity"]) == ("eng.deadman", "P2")
    assert "entries of 2 accounts are paused until a person resumes; exits go on" in notice["text"]
    (act,) = hot.acts
    assert (act.by, type(act.command)) == ("dead man", Pause)
    holds = {name: bool(hot.desk.state.copiers[name].holds) for name in (A, B)}
    assert holds == {A: True, B: True}
    since = notice["seq"] - 1
    async with office.stream(since) as line:  # a bot that was dead meanwhile
        assert (await heard(line, "notice"))["code"] == "eng.deadman"
    await client.attended(600)
    assert (await office.get("/v1/status"))["word"] == "PAUSED"
    hot.seconds += 1
    assert not [one for one in hot.fill(LEAD, 1, "20000.00") if isinstance(one, SendLots)]
    hot.seconds += 1
    (exits,) = [one for one in hot.fill(LEAD, -3, "20000.00") if isinstance(one, SendLots)]
    assert {account: quantity for _, account, _, quantity in exits.lots} == {A: -2, B: -1}
    await client.close()


async def test_the_call_needs_the_token_and_a_sensible_time(office: Office) -> None:
    async with httpx.AsyncClient(base_url=office.url, trust_env=False) as stranger:
        assert (await stranger.post("/v1/attended", json={"within_s": 600})).status_code == 401
    client = EngineClient(office.url, office.token)
    with pytest.raises(EngineError, match="within_s"):
        await client.attended(-1)
    await client.close()
    assert (await office.http.post("/v1/attended", json={"within": 1})).status_code == 400
