"""The computer's own faults: a full disk, a clock that is set, a journal that is taken, a wrong password. One clear line."""

import errno
import os
import socket
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from engine.app import Engine
from engine.domain.event import Absent, AccessRefused, OrderAnswered
from engine.domain.group import Bracket
from engine.errors import StaleOwner
from engine.runtime.clock import SystemClock
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged

PAIR = [follower("A"), follower("B")]
BRACKETED = [follower("A"), follower("B", bracket=Bracket(stop_ticks=400, target_ticks=800))]


class Disk:
    """The disk under the journal: full while ``is_full``."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        write, log = os.write, stage.engine.log

        def write_if_room(file: int, content: bytes) -> int:
            if self.is_full and file == log._file:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(file, content)

        monkeypatch.setattr("engine.storage.log.os.write", write_if_room)


async def test_a_full_disk_stops_entries_and_no_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are refused, exits pass, one clear notice; with room again nothing is lost, and a restart agrees."""
    async with staged(tmp_path, BRACKETED, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_quiet()
        disk = Disk(stage, monkeypatch)
        disk.is_full = True
        stage.lead(1)  # plain or bracketed, without a record it does not leave
        await stage.until(lambda: stage.engine.shard._is_strained, "the disk is known to be full")
        await stage.until(lambda: bool(stage.copier("A").holds), "entries are on hold")
        assert "journal" in stage.copier("A").barred
        assert "journal" in stage.engine.shard.strain  # what the health card says
        stage.lead(-2)
        await stage.until_held({"A": 2, "B": 2})
        stage.lead(1)
        await stage.stand(2)
        assert (stage.held("A"), stage.held("B")) == (2, 2)
        disk.is_full = False
        await stage.until(lambda: not stage.copier("A").holds, "entries are allowed again")
        stage.lead(1)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_quiet()
        told = [text for text in stage.notices("eng.disk") if "room again" in text]
        assert len(told) == 1
        assert "entries were stopped for" in told[0]
        await stage.close_engine()
        await stage.open_engine()
        assert (stage.believed("A"), stage.copier("A").lane("NQZ6").target) == (3, 4)
        stage.lead(-4)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert stage.path("A") == stage.path("B") == [3, 2, 3, 0]


async def test_a_kill_on_a_full_disk_loses_no_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done while the disk was full stands in no journal: the next engine finds it out from the broker."""
    async with staged(tmp_path, PAIR, speed=5) as stage:
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_quiet()
        disk = Disk(stage, monkeypatch)
        disk.is_full = True
        stage.lead(-2)
        await stage.until_held({"A": 1, "B": 1})
        await stage.close_engine()  # nothing of the exits is on the disk, as after a kill
        disk.is_full = False
        await stage.open_engine()
        await stage.until_quiet()
        assert (stage.held("A"), stage.believed("A"), stage.sizes("A")) == (1, 1, [3, -2])
        stage.lead(-1)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()


class SetClock:
    """The computer's clock, as a person or NTP sets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        outer = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime.now(UTC) + outer.ahead

        monkeypatch.setattr("engine.runtime.clock.datetime", Shown)


@pytest.mark.parametrize("hours", [5, -5])
async def test_a_clock_that_is_set_judges_nobody_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """An entry is unanswered when the clock jumps: it is not called absent, no wait ends early, copying goes on."""
    wall = SetClock(monkeypatch)
    options = {"answer_timeout_s": 1e4}
    async with staged(tmp_path, PAIR, per_login=1, clock=SystemClock(), options=options) as stage:
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})
        stage.fault(fault.SlowExchange(account="A", accept_s=0.7))
        stage.fault(fault.SlowAnswer(account="A", wait_s=0.7))
        stage.lead(1)
        await stage.until_held({"B": 2})
        wall.ahead = timedelta(hours=hours)
        await stage.until(lambda: bool(stage.notices("eng.clock")), "the jump is told")
        assert f"{hours * 3600:+.1f} s" in stage.notices("eng.clock")[0]
        await stage.until_held({"A": 2})
        await stage.until_quiet()
        answers = [entry.event for entry in stage.entries() if isinstance(entry.event, OrderAnswered)]
        assert not [answer for answer in answers if isinstance(answer.outcome, Absent)]
        assert stage.sizes("A") == [1, 1]
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        assert len(stage.notices("eng.clock")) == 1


async def test_a_journal_has_one_owner(tmp_path: Path) -> None:
    """A second engine over the same data says who holds it, and changes nothing."""
    async with staged(tmp_path, PAIR) as stage:
        with pytest.raises(StaleOwner, match="already held by process"):
            Engine(stage.home, stage.plan(), stage.connections(), stage.clock)
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 1})


def refusals(stage: Stage) -> list[AccessRefused]:
    return [entry.event for entry in stage.entries() if isinstance(entry.event, AccessRefused)]


def journal(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*.log"))


async def test_a_busy_port_stops_the_control_api_and_no_copy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One line names the port and the setting; the engine copies on without its control API, and does not try for ever."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        clerk = {"LOCKSTEP_HOME": str(tmp_path), "LOCKSTEP_API_PORT": str(port)}
        async with staged(tmp_path, PAIR, clerk=clerk) as stage:
            await stage.until(lambda: bool(stage.told), "the busy port is told")
            stage.lead(1)
            await stage.until_held({"A": 1, "B": 1})
            assert stage.told == ["the control API cannot start; copying goes on without it, see the line above"]
    line = capfd.readouterr().err.strip()
    assert "\n" not in line
    assert str(port) in line


async def test_a_wrong_password_is_told_once_and_not_hammered(tmp_path: Path) -> None:
    """One login is refused: one clear line, one try, the others copy; nothing of the password is told."""
    stage = Stage(
        tmp_path, PAIR, per_login=1, speed=20, passwords={"login1": "wrong-horse"}, options={"login_retry_s": 900.0}
    )
    await stage.open_venue()
    try:
        await stage.open_engine(wait=False)
        state = stage.engine.shard.desk.state
        await stage.until(lambda: bool(refusals(stage)), "the refusal is told")
        await stage.until(lambda: stage.copiers() != {} and stage.copier("B").is_ready, "B is ready")
        await stage.until(lambda: all(book.is_synced for book in state.leaders.values()), "the leader is heard")
        stage.lead(2)
        await stage.until_held({"B": 2})
        await stage.stand(60)
        told = [(fact.connection, "Incorrect username or password" in fact.reason) for fact in refusals(stage)]
        assert told == [("login1", True)]
        assert len([name for name, _, _ in stage.asked if name == "auth/accesstokenrequest"]) == 3
        assert stage.notices("acct.auth")[0].startswith("login1: login refused, Incorrect")
        assert b"wrong-horse" not in journal(tmp_path)
        await stage.until_skipped("A", ("line", 2))
    finally:
        await stage.close()
