"""This chat, or every chat, may only read, pause and flatten."""

from enum import StrEnum

from bot.core.access import Level, Role, RoomKind
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import Lockdown
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from engine.api import Value


class What(StrEnum):
    """Which chats, or the end of it."""

    HERE = "here"
    ALL = "all"
    LIFT = "lift"


class Args(Value, frozen=True):
    """Which chats; every chat if nothing is said."""

    what: What = What.ALL


async def run(args: Args, desk: Desk) -> Reply:
    """Locking is done at once and ends every armed window; it is lifted at the desk's own computer alone."""
    if args.what is What.LIFT:
        if desk.room.kind is not RoomKind.LOCAL:
            return reply(refusal_card("Not here: a lockdown is lifted at the desk's own console."))
        return Reply(intent=Intent(deed=Lockdown(chat="*", is_on=False), level=Level.C2, role=Role.OWNER))
    chat = desk.room.chat if args.what is What.HERE else "*"
    return Reply(intent=Intent(deed=Lockdown(chat=chat), level=Level.C1, role=Role.RISK))


COMMAND = Command(
    name="lockdown",
    summary="Chats may only read, pause and flatten",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C1,
    family="Rights",
    examples=("/lockdown", "/lockdown here", "/lockdown lift"),
)
