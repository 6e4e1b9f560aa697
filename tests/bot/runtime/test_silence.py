"""Silence is no health: an engine that does not answer and a platform that does not hear are alerts until they are back."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from bot.core.alertgroup import Group
from bot.core.chat import ChatSpec, Health, Limits, Message
from bot.runtime.vigil.lifeline import Lifeline
from bot.runtime.vigil.watchman import Watchman
from engine.api import AccountState, Severity, Value
from tests.bot.office import DESK, OPS, TEAM, Office
from tests.bot.runtime.test_alerts import go, notice, tell, where

P1, P2, P4 = Severity.P1, Severity.P2, Severity.P4
SILENT = "ENGINE NOT ANSWERING"


def lifeline(office: Office) -> Lifeline:
    controller = office.controller
    local = ("console:desk",)
    return Lifeline(controller.around, controller.alerts, office.watch, controller.proofs, local=local)


async def lose(office: Office, line: Lifeline) -> None:
    line.lost("gone")
    await line.look()


async def find(office: Office, line: Lifeline) -> None:
    line.found()
    await line.look()


def open_groups(office: Office) -> list[Group]:
    return office.controller.alerts.pipeline.open()


async def known(office: Office, net: int = 0) -> None:
    """The engine has told what is held."""
    office.double.hold(net)
    await office.controller.around.directory.views()
    office.clock.jump(1)


async def test_a_silent_engine_with_positions_is_a_p1_that_ends_when_it_answers() -> None:
    office = Office()
    await known(office, 2)
    line = lifeline(office)
    await lose(office, line)
    assert "🔴 The engine is not answering" in office.shown[-1].title  # at the desk at once, without a noise elsewhere
    assert not where(office.messages, SILENT)
    shown = await go(office, 11)
    assert where(shown, f"🔴 P1 {SILENT}") >= {DESK, TEAM, OPS, "console:desk"}
    card = next(message.card for message in shown if SILENT in message.card.title)
    assert "ALPHA +2 NQZ6" in " ".join(card.lines)
    assert {action.label for action in card.actions} >= {"Status", "Health"}
    office.clock.jump(100)
    await find(office, line)
    assert f"{SILENT}: over" in " ".join(message.card.title for message in await go(office, 11))
    assert not open_groups(office)


async def test_a_flat_desk_is_a_p2_and_one_that_nobody_knows_is_a_p1() -> None:
    for prepare, severity in ((known, P2), (None, P1)):
        office = Office()
        if prepare is not None:
            await prepare(office)
        await lose(office, lifeline(office))
        assert [group.severity for group in open_groups(office)] == [severity]


async def test_what_was_copied_since_the_last_look_or_is_offline_makes_it_unknown() -> None:
    office = Office()
    await known(office)
    office.watch.moved_at = office.clock.monotonic()
    await lose(office, lifeline(office))
    assert open_groups(office)[0].severity is P1
    office = Office()
    office.double.accounts["ALPHA"] = replace(office.double.accounts["ALPHA"], state=AccountState.OFFLINE)
    await known(office)
    await lose(office, lifeline(office))
    assert open_groups(office)[0].severity is P1

    return replace(office.double.accounts["ALPHA"], state=AccountState.OFFLINE)


async def test_a_hiccup_rings_nowhere() -> None:
    office = Office()
    line = lifeline(office)
    await lose(office, line)
    await go(office, 6)
    await find(office, line)
    shown = await go(office, 60)
    assert {message.chat for message in office.messages} == {"console:desk"}  # the desk's own screen saw both
    assert not shown
    assert not open_groups(office)


async def test_a_bot_that_starts_while_the_engine_is_away_tells_it_once_and_ends_what_is_stale() -> None:
    office = Office()
    await lose(office, lifeline(office))
    await go(office, 11)
    office.build()
    line = lifeline(office)
    await lose(office, line)
    await lose(office, line)
    (group,) = open_groups(office)
    assert (group.id, group.pushes, group.count) == (1, 1, 1)
    assert not where(await go(office, 20), SILENT)
    office.build()
    await find(office, lifeline(office))
    assert where(await go(office, 11), "over after") >= {DESK}
    assert not open_groups(office)


async def test_a_silent_engine_explains_the_rest_but_not_the_bots_own_troubles() -> None:
    office = Office()
    line = lifeline(office)
    await lose(office, line)
    await go(office, 11)
    await tell(office, notice("leader.lost", P1, "LEAD-1"), notice("copy.stopped"))
    office.controller.alerts.raise_own("bridge.deaf", P2, "deaf", connection="tg")
    shown = await go(office, 15)
    assert {message.card.title for message in shown if message.is_fresh} == {"🟠 P2 PLATFORM DEAF · tg"}
    await find(office, line)
    office.clock.jump(1)
    shown = await go(office, 2)
    assert where(shown, "LEADER LOST")  # the engine is back: what still stands is told before the silence is over
    assert "eng.crash" in {group.code for group in open_groups(office)}


@dataclass
class Line:
    is_well: Health = field(default_factory=lambda: Health(heard_s=1.0))

    def health(self) -> Health:
        return self.is_well


def watchman(office: Office, **lines: Line) -> Watchman:
    chats = {
        name: (ChatSpec(name=name, options=Value, limits=Limits(), connect=Line), line) for name, line in lines.items()
    }
    return Watchman(chats, office.controller.alerts, office.clock)  # type: ignore[arg-type]  # lines, no chats


async def test_a_deaf_platform_is_told_on_every_platform_until_it_is_heard_again() -> None:
    office, line = Office(), Line()
    looking = watchman(office, tg=line, dc=Line())
    await looking.look()
    assert not office.messages
    line.is_well = Health(heard_s=50.0, trouble="no update for 50 s")
    await looking.look()
    await looking.look()
    shown = await go(office, 6)
    assert where(shown, "🟠 P2 PLATFORM DEAF · tg") >= {"console:desk", DESK, OPS}
    assert open_groups(office)[0].count == 1
    office.build()  # a new bot knows what the old one has raised, and ends it
    looking = watchman(office, tg=line, dc=Line())
    await looking.look()
    assert len(open_groups(office)) == 1
    line.is_well = Health(heard_s=None)  # not connected yet: that is no sign of health
    await looking.look()
    assert office.controller.alerts.standing("bridge.deaf", connection="tg") is not None
    line.is_well = Health(heard_s=1.0)
    await looking.look()
    assert where(await go(office, 31), "over after") >= {DESK, OPS}
    assert not open_groups(office)


async def test_a_platform_that_is_served_no_more_is_no_trouble() -> None:
    office = Office()
    await watchman(office, tg=Line(Health(heard_s=50.0, trouble="no news"))).look()
    office.build()
    await watchman(office, dc=Line()).look()
    assert office.controller.alerts.standing("bridge.deaf", connection="tg") is None


async def test_a_token_that_somebody_else_uses_is_a_p1_with_a_lockdown() -> None:
    office, line = Office(), Line(Health(heard_s=1.0, trouble="another program", is_rival=True))
    looking = watchman(office, tg=line)
    await looking.look()
    card = next(message.card for message in office.messages if message.chat == OPS)
    assert card.title == "🔴 P1 SOMEBODY HAS OUR TOKEN · tg"
    assert "Lockdown" in {action.label for action in card.actions}
    line.is_well = Health(heard_s=1.0)
    await looking.look()
    await go(office, 11)
    assert not open_groups(office)


async def test_what_is_grave_reaches_people_elsewhere_when_all_rooms_are_on_the_deaf_platform() -> None:
    office, line = Office(), Line(Health(heard_s=50.0, trouble="no news"))
    office.store.unbind(OPS)
    await office.say("/oncall Ana", who="ana")
    looking = watchman(office, tg=line, dc=Line())
    await looking.look()
    assert where(await go(office, 6), "PLATFORM DEAF") >= {DESK, TEAM, "dc:@tess", "dc:@ana"}
    silent: list[Message] = await tell(office, notice("dd.warn", P4))
    assert "dc:@tess" not in {message.chat for message in silent}


async def test_a_p2_is_told_to_who_is_on_call_where_he_is_heard() -> None:
    office, line = Office(), Line(Health(heard_s=50.0, trouble="no news"))
    await office.say("/oncall Ana", who="ana")
    await watchman(office, tg=line, dc=Line()).look()
    await tell(office, notice("copy.stopped"))
    told = where(office.messages, "ENTRIES STOPPED")
    assert "dc:@ana" in told
    assert "tg:@ana" not in told
