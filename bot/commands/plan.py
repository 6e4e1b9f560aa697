"""Pause in a window of the clock, once or every week; the engine keeps it. What is planned, and taking it back."""

from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.access import ALL, Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.plan import plans_card, span
from bot.core.render.word import refusal_card
from bot.core.words import Count, Days, Hours, Name, Scope
from engine.api import PlanAsk, UnplanAsk, Value, often

HOUR = timedelta(hours=1)


class Deed(StrEnum):
    """What is done with a plan."""

    PAUSE = "pause"
    LIST = "list"
    DELETE = "delete"


class Args(Value, frozen=True):
    """From when to when, whom, on which days, again each week or once, and what it is for; or the number of one in the list."""

    deed: Deed | None = None
    hours: Hours | None = None
    number: Count | None = None
    weekly: bool = False
    scope: Scope = Scope("all")
    days: Days | None = None
    reason: Name | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """A plan is made at once, with Undo; one is taken back after a look."""
    if args.deed is Deed.DELETE:
        return await _delete(args, desk)
    if args.deed is Deed.PAUSE or (args.deed is None and args.hours is not None):
        return _pause(args, desk)
    view = await desk.engine.news(1, args.scope)
    return reply(plans_card(view.planned, desk.now, desk.zone))


def _pause(args: Args, desk: Desk) -> Reply:
    if args.hours is None:
        return reply(refusal_card("Not done: say from when to when: /plan pause 13:25-13:45 NFP."))
    if args.scope == ALL and desk.is_part:
        return Reply(asks_whom=True)
    opens, _, closes = args.hours.partition("-")
    zone = zone_name(desk.zone, desk.now)
    if not zone or (args.weekly and zone.startswith("Etc/")):
        return reply(refusal_card("Not done: your zone has no name here; say it once: /tz America/Chicago."))
    ask = PlanAsk(
        key=desk.key("plan"),
        by=desk.person.name,
        scope=args.scope,
        opens=opens,
        closes=closes,
        zone=zone,
        days=args.days or "",
        weekly=args.weekly,
        reason=" ".join(filter(None, (args.reason, str(args.number or "")))),
    )
    undo = UnplanAsk(key=desk.key("undo"), by=desk.person.name, scope=args.scope, plan=ask.key)
    return Reply(intent=Intent(ask=ask, undo=(undo,), remarks=("Exits are still copied.",)))


async def _delete(args: Args, desk: Desk) -> Reply:
    planned = (await desk.engine.news(1)).planned
    if args.number is None or args.number > len(planned):
        return reply(refusal_card("Not done: say its number in the list."), plans_card(planned, desk.now, desk.zone))
    one = planned[args.number - 1]
    named = {view.id for view in await desk.engine.accounts(args.scope)}
    accounts = [name for name in one.accounts if name in named]
    if not accounts:
        return reply(refusal_card(f"Not done: {args.scope} is not in plan {args.number}."))
    ask = UnplanAsk(key=desk.key("unplan"), by=desk.person.name, scope=",".join(accounts), plan=one.plan)
    said = " ".join(filter(None, (span(one, desk.now, desk.zone), one.reason, often(one.weekly), f"by {one.by}")))
    return Reply(intent=Intent(ask=ask, remarks=(said,)))


def zone_name(zone: tzinfo, now: datetime) -> str:
    """A zone's name for the engine; of one without a name its whole hours beside UTC, else nothing."""
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    offset = now.astimezone(zone).utcoffset() or timedelta(0)
    if not offset:
        return "UTC"
    hours, rest = divmod(offset, HOUR)
    return "" if rest else f"Etc/GMT{-hours:+d}"  # its sign is the other way round


COMMAND = Command(
    name="plan",
    summary="Pause at times of the day, once or weekly",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    examples=("/plan pause 13:25-13:45 NFP", "/plan pause 13:25-13:45 weekly fri ALPHA", "/plan delete 2"),
)
