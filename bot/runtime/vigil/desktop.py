"""Desktop: a window and a sound on this computer, by what each system brings itself; docs/adr/0007 says why no library."""

import asyncio
import html
import logging
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping

from bot.core.card import one_line
from bot.core.chat import Finding

TIMEOUT_S = 15.0
LONGEST = 300
TITLE, TEXT = (
    "LOCKSTEP_TITLE",
    "LOCKSTEP_TEXT",
)  # what is said stands in the environment or in arguments, never in a script
SOUND = "/usr/share/sounds/freedesktop/stereo/dialog-warning.oga"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
APPLE = (
    "on run argv",
    'display notification (item 2 of argv) with title (item 1 of argv) sound name "Sosumi"',
    "end run",
)
WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms, System.Drawing;"
    "$n = New-Object System.Windows.Forms.NotifyIcon;"
    "$n.Icon = [System.Drawing.SystemIcons]::Warning; $n.Visible = $true;"
    "[System.Media.SystemSounds]::Hand.Play();"
    f"$n.ShowBalloonTip(10000, $env:{TITLE}, $env:{TEXT}, 'Error');"
    "Start-Sleep 8; $n.Dispose()"
)
Words = tuple[str, ...]

log = logging.getLogger(__name__)


def programs(system: str, environ: Mapping[str, str], which: Callable[[str], str | None]) -> list[Words]:
    """What to run here, ``{title}`` and ``{text}`` to be put in; nothing where there is no desktop."""
    if system == "darwin":
        script = tuple(word for line in APPLE for word in ("-e", line))
        return [("osascript", *script, "{title}", "{text}")] if which("osascript") else []
    if system == "win32":
        return [("powershell", "-NoProfile", "-NonInteractive", "-Command", WINDOWS)] if which("powershell") else []
    if not which("notify-send") or not any(environ.get(name) for name in DISPLAYS):
        return []
    shown: list[Words] = [("notify-send", "-u", "critical", "-a", "Lockstep", "--", "{title}", "{markup}")]
    if which("canberra-gtk-play"):
        shown.append(("canberra-gtk-play", "-i", "dialog-warning"))
    elif which("paplay"):
        shown.append(("paplay", SOUND))
    return shown


def probe() -> Finding:
    """Can this computer make itself heard?"""
    found = programs(sys.platform, os.environ, shutil.which)
    if not found:
        lack = (
            "no desktop here, or no notify-send" if sys.platform not in ("darwin", "win32") else "no notifications here"
        )
        return Finding(mark="--", text=f"{lack}: a P1 that no platform delivers makes no noise on this computer")
    return Finding(mark="ok", text=f"notifications by {found[0][0]}")


class Desktop:
    """The screen and the loudspeaker of this computer."""

    def __init__(self, environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> None:
        """Nothing is run yet."""
        self._environ = environ
        self._programs = programs(system, environ, lambda name: shutil.which(name, path=environ.get("PATH")))
        self._said = False

    async def make(self, title: str, text: str) -> None:
        """Make a noise; failing is one line in the log."""
        if not self._programs:
            self._fail("there is no desktop on this computer")
        title, text = one_line(title)[:LONGEST], one_line(text)[:LONGEST]
        fill = {"{title}": title, "{text}": text, "{markup}": html.escape(text)}
        for words in self._programs:
            await self._run(tuple(fill.get(word, word) for word in words), {TITLE: title, TEXT: text})

    async def _run(self, words: Words, more: Mapping[str, str]) -> None:
        try:
            program = await asyncio.create_subprocess_exec(
                *words, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env={**self._environ, **more}
            )
        except OSError as error:
            self._fail(f"{words[0]}: {error.strerror}")
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if await program.wait():
                    self._fail(f"{words[0]} ended with {program.returncode}")
        except TimeoutError:
            program.kill()
            await program.wait()
            self._fail(f"{words[0]} hangs")

    def _fail(self, reason: str) -> None:
        if not self._said:
            self._said = True
            log.warning("this computer makes no noise: %s", reason)
