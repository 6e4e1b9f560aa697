"""Turn copying on again."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Scope
from engine.api import OnAsk, Value


class Args(Value, frozen=True):
    """Whom."""

    scope: Scope


async def run(args: Args, desk: Desk) -> Reply:
    """Preview it; real money asks for the word."""
    return Reply(intent=Intent(ask=OnAsk(key=desk.key("on"), by=desk.person.name, scope=args.scope)))


COMMAND = Command(
    name="on",
    summary="Copy again after off, from the leader's next entry",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    aliases=("enable",),
    examples=("/on ALPHA", "/on NQ-MAIN", "/on #funded"),
)
