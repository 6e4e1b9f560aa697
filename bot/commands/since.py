"""What changed since you last looked."""

from datetime import datetime, timedelta
from decimal import Decimal

from bot.core.access import resolve
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.pnl import since_card
from bot.core.span import Moment, Span
from engine.api import Severity, Value

LOOK_BACK = 100
AT_LEAST = timedelta(minutes=1)


class Args(Value, frozen=True):
    """Since when: ``2h`` is two hours ago, ``09:12`` when it was that last; since your last word if nothing is said."""

    at: Moment | None = None
    span: Span | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Show S14."""
    since = _since(args, desk)
    status = await desk.engine.status("all")
    copies = [copy for copy in await desk.engine.copies(LOOK_BACK) if copy.at >= since]
    acts = [
        one
        for one in desk.audit.newest(LOOK_BACK)
        if one.at >= since and one.person != desk.person.id and one.result in ("ok", "sent", "approved")
    ]
    seen = await desk.engine.accounts("all")
    acts = [one for one in acts if one.level not in ("", "C0") and (not one.accounts or resolve(one.accounts, seen))]
    raised = [one for one in desk.alerts.newest(LOOK_BACK) if one.began >= since and one.severity <= Severity.P3]
    earlier = [[point.profit for point in curve.points if point.at <= since] for curve in await desk.engine.curve(1)]
    before = sum((profits[-1] for profits in earlier if profits), Decimal(0)) if any(earlier) else None
    return reply(since_card(status, copies, acts, raised, (before, status.day_profit), since, desk.now, desk.zone))


def _since(args: Args, desk: Desk) -> datetime:
    if args.at is not None:
        return args.at.at - timedelta(days=1)
    if args.span is not None:
        return desk.now - (args.span.until - desk.now)
    rows = desk.audit.newest(LOOK_BACK, person=desk.person.id)
    mine = [one.at for one in rows if one.identity and desk.now - one.at > AT_LEAST]  # what ended by itself is no word
    return max(mine, default=desk.now - timedelta(days=1))


COMMAND = Command(
    name="since",
    summary="What changed since you last looked",
    args=Args,
    run=run,
    examples=("/since", "/since 2h", "/since 09:12"),
)
