"""Let one position go its own way."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Account, Instrument
from engine.api import DisconnectAsk, Value


class Args(Value, frozen=True):
    """Which account's position in what."""

    account: Account
    symbol: Instrument


async def run(args: Args, desk: Desk) -> Reply:
    """Preview it: the position stays, and the leader's exits do not reach it any more."""
    ask = DisconnectAsk(key=desk.key("disconnect"), by=desk.person.name, scope=args.account, symbol=args.symbol)
    return Reply(intent=Intent(ask=ask))


COMMAND = Command(
    name="disconnect",
    summary="Let a position go its own way: the leader's exits no longer close it",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    examples=("/disconnect ALPHA NQ", "/disconnect ALPHA NQZ6", "/disconnect BRAVO ES"),
    holding=True,
)
