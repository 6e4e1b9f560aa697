"""Turn copying off until a person turns it on."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Rest, Scope
from engine.api import OffAsk, OnAsk, Value


class Args(Value, frozen=True):
    """Whom; close what is held as well? Why?"""

    scope: Scope
    close: bool = False
    reason: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """Off at once; with a close after a look. Undo turns on only those that were on before."""
    ask = OffAsk(key=desk.key("off"), by=desk.person.name, scope=args.scope, close=args.close, reason=args.reason)
    followers = [view for view in await desk.engine.accounts(args.scope) if view.role == "follower"]
    was_on = [view.id for view in followers if not any(hold.kind == "off" for hold in view.holds)]
    scope = args.scope if len(was_on) == len(followers) else ",".join(was_on)
    back = (OnAsk(key=desk.key("undo"), by=desk.person.name, scope=scope),) if was_on else ()
    return Reply(intent=Intent(ask=ask, undo=() if args.close else back))


COMMAND = Command(
    name="off",
    summary="Stop copying until turned on; exits copy, or close now",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    aliases=("disable",),
    examples=("/off ALPHA", "/off ALPHA close", "/off #funded firm is slow"),
)
