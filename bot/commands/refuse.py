"""Do not copy a held trade of the leader."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Held
from engine.api import RefuseAsk, Value


class Args(Value, frozen=True):
    """Which trade."""

    held: Held


async def run(args: Args, desk: Desk) -> Reply:
    """Refuse it for everybody; what would have happened without an answer happens now."""
    return Reply(intent=Intent(ask=RefuseAsk(key=desk.key("refuse"), by=desk.person.name, held=args.held)))


COMMAND = Command(
    name="refuse",
    summary="Do not copy a held trade",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    examples=("/refuse H1", "/refuse H12", "/refuse h3"),
)
