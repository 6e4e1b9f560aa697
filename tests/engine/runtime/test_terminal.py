"""A console that was killed leaves no raw terminal behind, or Ctrl-C would reach nobody."""

import os
import sys
from pathlib import Path

from engine.runtime.supervisor import Child, Program
from engine.runtime.terminal import kept

RAW = "import os, signal, tty; tty.setraw(0); os.kill(os.getpid(), signal.SIGKILL)"


async def test_a_killed_window_gives_its_terminal_back() -> None:
    if sys.platform == "win32":
        return  # its console has no such settings
    import termios

    ours, theirs = os.openpty()
    standard = os.dup(0)
    try:
        os.dup2(theirs, 0)
        before = termios.tcgetattr(0)
        child = Child(Program(name="console", argv=(sys.executable, "-c", RAW), is_window=True))
        assert await child.wait() < 0
        assert termios.tcgetattr(0)[3] == before[3]
    finally:
        os.dup2(standard, 0)
        for file in (standard, ours, theirs):
            os.close(file)


def test_without_a_terminal_nothing_happens(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        kept(file.fileno())()
