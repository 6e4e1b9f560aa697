"""Let accounts trade again that a limit has locked."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Scope
from engine.api import UnlockAsk, Value


class Args(Value, frozen=True):
    """Whom; has the firm reset the account?"""

    scope: Scope
    reset: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Preview what is unlocked."""
    ask = UnlockAsk(key=desk.key("unlock"), by=desk.person.name, scope=args.scope, is_reset=args.reset)
    return Reply(intent=Intent(ask=ask, role=Role.RISK))


COMMAND = Command(
    name="unlock",
    summary="Trade again after a limit has locked",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C3,
    family="Fast",
    examples=("/unlock ALPHA", "/unlock NQ-MAIN", "/unlock ALPHA reset"),
)
