"""Let nobody but yourself, risk and owner add risk."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.deed import Freeze
from bot.core.dialogue import Intent
from bot.core.span import Span
from bot.core.words import Rest, Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts, how long, why; ``off`` lifts it."""

    scope: Scope
    off: bool = False
    span: Span | None = None
    reason: Rest | None = None


async def run(args: Args, desk: Desk) -> Reply:  # noqa: ARG001  every command takes the desk
    """Freezing is done at once; pause and flatten go on, whoever asks for them."""
    until = args.span.until if args.span else None
    deed = Freeze(scope=args.scope, until=until, reason=args.reason or "", is_on=not args.off)
    return Reply(intent=Intent(deed=deed, level=Level.C1))


COMMAND = Command(
    name="freeze",
    summary="Only you, risk and owner may add risk",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    aliases=("lock", "shush"),
    examples=("/freeze all 1h review", "/freeze #funded eod", "/freeze all off"),
)
