"""Make a pairing code for somebody."""

from bot.core.access import Grant, Level, Role, RoomKind
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import Invite
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.role import RoleWord, role_of
from bot.core.words import Scope, Word
from engine.api import Value


class Args(Value, frozen=True):
    """Whom, as what, for which accounts. ``me`` gives a code for a further platform of one's own."""

    name: Word
    role: RoleWord = RoleWord.VIEWER
    scope: Scope | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """The code is for a private chat."""
    if not desk.room.is_alone:
        return reply(refusal_card("Not here: others would see the code. Write to me in private."))
    if args.name.lower() == "me":
        grant = Grant(role=desk.person.role)
        deed = Invite(name=desk.person.name, grant=grant, person=_myself(desk))
        level = Level.C3 if desk.people.has_codes(desk.person) else Level.C2  # who finds a phone makes it no second one
        return Reply(intent=Intent(deed=deed, level=level, role=Role.VIEWER))
    desk.people.check_name(args.name)
    grant = Grant(role=role_of(args.role), scope=args.scope or "all")
    if grant.role > desk.person.role:
        return reply(refusal_card("Not done: nobody gives a higher role than their own."))
    return Reply(intent=Intent(deed=Invite(name=args.name, grant=grant), level=Level.C3, role=Role.ADMIN))


def _myself(desk: Desk) -> str:
    """Who gets a further platform; whoever sits at the desk's own computer is known by name, or not yet."""
    if desk.room.kind is not RoomKind.LOCAL:
        return desk.person.id
    name = desk.person.name.lower()
    return next((known.person.id for known in desk.people.everybody() if known.person.name.lower() == name), "")


COMMAND = Command(
    name="invite",
    summary="Make a pairing code for a person",
    args=Args,
    run=run,
    level=Level.C3,
    family="Rights",
    examples=("/invite Ana risk", "/invite Ben trader #funded", "/invite me"),
)
