"""Pause around an event: before it begins, and until it is over."""

from bot.core.access import ALL, Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.span import Moment
from bot.core.words import Count, Scope, Word
from engine.api import NewsPauseAsk, UnplanAsk, Value

USUAL_MIN = 15


class Args(Value, frozen=True):
    """Whom; minutes before and after; a time of day, or the name of an event: the next red one if neither is given."""

    scope: Scope = Scope("all")
    before: Count | None = None
    after: Count | None = None
    at: Moment | None = None
    event: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Plan it now; Undo takes it back."""
    if args.scope == ALL and desk.is_part:
        return Reply(asks_whom=True)
    before = args.before or USUAL_MIN
    ask = NewsPauseAsk(
        key=desk.key("newspause"),
        by=desk.person.name,
        scope=args.scope,
        event=args.event or "",
        at=args.at.at if args.at is not None else None,
        before_min=before,
        after_min=args.after or before,
    )
    undo = UnplanAsk(key=desk.key("undo"), by=desk.person.name, scope=args.scope, plan=ask.key)
    return Reply(intent=Intent(ask=ask, undo=(undo,), remarks=("Exits are still copied.",)))


COMMAND = Command(
    name="newspause",
    summary="Pause around the next red event, or around a time",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    aliases=("np",),
    examples=("/newspause", "/np CPI 15 30", "/np ALPHA 14:30"),
)
