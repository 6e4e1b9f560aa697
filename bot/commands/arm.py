"""Need no code for a few minutes."""

from datetime import timedelta

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.deed import Arm
from bot.core.dialogue import Intent
from bot.core.span import Span
from engine.api import Value


class Args(Value, frozen=True):
    """How long; ten minutes at most."""

    span: Span | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Open the window, with one code now."""
    until = min(args.span.until if args.span else desk.now + timedelta(minutes=5), desk.now + timedelta(minutes=10))
    return Reply(intent=Intent(deed=Arm(until=until), level=Level.C3, role=Role.TRADER))


COMMAND = Command(
    name="arm",
    summary="Give one code now, none for some minutes",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C3,
    family="Self",
    examples=("/arm", "/arm 5m", "/arm 10m"),
)
