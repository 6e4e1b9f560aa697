"""Who has locked or paused what, until when, and which pauses are planned."""

from datetime import datetime

from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import until, why
from bot.core.render.news import names
from bot.core.render.plan import span
from engine.api import AccountView, Value, often


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """S13: holds, pauses that are planned, freezes, armed windows, lockdowns."""
    lines = _held(await desk.engine.accounts("all"), desk)
    coming = [one for one in (await desk.engine.news(1)).planned if one.begins > desk.now]
    for one in coming:
        about = " ".join(filter(None, (one_line(one.by), one_line(one.reason), often(one.weekly))))
        lines.append(f"📅 {names(one.accounts)} {span(one, desk.now, desk.zone)} {about}")
    for frozen in desk.people.freezes():
        lines.append(
            f"🔒 {frozen.scope}{_end(frozen.until, desk)} {one_line(frozen.name)} {one_line(frozen.reason)}".rstrip()
        )
    lines += [f"🔑 armed {one_line(name)}{_end(until, desk)}" for name, until in desk.people.armed()]
    lines += [f"🔕 {one_line(one.matcher)}{_end(one.until, desk)} {one_line(one.by)}" for one in desk.alerts.mutes()]
    if desk.room.is_locked_down:
        lines.append("⛔ locked down: read, pause, flatten")
    return reply(Card(title="HOLDS", lines=tuple(lines) or ("Nothing is held, frozen or armed.",)))


def _held(views: tuple[AccountView, ...], desk: Desk) -> list[str]:
    """What stops entries; accounts with the same hold in one line."""
    followers = [view.id for view in views if view.role == "follower"]
    same: dict[str, list[str]] = {}
    for view in views:
        for hold in view.holds:
            said = f"{_end(hold.until, desk)} {one_line(hold.by)} {why(hold)}".rstrip()
            same.setdefault(said, []).append(view.id)
    return [
        f"⏸ {'all' if names == followers and len(names) > 1 else ', '.join(names)}{said}"
        for said, names in same.items()
    ]


def _end(at: datetime | None, desk: Desk) -> str:
    return f" until {until(at, desk.now, desk.zone)}" if at is not None else ""


COMMAND = Command(
    name="locks",
    summary="Who holds, froze or armed what, until when",
    args=Args,
    run=run,
    aliases=("wcid",),
    examples=("/locks", "locks", "/locks ?"),
)
