"""Hand the watch over, with everything that is open."""

from bot.core.access import Level, Role
from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import list_buttons, list_card
from bot.core.render.look import clock, why
from bot.core.words import Word
from engine.api import LockstepError, Value


class Args(Value, frozen=True):
    """To whom."""

    who: Word


async def run(args: Args, desk: Desk) -> Reply:
    """Who is on call from now on, and what they take over."""
    person = desk.people.named(args.who).person
    desk.alerts.set_oncall(person, is_deputy=False)
    lines = await _pauses(desk)
    lines += [f"🔒 {one_line(frozen.scope)} {one_line(frozen.name)}" for frozen in desk.people.freezes()]
    lines += [f"🔑 armed {one_line(name)} until {clock(until, desk.zone)}" for name, until in desk.people.armed()]
    lines += [f"🔕 {one_line(mute.matcher)} {one_line(mute.by)}" for mute in desk.alerts.mutes()]
    head = Card(
        title=f"HANDOVER · {one_line(person.name)} is on call", lines=tuple(lines) or ("Nothing is held or muted.",)
    )
    desk.alerts.tell(person, head)
    groups = desk.alerts.open()
    return reply(head, list_card(groups, desk.now, "open"), buttons=list_buttons(groups))


async def _pauses(desk: Desk) -> list[str]:
    """What stands still now, and what will; the watch is handed over while the engine is silent, too."""
    try:
        views = await desk.engine.accounts("all")
    except LockstepError:
        return ["Pauses are not known: the engine is not answering"]
    lines = [f"⏸ {view.id} {one_line(hold.by)} {why(hold)}".rstrip() for view in views for hold in view.holds]
    return lines + [
        f"📅 {view.id} from {clock(hold.since, desk.zone)} {one_line(hold.by)} {one_line(hold.reason)}".rstrip()
        for view in views
        for hold in view.planned
    ]


COMMAND = Command(
    name="handover",
    summary="Hand the watch over, with what is open",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C1,
    family="Respond",
    examples=("/handover Ana", "/handover ben", "/handover ?"),
)
