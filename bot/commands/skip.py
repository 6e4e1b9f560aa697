"""Leave out one trade of the leader."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Instrument, Scope
from engine.api import SkipAsk, Value


class Args(Value, frozen=True):
    """Whom, in what (every trade that is on, or else the next one, when nothing is named); or take it back."""

    scope: Scope
    symbol: Instrument | None = None
    off: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Skip the trade that is on, or the next one, until the leader is flat."""
    ask, back = (
        SkipAsk(key=desk.key(verb), by=desk.person.name, scope=args.scope, symbol=args.symbol, is_over=is_over)
        for verb, is_over in (("skip", args.off), ("undo", True))
    )
    return Reply(intent=Intent(ask=ask, undo=() if args.off else (back,)))


COMMAND = Command(
    name="skip",
    summary="Leave out the leader's trade, this one or the next; exits copy",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    examples=("/skip ALPHA", "/skip ALPHA NQ", "/skip ALPHA off"),
)
