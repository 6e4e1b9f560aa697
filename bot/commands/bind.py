"""Say what this chat is for."""

from enum import StrEnum

from bot.core.access import Level, Role
from bot.core.access import RoomKind as Kind
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import Bind
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.words import Scope
from engine.api import Severity, Value


class KindWord(StrEnum):
    """What a chat may be for."""

    BROADCAST = "broadcast"
    TEAM = "team"
    DESK = "desk"
    OPS = "ops"
    AUDIT = "audit"


class Args(Value, frozen=True):
    """As what, for which accounts, and from which severity on it is told."""

    kind: KindWord
    scope: Scope | None = None
    floor: Severity = Severity.P4


async def run(args: Args, desk: Desk) -> Reply:
    """Bind this chat, topic or channel."""
    if desk.room.kind in (Kind.PRIVATE, Kind.LOCAL):
        return reply(refusal_card("Not here: write /bind in the group, topic or channel that you mean."))
    if desk.alert:
        return reply(refusal_card(f"Not here: this is the place of {desk.alert}. Write /bind in the room of its card."))
    deed = Bind(chat=desk.chat, kind=Kind(args.kind.value), scope=args.scope or "all", floor=args.floor.value)
    return Reply(intent=Intent(deed=deed, level=Level.C3, role=Role.ADMIN))


COMMAND = Command(
    name="bind",
    summary="Say what this chat is for: team, desk, ops, audit, broadcast",
    args=Args,
    run=run,
    role=Role.ADMIN,
    is_of_room=True,
    level=Level.C3,
    family="Rights",
    examples=("/bind desk", "/bind team #funded", "/bind ops all P2"),
)
