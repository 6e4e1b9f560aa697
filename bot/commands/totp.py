"""Set up one-time codes: a picture for an authenticator app, shown once."""

from enum import StrEnum

from bot.core.access import Level, Role
from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import NewSecret
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from engine.api import Value

BEGUN = "begun; write me the code that your app shows, in our private chat"
OFF = "off; /totp setup in our private chat"


class What(StrEnum):
    """The first secret, or another one."""

    SETUP = "setup"
    RESET = "reset"


class Args(Value, frozen=True):
    """The first secret, or another one; how it stands if nothing is said."""

    what: What | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Show the picture in a private chat alone; another one takes a code of the old, or a stolen phone would make its own."""
    has = desk.people.has_codes(desk.person)
    if args.what is None:
        said = "on" if has else BEGUN if desk.people.lacks_proof(desk.person) else OFF
        return reply(Card(title=f"One-time codes: {said}", brief=True))
    if not desk.room.is_alone:
        return reply(refusal_card("Not here: others would see the secret. Write to me in private."))
    if has and args.what is What.SETUP:
        return reply(refusal_card("You have codes already. /totp reset makes a new secret; the old one is void then."))
    lost = "The app is lost? An admin takes your rights with /revoke; then you are paired anew."
    level = Level.C3 if has else Level.C1
    return Reply(intent=Intent(deed=NewSecret(), level=level, role=Role.VIEWER, remarks=(lost,)))


COMMAND = Command(
    name="totp",
    summary="Set up one-time codes for large acts",
    args=Args,
    run=run,
    level=Level.C1,
    family="Self",
    examples=("/totp", "/totp setup", "/totp reset"),
)
