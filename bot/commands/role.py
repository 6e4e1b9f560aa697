"""Give a person a role."""

from bot.core.access import Grant, Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import GiveRole
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.role import RoleWord, role_of
from bot.core.words import Scope, Word
from engine.api import Value


class Args(Value, frozen=True):
    """Whom, as what, for which accounts."""

    name: Word
    role: RoleWord
    scope: Scope | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """A second person must agree."""
    known = desk.people.named(args.name)
    grant = Grant(role=role_of(args.role), scope=args.scope or "all")
    if grant.role > desk.person.role:
        return reply(refusal_card("Not done: nobody gives a higher role than their own."))
    if known.person.role > desk.person.role:
        return reply(refusal_card("Not done: nobody changes the rights of a higher role."))
    deed = GiveRole(person=known.person.id, name=known.person.name, grant=grant)
    return Reply(intent=Intent(deed=deed, level=Level.C4, role=Role.ADMIN))


COMMAND = Command(
    name="role",
    summary="Give a person a role, for all or some accounts",
    args=Args,
    run=run,
    role=Role.ADMIN,
    level=Level.C4,
    family="Rights",
    examples=("/role Ana risk", "/role Ben trader #funded", "/role Ben viewer"),
)
