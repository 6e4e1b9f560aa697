"""The console end to end: typed lines against an engine's API over real sockets."""

import asyncio
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bot.app import SystemClock, run
from bot.chats.console import Console, Options
from bot.config import ChatSettings, Settings
from bot.core.card import CARD_CELLS, Card, cells
from bot.core.chat import Message, Priority
from engine.api import (
    ActState,
    ActTold,
    CloseAsk,
    FlattenAsk,
    Notice,
    PauseAsk,
    ResumeAsk,
    Severity,
    SizeAsk,
    StatusTold,
)
from engine.api.secret import Vault
from tests.bot.double import AT, TOKEN, EngineDouble, account
from tests.bot.runtime.test_heartbeat import Watchman as DeadManService

PATIENCE_S = 15.0


class LeapClock(SystemClock):
    """Real time, plus leaps that a test makes."""

    def __init__(self) -> None:
        self.leapt = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.leapt)

    def monotonic(self) -> float:
        return super().monotonic() + self.leapt


class Play:
    """One run of the console; ``lines`` may act between two lines."""

    def __init__(self, engine: EngineDouble, home: Path) -> None:
        self.engine = engine
        self.home = home
        self.out = io.StringIO()
        self.clock = LeapClock()
        self.code = -1

    @property
    def text(self) -> str:
        return self.out.getvalue()

    def settings(self, **more: Any) -> Settings:
        fields: dict[str, Any] = {"home": self.home, "api": self.engine.url, "token": TOKEN}
        return Settings(**{**fields, **more})

    async def lines(self, lines: Iterable[str], flow: bool = False, **more: Any) -> str:
        console = Console(Options(), self.clock, script=lines, writing=self.out)
        async with asyncio.timeout(PATIENCE_S):
            self.code = await run(self.settings(**more), console=console, clock=self.clock)
        return " ".join(self.text.split()) if flow else self.text

    def until(self, true: Callable[[], bool], line: str = "wait 0.02s") -> Iterator[str]:
        """Lines that pass time until something is so."""
        while not true():
            yield line


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(EngineDouble(), tmp_path)


async def test_a_pause_is_asked_acked_proven_and_undone(play: Play) -> None:
    async with play.engine.serve():
        text = await play.lines(["wait engine", "/pause 15m NFP", "wait proven", "u", "wait proven", "/status"])
    assert play.code == 0
    pause, resume = play.engine.sent
    assert isinstance(pause, PauseAsk)
    assert pause.until is not None
    assert (pause.scope, pause.reason) == ("all", "NFP")
    assert isinstance(resume, ResumeAsk)
    assert text.index("asked ✔ acked ✔ proven 0/3 …") < text.index("⏸ PAUSED all")
    assert "🟢 COPYING · 3 of 3" in text
    assert all(cells(line) <= CARD_CELLS for line in text.splitlines())


async def test_undo_resumes_only_those_that_ran_before(play: Play) -> None:
    async with play.engine.serve():
        await play.lines(
            ["wait engine", "/pause BRAVO", "wait proven", "/pause 15m", "wait proven", "u", "wait proven"]
        )
    assert play.engine.sent[-1].scope == "ALPHA,CHARLIE"


async def test_undo_after_a_minute_is_refused(play: Play) -> None:
    def lines() -> Iterator[str]:
        yield from ("wait engine", "/pause 15m", "wait proven")
        play.clock.leapt = 61.0
        yield "u"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert len(play.engine.sent) == 1
    assert "Too late" in text


async def test_nothing_is_called_done_that_is_not_proven(play: Play) -> None:
    play.engine.proves = False
    async with play.engine.serve():
        text = await play.lines(["wait engine", "/pause 15m", "wait proven 0.3s"])
    assert play.code == 1
    assert "acked" in text
    assert "PAUSED" not in text


async def test_size_down_at_once_and_up_after_a_look(play: Play) -> None:
    play.engine.accounts["ALPHA"] = account("ALPHA", live=True)
    async with play.engine.serve():
        text = await play.lines(["/size ALPHA 0.5x", "/size alpha 1x", "n", "/size alpha 1x", "y", "wait proven"])
    assert [ask.factor for ask in play.engine.sent if isinstance(ask, SizeAsk)] == [Decimal("0.5"), Decimal(1)]
    assert "ALPHA 0.5x → 1x" in text
    assert "Cancelled. Nothing was done." in text


async def test_undo_gives_each_account_its_own_size_back(play: Play) -> None:
    play.engine.accounts["BRAVO"] = account("BRAVO", factor=Decimal("0.5"))
    async with play.engine.serve():
        await play.lines(["wait engine", "/size all off", "wait proven", "u", "wait proven"])
    factors = {alias: view.factor for alias, view in play.engine.accounts.items() if view.role == "follower"}
    assert factors == {"ALPHA": Decimal(1), "BRAVO": Decimal("0.5"), "CHARLIE": Decimal(1)}


async def test_close_asks_which_then_shows_then_does_it_once(play: Play) -> None:
    play.engine.hold(2)
    async with play.engine.serve():
        text = await play.lines(["wait engine", "/close", "ALPHA", "y", "y", "wait proven"])
    assert "CLOSE which?" in text
    assert [(ask.scope, ask.version) for ask in play.engine.sent if isinstance(ask, CloseAsk)] == [("ALPHA", 2)]
    assert "Already pressed" in text
    assert "CLOSED ALPHA" in text


async def test_a_root_is_completed_to_what_is_held(play: Play) -> None:
    play.engine.hold(2)
    async with play.engine.serve():
        text = await play.lines(["/close ALPHA NQ 1", "y", "/close ALPHA ES"], flow=True)
    (ask,) = play.engine.sent
    assert isinstance(ask, CloseAsk)
    assert (ask.symbol, ask.quantity) == ("NQZ6", 1)
    assert "nobody in ALPHA is known to hold ES" in text


async def test_flattening_real_money_takes_the_word(play: Play) -> None:
    play.engine.hold(2)
    play.engine.accounts["ALPHA"] = replace(play.engine.accounts["ALPHA"], live=True)
    async with play.engine.serve():
        text = await play.lines(
            ["wait engine", "/flatten NQ-MAIN", "y", "FLATTEN", "wait proven", "wait flat", "FLATTEN"]
        )
    assert play.code == 0
    assert "[y] Confirm" not in text
    assert "type the word FLATTEN" in text
    assert [type(ask) for ask in play.engine.sent] == [FlattenAsk]
    assert "🟥 FLAT NQ-MAIN" in text


async def test_an_expired_confirmation_does_nothing(play: Play) -> None:
    play.engine.hold(2)

    def lines() -> Iterator[str]:
        yield "/flatten all"
        play.clock.leapt = 31.0
        yield "y"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert not play.engine.sent
    assert "Too late" in text


async def test_a_changed_state_is_shown_afresh(play: Play) -> None:
    play.engine.hold(2)

    def lines() -> Iterator[str]:
        yield "/close ALPHA NQ 1"
        play.engine.hold(1)
        yield "y"
        yield "wait 0.01s"
        assert not play.engine.sent
        yield "y"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert "Changed meanwhile. Look again:" in text
    assert [ask.version for ask in play.engine.sent] == [play.engine.version - 1]


async def test_a_change_that_only_the_engine_sees_is_refused_and_shown_afresh(play: Play) -> None:
    play.engine.hold(2)
    seen = play.engine.preview
    raced = [True]

    def preview(ask: Any) -> Any:
        answer = seen(ask)
        if len(asked) == 1 and raced.pop():
            play.engine.version += 1  # the state moves between the last look and the send
            raced.append(False)
        asked.append(ask)
        return answer

    asked: list[Any] = []
    play.engine.preview = preview  # type: ignore[method-assign]  # one test's race
    async with play.engine.serve():
        text = await play.lines(["/close ALPHA NQ 1", "y", "y"])
    assert "Look again" in text
    assert len(play.engine.sent) == 1


async def test_an_exit_asks_again_only_once(play: Play) -> None:
    def lines() -> Iterator[str]:
        for net in (2, 3, 4):
            play.engine.hold(net)
            yield "/flatten all" if net == 2 else "y"
        yield "wait proven"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert text.count("Look again") == 1
    assert [ask.version for ask in play.engine.sent] == [None]


async def test_resume_says_what_was_missed(play: Play) -> None:
    def lines() -> Iterator[str]:
        yield from ("wait engine", "/pause 15m NFP", "wait proven")
        play.engine.copy("c9", 2)
        yield from ("wait copy", "/resume", "y", "wait proven")

    async with play.engine.serve():
        text = await play.lines(lines())
    assert "NFP" in text
    assert "Meanwhile the leader: 1 entry, 0 exits" in text
    assert "▶ RESUMED all" in text


async def test_copies_are_told_as_they_happen_and_together_when_many(play: Play) -> None:
    def lines() -> Iterator[str]:
        yield "wait engine"
        play.engine.copy("c1", 2, "sent")
        play.engine.copy("c1", 2)
        yield "wait copy"
        yield "/health"
        for number in range(5):
            play.engine.copy(f"d{number}", -1)
        yield "wait copy"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert text.count("BUY 2 NQZ6") == 1
    assert "5 copies" in text


async def test_notices_become_alerts_that_are_told_once_and_handled(play: Play) -> None:
    def notice(code: str, severity: Severity, text: str, number: int = 0) -> None:
        play.engine.tell(Notice(seq=0, at=AT, code=code, severity=severity, text=text, account=f"A{number}"))

    def lines() -> Iterator[str]:
        yield "wait engine"
        notice("day.report", Severity.P5, "hidden")
        notice("copy.slow", Severity.P3, "later")
        notice("leader.lost", Severity.P1, "first")
        for _ in range(2):
            for number in range(2):
                notice("copy.reject", Severity.P2, f"A{number}: no funds", number)
        yield "wait 0.5s"
        play.clock.leapt += 40  # longer than any of them waits for its fellows
        yield from play.until(lambda: "SLOW COPIES" in play.text)
        yield "/ack A-2 30m on it"
        yield "/alerts"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert "hidden" not in text
    assert text.index("🔴 P1 LEADER LOST") < text.index("🟠 P2 ORDER REFUSED · A0") < text.index("🟡 P3 SLOW COPIES")
    assert text.count("P2 ORDER REFUSED · A0") == 1
    assert "OPEN 4  (P1 1 · P2 2 · P3 1)" in text
    assert "A-2 LEADER LOST · A0:" in text.replace("\n ", " ")


async def test_what_was_told_while_the_bot_was_away_is_taken_in_and_old_copies_are_no_news(play: Play) -> None:
    def tell(code: str) -> None:
        play.engine.tell(Notice(seq=0, at=AT, code=code, severity=Severity.P1, text=code, account="ALPHA"))

    def before() -> Iterator[str]:
        yield "wait engine"
        tell("dd.fail")
        yield from play.until(lambda: "NOT PROVEN FLAT" in play.text)
        play.engine.copy("c1", 2)
        yield "wait copy"

    def after() -> Iterator[str]:
        yield from play.until(lambda: "FILL TAKEN BACK" in play.text)
        play.engine.copy("c2", -2)
        yield "wait copy"
        yield "/alerts"

    async with play.engine.serve():
        await play.lines(before())
        tell("fill.busted")
        play.out = io.StringIO()
        text = await play.lines(after())
    assert play.engine.asked_from == [None, 101]
    assert "BUY 2 NQZ6" not in text
    assert "SELL 2 NQZ6" in text
    assert "OPEN 2  (P1 2" in text


async def test_an_act_of_somebody_else_is_told(play: Play) -> None:
    def lines() -> Iterator[str]:
        yield "wait engine"
        play.engine.order(PauseAsk(key="curl-1", by="Ben", scope="ALPHA"))
        yield from play.until(lambda: "by Ben" in play.text)

    async with play.engine.serve():
        text = await play.lines(lines())
    assert "PAUSED ALPHA by Ben: proven" in text


async def test_engine_down_is_said_at_once_and_comes_back_by_itself(play: Play) -> None:
    down, gone, up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        async with play.engine.serve():
            down_ready.set()
            await down.wait()
        gone.set()
        await up.wait()
        async with play.engine.serve():
            await done.wait()

    down_ready, done = asyncio.Event(), asyncio.Event()

    def lines() -> Iterator[str]:
        yield from ("wait engine", "/status")
        down.set()
        yield from play.until(gone.is_set)
        yield "/pause 15m"
        yield from play.until(lambda: "I keep trying" in play.text)
        up.set()
        yield from ("wait engine", "/pause 15m", "wait proven")
        yield from play.until(lambda: "answers again" in play.text)
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(serve())
        await down_ready.wait()
        text = await play.lines(lines())
    assert play.code == 0
    assert "The engine is not answering (last" in text
    assert len(play.engine.sent) == 1
    assert play.engine.asked_from[0] is None
    assert play.engine.asked_from[-1] is not None  # it resumed


async def test_an_outside_heartbeat_beats_once_the_engine_answers(play: Play) -> None:
    async with play.engine.serve(), DeadManService().up() as outside:
        chat = ChatSettings(heartbeat="env:HEARTBEAT_URL")
        vault = Vault({"HEARTBEAT_URL": outside.url}, ())
        await play.lines(chain(["wait engine"], play.until(lambda: bool(outside.asked))), chat=chat, vault=vault)
    assert outside.asked


@pytest.mark.parametrize(("more", "told"), [({"dead_man": "10m"}, [600]), ({}, [0])])
async def test_the_engine_hears_that_the_desk_is_attended(play: Play, more: dict[str, str], told: list[int]) -> None:
    """A desk.toml without the setting takes back what an earlier bot asked for."""
    async with play.engine.serve():
        lines = chain(["wait engine"], play.until(lambda: bool(play.engine.attended)))
        await play.lines(lines, chat=ChatSettings(**more), has_desk=True)
    assert play.engine.attended == told


@pytest.mark.parametrize(("priority", "silent", "rings"), [(0, False, True), (0, True, False), (3, False, False)])
async def test_a_terminals_bell_rings_for_what_is_gravest(priority: int, silent: bool, rings: bool) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    card = Card(title="P1 NOT PROVEN FLAT")
    message = Message(chat="console:desk", card=card, priority=Priority(priority), silent=silent)
    for writing in (out, io.StringIO()):
        await Console(Options(), SystemClock(), script=[], writing=writing).post(message, "", "1")
        assert "NOT PROVEN FLAT" in writing.getvalue()
        assert ("\a" in writing.getvalue()) is (rings and writing is out)


async def test_a_send_that_nobody_answered_is_asked_about_and_not_repeated(play: Play) -> None:
    play.engine.silent_acts = True
    play.engine.proves = False

    def lines() -> Iterator[str]:
        yield from ("wait engine", "/pause 15m")
        assert "not known whether it arrived" in " ".join(play.text.split())
        play.engine.silent_acts = False
        (key,) = play.engine.acts
        for reader in play.engine.readers:
            reader.put_nowait(None)  # the line drops; on the way back the act is asked about
        yield from play.until(lambda: len(play.engine.asked_from) > 1)
        play.engine.prove(key)
        yield "wait proven"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert len(play.engine.sent) == 1
    assert "⏸ PAUSED all" in text


async def test_an_act_that_never_arrived_is_said_to_be_undone_only_after_a_grace(play: Play) -> None:
    play.engine.lost_acts = True

    def lines() -> Iterator[str]:
        yield from ("wait engine", "/pause 15m", "wait 0.6s")
        assert "never arrived" not in play.text
        play.clock.leapt = 11.0
        yield "wait proven"

    async with play.engine.serve():
        text = await play.lines(lines(), flow=True)
    assert play.code == 1
    assert "not known whether it arrived" in text
    assert "never arrived: nothing was done" in text


async def test_a_failed_act_is_said_and_ends_the_script(play: Play) -> None:
    play.engine.proves = False

    def lines() -> Iterator[str]:
        yield from ("wait engine", "/pause 15m")
        (key,) = play.engine.acts
        failed = replace(play.engine.acts[key], state=ActState.FAILED, text="the journal is full")
        play.engine.tell(ActTold(seq=0, act=failed))
        play.engine.tell(StatusTold(seq=0, status=play.engine.status()))
        yield "wait proven"

    async with play.engine.serve():
        text = await play.lines(lines())
    assert play.code == 1
    assert "NOT DONE" in " ".join(text.split())
    assert "the journal is full" in text


async def test_reading_and_helping(play: Play) -> None:
    play.engine.hold(2)
    play.engine.copy("c1", 2)
    words = ["status", "/accounts", "account al", "/positions NQ", "orders", "/copies", "/health", "help", "/receipt"]
    async with play.engine.serve():
        text = await play.lines(
            [*words, "version", "/whoami", "pause ?", "/pausse 15m", "/size ALPHA", "/lead buy 2 NQ", "?"]
        )
    assert play.code == 0
    for shown in ("ACCOUNTS · 4", "ALPHA · DEMOALPHA", "POSITIONS · NQ", "RECEIPT", "Lockstep 0.1.0", "Did you mean"):
        assert shown in text
    assert "size ALPHA …?" in text
    assert "No command 'lead'" in text
    assert not play.engine.sent


async def test_a_trade_is_thought_through_before_anybody_makes_it(play: Play) -> None:
    async with play.engine.serve():
        text = await play.lines(["/whatif buy 2 NQ stop 30", "1", "/wi sell 1 ESZ6 alpha", "/whatif buy 2 NQ stop"])
    assert "WHAT IF · BUY 2 NQ\nLEAD-1 0 → +2\nStop 30 pt\nBRAVO: +2 not sent, hold: NFP by Ana" in text
    assert "WHAT IF · BUY 2 NQ · BRAVO" in text
    assert "WHAT IF · SELL 1 ESZ6 · ALPHA" in text
    assert "'stop' is no stop distance (stop 30, stop 120t)" in " ".join(text.split())
    assert not play.engine.sent


async def test_an_unknown_account_is_the_engines_refusal_or_ours(play: Play) -> None:
    async with play.engine.serve():
        text = await play.lines(["/flatten APLHA", "/account nobody"])
    assert "Did you mean ALPHA?" in text
    assert "'nobody'" in text
    assert not play.engine.sent


async def test_a_pipe_is_read_line_by_line(play: Play) -> None:
    reading = io.StringIO("# remark\n/status\n\n/flatten\n1\ny\n/quit\n/pause all\n")
    console = Console(Options(), play.clock, reading=reading, writing=play.out)
    async with play.engine.serve(), asyncio.timeout(PATIENCE_S):
        assert await run(play.settings(), console=console, clock=play.clock) == 0
    assert "> /status" in play.text
    assert [ask.scope for ask in play.engine.sent] == ["ALPHA"]
    assert "🟥 FLAT ALPHA" in play.text  # the end waits for the proof
    assert "\x1b" not in play.text


async def test_the_wrong_token_is_one_line(play: Play) -> None:
    async with play.engine.serve():
        text = await play.lines(["/status"], token="wrong")
    assert TOKEN not in text
    assert "wrong" not in text


async def test_a_wrong_script_line_stops_the_script(play: Play) -> None:
    async with play.engine.serve():
        text = await play.lines(["wait forever"])
    assert play.code == 2
    assert "wait for what?" in text
