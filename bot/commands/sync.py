"""Bring followers to the leader's position now, or accept what they hold."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Scope
from engine.api import SyncAsk, Value


class Args(Value, frozen=True):
    """Whom; adopt what is held instead of trading?"""

    scope: Scope
    adopt: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Preview the orders that would bring them together."""
    first, second = (
        SyncAsk(key=desk.key("sync"), by=desk.person.name, scope=args.scope, adopt=adopt)
        for adopt in (args.adopt, not args.adopt)
    )
    other = "Adopt…" if second.adopt else "Join the leader…"
    return Reply(intent=Intent(ask=first, instead=((other, second),)))


COMMAND = Command(
    name="sync",
    summary="Join the leader's position now, or adopt",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    aliases=("resync",),
    examples=("/sync ALPHA", "/sync NQ-MAIN", "/sync BRAVO adopt"),
)
