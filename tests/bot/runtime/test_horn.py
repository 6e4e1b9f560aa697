"""The desk's own computer makes a noise where a P1 reaches nobody, once for each push, and not where somebody was reached."""

import html
import stat
import sys
from pathlib import Path

import pytest

from bot.__main__ import doctor
from bot.config import ChatSettings, Noise, Settings
from bot.core.chat import Health, Message
from bot.runtime.vigil.desktop import WINDOWS, Desktop, programs
from bot.runtime.vigil.horn import Horn
from engine.api import Severity
from tests.bot.office import Office
from tests.bot.runtime.test_alerts import notice, tell
from tests.bot.runtime.test_silence import Line, watchman

P1 = Severity.P1
BOTH = frozenset({"tg", "dc"})


class Sounds:
    """What was to be heard."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    async def make(self, title: str, text: str) -> None:
        self.made.append((title, text))


def horn(office: Office, sounds: Sounds, *, is_eager: bool = False) -> Horn:
    return Horn(office.controller.alerts, sounds, BOTH, office.clock, is_eager=is_eager)


async def go(office: Office, listening: Horn, seconds: int) -> None:
    for _ in range(seconds):
        await office.clock.turn(1)
        await office.controller.alerts.tick()
        await listening.look()


def deliver(listening: Horn, messages: list[Message], platform: str) -> None:
    for message in messages:
        if message.chat.startswith(f"{platform}:"):
            listening.shown(message, 0.1)


async def test_a_p1_that_no_platform_delivers_is_heard_after_thirty_seconds_and_with_each_new_push() -> None:
    office, sounds = Office(), Sounds()
    listening = horn(office, sounds)
    shown = await tell(office, notice("dd.fail", P1))
    deliver(listening, shown, "console")  # nobody need be there
    await go(office, listening, 29)
    assert not sounds.made
    await go(office, listening, 3)
    assert sounds.made == [("P1 NOT PROVEN FLAT · ALPHA", "No platform has delivered this. ALPHA dd.fail")]
    await go(office, listening, 25)
    assert len(sounds.made) == 1
    await go(office, listening, 35)  # it was pushed again after a minute
    assert len(sounds.made) == 2
    await office.say("/ack A-1 15m", who="ana")
    await go(office, listening, 300)
    assert len(sounds.made) == 2


@pytest.mark.parametrize("platform", ["tg", "dc"])
async def test_what_one_platform_has_delivered_is_not_heard(platform: str) -> None:
    office, sounds = Office(), Sounds()
    listening = horn(office, sounds)
    deliver(listening, await tell(office, notice("dd.fail", P1)), platform)
    await go(office, listening, 50)
    assert not sounds.made


async def test_a_push_that_was_delivered_does_not_speak_for_the_next() -> None:
    office, sounds = Office(), Sounds()
    listening = horn(office, sounds)
    deliver(listening, await tell(office, notice("dd.fail", P1)), "tg")
    await go(office, listening, 62)  # pushed again, and not delivered
    assert not sounds.made
    await go(office, listening, 32)
    assert len(sounds.made) == 1


async def test_within_a_storm_the_storms_own_card_counts() -> None:
    office, sounds = Office(), Sounds()
    listening = horn(office, sounds)
    many = [notice("dd.fail", P1, f"ACC-{number}") for number in range(25)]
    deliver(listening, await tell(office, *many), "tg")
    await go(office, listening, 50)
    assert not sounds.made


async def test_a_p2_is_not_heard_and_every_p1_is_where_that_is_wanted() -> None:
    office, sounds = Office(), Sounds()
    listening = horn(office, sounds, is_eager=True)
    await tell(office, notice("copy.stopped"))
    await go(office, listening, 40)
    assert not sounds.made
    deliver(listening, await tell(office, notice("dd.fail", P1)), "tg")
    await go(office, listening, 40)
    assert sounds.made == [("P1 NOT PROVEN FLAT · ALPHA", "ALPHA dd.fail")]


async def test_both_platforms_deaf_is_heard_once_each_time() -> None:
    office, sounds, one, other = Office(), Sounds(), Line(), Line(Health(heard_s=99.0, trouble="deaf"))
    listening, looking = horn(office, sounds), watchman(office, tg=one, dc=other)
    for trouble, count in (("", 0), ("deaf", 1), ("deaf", 1), ("", 1), ("deaf", 2)):
        one.is_well = Health(heard_s=1.0, trouble=trouble)
        await looking.look()
        await go(office, listening, 3)
        assert len(sounds.made) == count
    assert sounds.made[0] == ("Nobody can reach the desk", "dc and tg: what people write does not arrive. Look here.")


async def test_a_restart_makes_no_noise_for_what_is_old_and_keeps_what_is_young() -> None:
    office, sounds = Office(), Sounds()
    await tell(office, notice("dd.fail", P1))
    office.build()
    listening = horn(office, sounds)
    await go(office, listening, 32)
    assert len(sounds.made) == 1
    office.build()
    listening = horn(office, sounds)
    await go(office, listening, 20)
    assert len(sounds.made) == 1


def test_what_is_run_on_each_system() -> None:
    def has(*names: str):  # type: ignore[no-untyped-def]  # a lookup, as shutil.which
        return lambda name: f"/bin/{name}" if name in names else None

    screen = {"DISPLAY": ":0"}
    assert programs("linux", {}, has("notify-send")) == []  # nobody looks there
    assert programs("linux", screen, has()) == []
    assert [one[0] for one in programs("linux", screen, has("notify-send", "paplay"))] == ["notify-send", "paplay"]
    (apple,) = programs("darwin", {}, has("osascript"))
    assert apple[-2:] == ("{title}", "{text}")
    assert programs("darwin", {}, has()) == programs("win32", {}, has()) == []
    (windows,) = programs("win32", {}, has("powershell"))
    assert windows[-1] == WINDOWS


async def test_it_runs_the_systems_own_program_and_a_text_is_never_a_script(tmp_path: Path) -> None:
    said = tmp_path / "said"
    fake = tmp_path / "notify-send"
    fake.write_text(
        f'#!{sys.executable}\nimport sys\nopen({str(said)!r}, "a").write(repr(sys.argv[1:]))\n', encoding="utf-8"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    nasty = '"; rm -rf / $(id) <b>&\n--help'
    await Desktop({"PATH": str(tmp_path), "DISPLAY": ":0"}, "linux").make("P1 A", nasty)
    words = said.read_text(encoding="utf-8")
    assert words.startswith("['-u', 'critical', '-a', 'Lockstep', '--', 'P1 A', ")
    assert html.escape('"; rm -rf / $(id) <b>&') in words


async def test_a_computer_without_a_desktop_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for environ in ({"PATH": str(tmp_path)}, {"PATH": str(tmp_path), "DISPLAY": ":0"}):
        caplog.clear()
        desktop = Desktop(environ, "linux")
        await desktop.make("P1", "text")
        await desktop.make("P1", "text")
        assert caplog.text.count("makes no noise") == 1


@pytest.mark.parametrize(("wish", "said"), [(Noise.UNHEARD, True), (Noise.OFF, False)])
async def test_doctor_says_whether_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wish: Noise, said: bool
) -> None:
    settings = Settings(home=tmp_path, chat=ChatSettings(desktop=wish), has_desk=True)
    assert await doctor(settings) == 0
    assert ("desktop: " in capsys.readouterr().out) is said
