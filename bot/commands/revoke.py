"""Take every right of a person, at once."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import Revoke
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """Whom."""

    name: Word


async def run(args: Args, desk: Desk) -> Reply:
    """Done at once: a right that is gone too early costs less than one that stays too long."""
    known = desk.people.named(args.name)
    if known.person.role > desk.person.role:
        return reply(refusal_card("Not done: nobody takes the rights of a higher role."))
    deed = Revoke(person=known.person.id, name=known.person.name)
    return Reply(intent=Intent(deed=deed, level=Level.C1, role=Role.ADMIN))


COMMAND = Command(
    name="revoke",
    summary="Take every right of a person, now",
    args=Args,
    run=run,
    role=Role.ADMIN,
    level=Level.C1,
    family="Rights",
    examples=("/revoke Ben", "revoke ana", "/revoke ?"),
)
