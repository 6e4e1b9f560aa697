"""The clerk's process alone is killed, as kill -9 does: copying does not notice, people are told so, acts happen once."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.cli.replay import replay_directory
from engine.domain.command import Flatten
from engine.domain.event import EngineStarted
from engine.runtime import keeper
from engine.runtime.clock import SystemClock
from engine.runtime.link import Act, Acted, Declined
from engine.storage.store import Store
from tests.scenarios.phone import Scene, TelegramPhone
from tests.scenarios.stage import Stage, follower

AWAY_S = 0.5
START = """
import pathlib, runpy, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
sys.argv[1:] = []
runpy.run_module("engine.service", run_name="__main__")
"""  # as the keeper does, once the story lets it


class Kept(Scene):
    """A scene whose clerk is the keeper's own child."""

    def __init__(self, stage: Stage, phone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(stage, phone)
        self.children: list[subprocess.Popen[bytes]] = []
        self.gate = stage.home / "gate"
        self.gate.touch()
        spawn = subprocess.Popen

        def start(words: list[str], **more: Any) -> subprocess.Popen[bytes]:
            assert words[1:] == ["-m", "engine.service"]
            self.children.append(spawn([sys.executable, "-c", START, str(self.gate)], **more))
            return self.children[-1]

        monkeypatch.setattr(keeper.subprocess, "Popen", start)
        monkeypatch.setattr(keeper, "BACK_OFF_S", (AWAY_S,))

    async def open_engine(self) -> None:
        self.stage.clerk = {"LOCKSTEP_HOME": str(self.stage.home), "LOCKSTEP_API_PORT": "0"}
        await self.stage.open_engine()
        await self.stage.until(lambda: self.settings().find_engine() is not None, "the API serves")

    async def close_engine(self) -> None:
        await self.stage.close_engine()

    def kill_clerk(self) -> None:
        self.children[-1].kill()
        self.children[-1].wait()

    def keep_away(self) -> None:
        """The next one does not come up yet."""
        self.gate.unlink()

    def let_back(self) -> None:
        self.gate.touch()

    def kill_clerk_with(self, command: type[Any]) -> None:
        """It dies when the hot process has taken such an act in, before it is told so."""
        link = self.stage.engine._link
        take = link._take

        def taken(act: Act) -> Acted | Declined:
            answer = take(act)
            if isinstance(act.command, command):
                link._take = take
                self.kill_clerk()
            return answer

        link._take = taken


@asynccontextmanager
async def kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kept]:
    """A desk that copies, long 2, and a bot on Telegram; everything on the world's own time."""
    clock = SystemClock()
    stage = Stage(home, [follower("A"), follower("B")], clock=clock)
    await stage.open_venue()
    scene = Kept(stage, TelegramPhone(clock), monkeypatch)
    try:
        async with scene.phone.up():
            await scene.open_engine()
            scene.people()
            scene._readers = {object()}  # type: ignore[arg-type]  # they are another process's
            await scene.open_bot()
            try:
                await scene.type("/status")
                await scene.sees("COPYING · 2 of 2")
                stage.lead(2)
                await stage.until_held({"A": 2, "B": 2})
                await scene.sees("BUY 2 NQZ6")
                yield scene
            finally:
                await scene.close_bot()
    finally:
        await scene.close_engine()
        await stage.venue.stop()


async def test_copying_does_not_notice_that_the_clerk_is_dead_and_what_it_missed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead: copies go on; whoever asks hears that nobody answers. Back: what was missed is told, and nothing is lost."""
    async with kept(tmp_path, monkeypatch) as scene:
        stage = scene.stage
        scene.keep_away()
        scene.kill_clerk()
        stage.lead(1)
        await stage.until_held({"A": 3, "B": 3})
        await scene.type("/positions")
        await scene.sees("The engine is not answering (last answer")
        await scene.type("/pause A 15m")
        await scene.sees("The engine is not answering (last answer")
        scene.let_back()
        await scene.sees("BUY 1 NQZ6")
        assert stage.told == [f"the control API ended with code -9; started again in {AWAY_S:g} s"]
        await scene.type("/status")
        await scene.sees("COPYING · 2 of 2")
        await scene.type("/pause A 15m")
        await scene.sees("PAUSED A", "proven ✔")
        assert scene.wishes() == ["Pause"]
        said = " ".join(scene.phone.read())
        assert "ENGINE RESTARTED" not in said
        assert sum(isinstance(entry.event, EngineStarted) for entry in stage.entries()) == 1
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert stage.path("A") == stage.path("B") == [2, 3, 0]
        count = len(stage.entries())
        store = Store(f"sqlite:///{(tmp_path / 'journal.db').as_posix()}")
        await stage.until(lambda: len(list(store.read(1, count))) == count, "everything is stored")
        store.close()
        assert replay_directory(tmp_path / "journal").difference is None


async def test_an_act_whose_clerk_died_of_it_is_proven_on_its_own_message_and_happens_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken in by the hot process and not acknowledged: not known, then proven; nobody repeats it."""
    async with kept(tmp_path, monkeypatch) as scene:
        stage = scene.stage
        scene.kill_clerk_with(Flatten)
        await scene.type("/flatten A")
        await scene.press("Confirm")
        await scene.sees("FLATTEN A", "not known whether it arrived")
        await stage.until_held({"A": 0, "B": 2})
        await scene.sees("FLAT A", "proven flat ✔ 1/1")
        assert any("not known whether it arrived" in text for text in scene.phone.edits("proven flat ✔ 1/1"))
        assert scene.wishes() == ["Flatten"]
        await stage.until_quiet()
        stage.assert_no_double()
        assert (stage.path("A"), stage.path("B")) == ([2, 0], [2])
