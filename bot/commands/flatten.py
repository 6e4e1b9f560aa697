"""Freeze, cancel, close, prove flat."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Rest, Scope
from engine.api import FlattenAsk, Value


class Args(Value, frozen=True):
    """Whom, why."""

    scope: Scope
    reason: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """Preview the way out; the whole desk with real money needs the word."""
    ask = FlattenAsk(key=desk.key("flatten"), by=desk.person.name, scope=args.scope, reason=args.reason)
    whole = args.scope == "all"
    if not whole:
        everyone = {view.id for view in await desk.engine.accounts("all") if view.role == "follower"}
        named = {view.id for view in await desk.engine.accounts(args.scope)}
        whole = len(everyone) > 1 and everyone <= named
    return Reply(intent=Intent(ask=ask, whole=whole))


COMMAND = Command(
    name="flatten",
    summary="Freeze, cancel, close, prove flat",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Slow",
    aliases=("flat",),
    examples=("/flatten ALPHA", "/flatten NQ-MAIN", "/flatten all news"),
    holding=True,
    is_hot=True,
)
