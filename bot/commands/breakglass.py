"""The owner goes on alone when no second person answers."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.deed import BreakGlass
from bot.core.dialogue import Intent
from bot.core.words import Rest, Word
from engine.api import Value


class Args(Value, frozen=True):
    """Which act that waits, and why, in ten characters or more."""

    id: Word
    reason: Rest


async def run(args: Args, desk: Desk) -> Reply:  # noqa: ARG001  every command takes the desk
    """With a code, after two minutes; risk and owner are told at once."""
    deed = BreakGlass(id=args.id.upper(), reason=args.reason)
    return Reply(intent=Intent(deed=deed, level=Level.C3, role=Role.OWNER))


COMMAND = Command(
    name="breakglass",
    summary="Owner: go on without the second person",
    args=Args,
    run=run,
    role=Role.OWNER,
    level=Level.C3,
    family="Rights",
    examples=("/breakglass R7 firm raised the limit", "/breakglass R1 cannot reach anybody", "/breakglass ?"),
)
