"""The console's own parts: script lines, keys, painting, and the prompt on a pretended terminal."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from bot.app import SystemClock, run
from bot.chats.console import Console, Options
from bot.chats.console.keys import Keys
from bot.chats.console.paint import Painter
from bot.chats.console.script import Step, StepError, read_step
from bot.config import Settings
from bot.core.card import CARD_CELLS, Action, Card, cells
from bot.core.chat import Pulse
from engine.api import Severity
from tests.bot.double import TOKEN, EngineDouble


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("", None),
        ("# remark", None),
        ("/pause 15m", Step(line="/pause 15m")),
        ("say Now the leader buys", Step(say="Now the leader buys")),
        ("wait proven", Step(wait="proven")),
        ("wait copy 5s", Step(wait="copy", timeout_s=5.0)),
        ("wait 0.5s", Step(seconds=0.5)),
    ],
)
def test_script_lines(text: str, step: Step | None) -> None:
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["wait", "wait forever", "wait proven copy", "wait 1s 2s"])
def test_script_lines_that_make_no_sense(text: str) -> None:
    with pytest.raises(StepError):
        read_step(text)


def card(*actions: tuple[str, str, str], title: str = "Which?") -> Card:
    return Card(
        title=title, actions=tuple(Action(label=label, handle=handle, key=key) for label, handle, key in actions)
    )


def test_keys_press_the_newest_button_that_has_them() -> None:
    keys = Keys()
    keys.learn(card(("Confirm", "h1", "y"), ("Cancel", "h2", "n")))
    keys.learn(card(("ALPHA  +2", "h3", "1"), ("all", "h4", "2")))
    assert (keys.handle("Y"), keys.handle("1"), keys.handle("alpha"), keys.handle("all")) == ("h1", "h3", "h3", "h4")
    keys.learn(card(("Confirm", "h5", "y")))
    assert keys.handle("y") == "h5"
    assert keys.handle("/status") == keys.handle("9") == ""


def test_a_verb_stays_a_verb_beside_suggestions() -> None:
    keys = Keys()
    keys.learn(card(("/pause", "h1", "1")))
    assert keys.handle("pause") == ""
    assert keys.handle("1") == "h1"


def test_an_edit_prints_only_the_news() -> None:
    painter = Painter()
    first = Card(title="⏸ PAUSE all", lines=("by Luis", "asked ✔ acked ✔ proven 0/3 …"), ref="act:1")
    assert painter.paint(first).splitlines() == ["⏸ PAUSE all", "by Luis", "asked ✔ acked ✔ proven 0/3 …"]
    after = Card(title="⏸ PAUSED all", lines=("by Luis", "asked ✔ acked ✔ proven ✔ 3/3"), ref="act:1")
    assert painter.paint(after).splitlines() == ["⏸ PAUSED all", "asked ✔ acked ✔ proven ✔ 3/3"]


def test_an_alert_that_is_as_it_was_is_not_printed_again_unless_it_rings() -> None:
    painter = Painter()
    card = Card(title="🔴 P1 DRILL", lines=("nobody has it",), ref="alert:1")
    assert painter.paint(card, anew=True)
    assert painter.paint(card) == ""
    assert painter.paint(card, anew=True)
    assert painter.paint(replace(card, lines=("Ana has it",))).splitlines() == ["🔴 P1 DRILL", "Ana has it"]


def test_colours_are_only_paint() -> None:
    wrong = Card(title="🔴 P1", severity=Severity.P1, lines=("ALPHA REFUSED [red]x[/red]",))
    assert "\x1b[" not in Painter().paint(wrong)
    painted = Painter(colour=True).paint(wrong)
    assert "\x1b[" in painted
    assert "[red]x[/red]" in painted


def test_no_colour_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Console(Options(), SystemClock(), script=())._has_colour(terminal=True)
    assert Console(Options(colour="always"), SystemClock(), script=())._has_colour(terminal=False)


class Screen(io.StringIO):
    """A pretended terminal that says when a text has appeared."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[str, asyncio.Event]] = []

    def write(self, text: str) -> int:
        written = super().write(text)
        for wanted, seen in self._waiting:
            if wanted in self.getvalue():
                seen.set()
        return written

    async def shows(self, text: str) -> None:
        seen = asyncio.Event()
        self._waiting.append((text, seen))
        if text not in self.getvalue():
            await seen.wait()


async def test_the_prompt_on_a_terminal_of_forty_columns(tmp_path: Path) -> None:
    double, screen = EngineDouble(), Screen()
    output = Vt100_Output(screen, lambda: Size(rows=30, columns=40), term="xterm")
    with create_pipe_input() as keyboard:
        console = Console(Options(colour="never"), SystemClock(), prompt_input=keyboard, prompt_output=output)

        async def person() -> None:
            await screen.shows("3 of 3 accounts")
            keyboard.send_text("/pause 15m\r")
            await screen.shows("PAUSED all")
            double.copy("c1", 2)
            await screen.shows("BUY 2 NQZ6")
            keyboard.send_text("u\r")
            await screen.shows("RESUMED all")
            keyboard.send_text("\x03")  # Ctrl-C ends nothing
            await screen.shows("Ctrl-D or /quit leaves")
            keyboard.send_text("\x04")

        async with double.serve() as url, asyncio.timeout(15):
            settings = Settings(home=tmp_path, api=url, token=TOKEN)
            served, _ = await asyncio.gather(run(settings, console=console), person())
    assert served == 0
    assert len(double.sent) == 2


async def test_the_prompt_stays_alive_without_an_engine(tmp_path: Path) -> None:
    screen = Screen()
    output = Vt100_Output(screen, lambda: Size(rows=30, columns=40), term="xterm")
    with create_pipe_input() as keyboard:
        console = Console(Options(colour="never"), SystemClock(), prompt_input=keyboard, prompt_output=output)

        async def person() -> None:
            await screen.shows("I keep trying")
            keyboard.send_text("/help\r")
            await screen.shows("Slow")
            keyboard.send_text("/quit\r")

        async with asyncio.timeout(15):
            settings = Settings(home=tmp_path)
            served, _ = await asyncio.gather(run(settings, console=console), person())
    assert served == 0


class Doorway:
    """A door that only tells how things stand."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse = lambda: pulse


def test_the_status_line_tells_ages() -> None:
    console = Console(Options(), SystemClock(), script=())
    silent: Any = Doorway(Pulse(status=None, heard_s=None, connected=False))
    assert console._toolbar(silent) == " NO ENGINE · never heard"
    lost: Any = Doorway(Pulse(status=EngineDouble().status(), heard_s=300.0, connected=False))
    assert console._toolbar(lost) == " NO ENGINE · heard 5 min ago"
    well: Any = Doorway(Pulse(status=EngineDouble().status(), heard_s=1.0, connected=True))
    assert console._toolbar(well) == " COPYING 3/3 · +1,240 · seen 0 s · heard 1 s ago"


def test_a_card_never_needs_more_than_the_terminal() -> None:
    wide: Any = Card(title="x" * 90, lines=("y" * 90,))
    for width in (24, 40, 200):
        painter = Painter(width=width)
        assert all(cells(line) <= min(width, CARD_CELLS) for line in painter.paint(wide).splitlines())
