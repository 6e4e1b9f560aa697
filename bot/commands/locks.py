"""Who has locked or paused what, until when, and which pauses are planned."""

from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import clock, why
from bot.core.render.news import names
from bot.core.render.plan import span
from engine.api import Value, often


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """S13: holds, pauses that are planned, freezes, armed windows, lockdowns."""
    lines = []
    for view in await desk.engine.accounts("all"):
        for hold in view.holds:
            until = f" until {clock(hold.until, desk.zone)}" if hold.until else ""
            lines.append(f"⏸ {view.id}{until} {one_line(hold.by)} {why(hold)}".rstrip())
    coming = [one for one in (await desk.engine.news(1)).planned if one.begins > desk.now]
    for one in coming:
        about = " ".join(filter(None, (one_line(one.by), one_line(one.reason), often(one.weekly))))
        lines.append(f"📅 {names(one.accounts)} {span(one, desk.now, desk.zone)} {about}")
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
