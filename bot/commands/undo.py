"""Take back the last act, within its minute."""

from bot.core.access import Role
from bot.core.command import Command, Desk, Reply
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:  # noqa: ARG001  every command takes the desk
    """As pressing the newest Undo."""
    return Reply(is_undo=True)


COMMAND = Command(
    name="undo",
    summary="Take back your last act, within 60 s",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Slow",
    examples=("/undo", "undo", "/undo ?"),
)
