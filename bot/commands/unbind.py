"""The desk leaves this chat."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.deed import Unbind
from bot.core.dialogue import Intent
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Nothing is told or answered here any more."""
    return Reply(intent=Intent(deed=Unbind(chat=desk.room.chat), level=Level.C2, role=Role.ADMIN))


COMMAND = Command(
    name="unbind",
    summary="The desk leaves this chat",
    args=Args,
    run=run,
    role=Role.ADMIN,
    is_of_room=True,
    level=Level.C2,
    family="Rights",
    examples=("/unbind", "unbind", "/unbind ?"),
)
