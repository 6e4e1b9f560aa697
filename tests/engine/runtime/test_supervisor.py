"""The supervisor: back-off, words, who is started again and who not, and the order of stopping."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import Child, Program, Supervisor, ending, signals
from tests.clock import HandClock

ROOT = Path(__file__).parents[3]
ENGINE = Program(name="engine", argv=("engine",), is_needed=True)
BOT = Program(name="bot", argv=("bot",), is_window=True)


class Double:
    """A process that ends when the test says so."""

    def __init__(self, stage: "Stage", program: Program, is_deaf: bool) -> None:
        self._stage, self.name, self._is_deaf = stage, program.name, is_deaf
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        return await asyncio.shield(self.code)

    def ask_to_stop(self) -> None:
        self._stage.log.append(f"stop {self.name}")
        if not self._is_deaf and not self.code.done():
            self.code.set_result(-15)

    def kill(self) -> None:
        self._stage.log.append(f"kill {self.name}")


class Stage:
    def __init__(self, *programs: Program) -> None:
        self.log: list[str] = []
        self.deaf: set[str] = set()
        self.absent: set[str] = set()
        self.now: dict[str, Double] = {}
        self.clock = HandClock()
        self.supervisor = Supervisor(programs, self.clock, self.log.append, self._spawn)
        self.task = asyncio.create_task(self.supervisor.run())

    def _spawn(self, program: Program) -> Double:
        if program.name in self.absent:
            raise FileNotFoundError(2, "No such file or directory")
        self.log.append(f"start {program.name}")
        self.now[program.name] = Double(self, program, program.name in self.deaf)
        return self.now[program.name]

    async def end(self, name: str, code: int) -> None:
        self.now[name].code.set_result(code)
        await self.clock.turn(0)

    def heard(self) -> list[str]:
        heard, self.log[:] = list(self.log), []
        return heard


async def staged(*programs: Program) -> Stage:
    stage = Stage(*programs)
    await stage.clock.turn(0)
    return stage


async def test_starts_in_order_and_stops_in_reverse():
    stage = await staged(ENGINE, BOT)
    stage.supervisor.stop()
    assert await stage.task == 0
    assert stage.heard() == ["start engine", "start bot", "stop bot", "stop engine"]


async def test_a_program_that_ends_is_started_again_after_a_growing_wait_up_to_a_minute():
    stage = await staged(ENGINE)
    for wait in (1, 2, 4, 8, 16, 32, 60, 60):
        stage.heard()
        await stage.end("engine", -9)
        assert stage.heard() == [f"engine: killed by SIGKILL; started again in {wait} s"]
        await stage.clock.turn(wait - 0.1)
        assert stage.heard() == []
        await stage.clock.turn(0.1)
        assert stage.heard() == ["start engine"]
    stage.supervisor.stop()
    await stage.task


async def test_the_wait_starts_anew_after_ten_good_minutes():
    stage = await staged(ENGINE)
    for _ in range(3):
        await stage.end("engine", 1)
        await stage.clock.turn(60)
    await stage.clock.turn(600)
    stage.heard()
    await stage.end("engine", 1)
    assert stage.heard() == ["engine: ended with exit code 1; started again in 1 s"]
    stage.supervisor.stop()
    await stage.task


async def test_wrong_settings_of_a_needed_program_stop_everything():
    stage = await staged(ENGINE, BOT)
    await stage.end("engine", 2)
    assert await stage.task == 2
    assert stage.heard()[2:] == [
        "engine: cannot run like this, see the line above; stopping",
        "stop bot",
        "stop engine",
    ]


async def test_wrong_settings_of_the_bot_leave_the_engine_running():
    stage = await staged(ENGINE, BOT)
    await stage.end("bot", 2)
    assert stage.heard()[-1] == "bot: cannot run like this, see the line above; the rest goes on without it"
    await stage.clock.turn(3600)
    assert stage.heard() == []
    stage.supervisor.stop()
    assert await stage.task == 0


async def test_a_window_that_its_person_closed_stays_closed_and_a_crashed_one_comes_back():
    stage = await staged(ENGINE, BOT)
    await stage.end("bot", 1)
    await stage.clock.turn(1)
    assert stage.heard()[-2:] == ["bot: ended with exit code 1; started again in 1 s", "start bot"]
    await stage.end("bot", 0)
    await stage.clock.turn(3600)
    assert stage.heard() == ["bot: closed; copying goes on, Ctrl-C here stops it"]
    stage.supervisor.stop()
    assert await stage.task == 0


async def test_an_engine_that_ends_in_good_order_unasked_is_started_again():
    stage = await staged(ENGINE)
    await stage.end("engine", 0)
    await stage.clock.turn(1)
    assert stage.heard()[-1] == "start engine"
    stage.supervisor.stop()
    await stage.task


async def test_a_program_that_cannot_be_started_is_said_and_tried_again():
    stage = Stage(ENGINE)
    stage.absent.add("engine")
    await stage.clock.turn(0)
    assert stage.heard() == ["engine: cannot be started: No such file or directory; started again in 1 s"]
    stage.absent.clear()
    await stage.clock.turn(1)
    assert stage.heard() == ["start engine"]
    stage.supervisor.stop()
    await stage.task


async def test_a_program_waits_for_the_file_that_says_that_another_is_up(tmp_path):
    file = tmp_path / "api.json"
    file.touch()
    os.utime(file, (0, 0))  # left by an earlier run
    stage = await staged(ENGINE, msgspec.structs.replace(BOT, waits_for=file))
    await stage.clock.turn(1)
    assert stage.heard() == ["start engine"]
    now = stage.clock.now().timestamp()
    os.utime(file, (now, now))
    await stage.clock.turn(1)
    assert stage.heard() == ["start bot"]
    stage.supervisor.stop()
    await stage.task


async def test_a_file_that_never_comes_is_not_waited_for_longer_than_a_while(tmp_path):
    stage = await staged(ENGINE, msgspec.structs.replace(BOT, waits_for=tmp_path / "never"))
    await stage.clock.turn(14)
    assert stage.heard() == ["start engine"]
    await stage.clock.turn(2)
    assert stage.heard() == ["start bot"]
    stage.supervisor.stop()
    await stage.task


async def test_a_program_that_does_not_listen_is_killed_after_a_while():
    stage = Stage(ENGINE, BOT)
    stage.deaf.add("engine")
    await stage.clock.turn(0)
    stage.supervisor.stop()
    while "stop engine" not in stage.log:
        await stage.clock.turn(0)
    await stage.clock.turn(0)
    await stage.clock.turn(9.9)
    assert stage.heard()[2:] == ["stop bot", "stop engine"]
    await stage.clock.turn(0.1)
    await asyncio.wait_for(stage.task, 5)
    assert stage.heard() == ["kill engine"]


async def test_asked_twice_to_stop_it_kills_at_once():
    stage = Stage(ENGINE)
    stage.deaf.add("engine")
    await stage.clock.turn(0)
    stage.supervisor.stop()
    await stage.clock.turn(0)
    stage.supervisor.stop()
    await asyncio.wait_for(stage.task, 5)
    assert stage.heard()[-1] == "kill engine"


async def test_cancelling_the_supervisor_stops_what_it_started():
    stage = await staged(ENGINE)
    stage.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stage.task
    assert stage.heard()[-1] == "stop engine"


def test_endings_in_words():
    assert ending(0) == "ended with exit code 0"
    assert ending(3) == "ended with exit code 3"
    assert ending("cannot be started") == "cannot be started"
    assert ending(-250) == "killed by signal 250"


async def test_real_processes_are_started_again_and_stopped(tmp_path):
    script = (
        "import pathlib, sys, time\n"
        f"once = pathlib.Path({str(tmp_path / 'once')!r})\n"
        "if once.exists():\n"
        "    print('up', flush=True)\n"
        "    time.sleep(60)\n"
        "once.touch(); sys.exit(3)\n"
    )
    said: list[str] = []
    children: asyncio.Queue[Child] = asyncio.Queue()

    def spawn(program: Program) -> Child:
        child = Child(program, subprocess.PIPE)
        children.put_nowait(child)
        return child

    program = Program(name="engine", argv=(sys.executable, "-c", script), is_needed=True)
    supervisor = Supervisor([program], Quick(), said.append, spawn)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(20):
        first, second = await children.get(), await children.get()
        assert await asyncio.to_thread(second.process.stdout.readline) == f"up{os.linesep}".encode()
        supervisor.stop()
        assert await running == 0
    assert said == ["engine: ended with exit code 3; started again in 1 s"]
    assert first.process.poll() == 3
    assert second.process.poll() is not None
    for child in (first, second):
        child.process.stdout.close()


async def test_a_leashed_program_ends_with_whoever_holds_its_input(tmp_path, monkeypatch):
    (tmp_path / "napping.py").write_text("import sys, time\nprint(sys.argv[1:], flush=True)\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    argv = (sys.executable, "-m", "engine.runtime.leash", "napping", "--flag")
    child = Child(Program(name="nap", argv=argv, is_leashed=True), subprocess.PIPE)
    async with asyncio.timeout(20):
        assert await asyncio.to_thread(child.process.stdout.readline) == f"['--flag']{os.linesep}".encode()
        child.process.stdin.close()  # as the system does for a starter that was killed
        assert await child.wait() != 0
    child.process.stdout.close()


class Quick(SystemClock):
    """Real time with short back-offs; the patience of a stop stays."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.01 if seconds <= 1 else seconds)


async def test_a_signal_reaches_the_loop_and_the_old_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    stop = asyncio.Event()
    with signals(stop.set):
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            await stop.wait()
    assert signal.getsignal(signal.SIGTERM) is before
