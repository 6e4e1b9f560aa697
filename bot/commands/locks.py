"""Who has locked or paused what, and until when."""

from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import clock, why
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """S13: holds, freezes, armed windows, lockdowns."""
    lines = []
    for view in await desk.engine.accounts("all"):
        for hold in view.holds:
            until = f" until {clock(hold.until, desk.zone)}" if hold.until else ""
            lines.append(f"⏸ {view.id}{until} {one_line(hold.by)} {why(hold)}".rstrip())
    for frozen in desk.people.freezes():
        until = f" until {clock(frozen.until, desk.zone)}" if frozen.until else ""
        lines.append(f"🔒 {frozen.scope}{until} {one_line(frozen.name)} {one_line(frozen.reason)}".rstrip())
    lines += [f"🔑 armed {one_line(name)} until {clock(until, desk.zone)}" for name, until in desk.people.armed()]
    lines += [
        f"🔕 {one_line(one.matcher)} until {clock(one.until, desk.zone)} {one_line(one.by)}"
        for one in desk.alerts.mutes()
    ]
    if desk.room.is_locked_down:
        lines.append("⛔ locked down: read, pause, flatten")
    return reply(Card(title="HOLDS", lines=tuple(lines) or ("Nothing is held, frozen or armed.",)))


COMMAND = Command(
    name="locks",
    summary="Who holds, froze or armed what, until when",
    args=Args,
    run=run,
    aliases=("wcid",),
    examples=("/locks", "locks", "/locks ?"),
)
