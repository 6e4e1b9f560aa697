"""Bring followers to the leader's position now, close what he does not explain, or accept what they hold."""

from enum import StrEnum

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Scope
from engine.api import ApartAsk, SyncAsk, Value


class Way(StrEnum):
    """Which of the two gives way."""

    COPY = "copy"  # to the leader's position
    CLOSE = "close"  # only down: what his position does not explain
    ADOPT = "adopt"  # what is held is right
    APART = "apart"  # what is not the leader's is kept beside the copies


LABELS = {Way.COPY: "Join the leader…", Way.CLOSE: "Close diff…", Way.ADOPT: "Adopt…"}


class Args(Value, frozen=True):
    """Whom, and how: to the leader when nothing else is said."""

    scope: Scope
    way: Way = Way.COPY


async def run(args: Args, desk: Desk) -> Reply:
    """Preview the orders that would bring them together."""
    if args.way is Way.APART:
        return Reply(intent=Intent(ask=ApartAsk(key=desk.key("apart"), by=desk.person.name, scope=args.scope)))
    asks = {
        way: SyncAsk(
            key=desk.key("sync"),
            by=desk.person.name,
            scope=args.scope,
            adopt=way is Way.ADOPT,
            close=way is Way.CLOSE,
        )
        for way in LABELS
    }
    instead = tuple((LABELS[way], ask) for way, ask in asks.items() if way is not args.way)
    return Reply(intent=Intent(ask=asks[args.way], instead=instead))


COMMAND = Command(
    name="sync",
    summary="Join the leader, close the difference, adopt, apart",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    aliases=("resync",),
    examples=("/sync NQ-MAIN close", "/sync BRAVO adopt", "/sync BRAVO apart"),
)
