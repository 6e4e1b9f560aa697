"""Show percent instead of money in this chat."""

from enum import StrEnum

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.deed import Redact
from bot.core.dialogue import Intent
from engine.api import Value


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class Args(Value, frozen=True):
    """On or off."""

    switch: Switch


async def run(args: Args, desk: Desk) -> Reply:
    """Hiding is done at once; showing money again is confirmed."""
    is_on = args.switch is Switch.ON
    level = Level.C1 if is_on else Level.C2
    return Reply(intent=Intent(deed=Redact(chat=desk.room.chat, is_on=is_on), level=level, role=Role.ADMIN))


COMMAND = Command(
    name="redact",
    summary="Show no money in this chat",
    args=Args,
    run=run,
    role=Role.ADMIN,
    is_of_room=True,
    level=Level.C1,
    family="Rights",
    examples=("/redact on", "/redact off", "/redact ?"),
)
