"""Set up one-time codes: a picture for an authenticator app, shown once."""

import io

import segno

from bot.core.access import Level
from bot.core.card import Card
from bot.core.chat import File
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.word import refusal_card
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """The word setup or reset."""

    what: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Show the picture in a private chat alone; a new one makes the old one void."""
    has = desk.people.has_codes(desk.person)
    if args.what not in ("setup", "reset"):
        said = "on" if has else "off; /totp setup in our private chat"
        return reply(Card(title=f"One-time codes: {said}", brief=True))
    if not desk.room.is_alone:
        return reply(refusal_card("Not here: others would see the secret. Write to me in private."))
    if has and args.what == "setup":
        return reply(refusal_card("You have codes already. /totp reset makes a new secret; the old one is void then."))
    picture = io.BytesIO()
    address = desk.people.new_secret(desk.person)
    segno.make(address, error="m").save(picture, kind="png", scale=6, border=3)
    lines = (
        "Scan it with an authenticator app,",
        "or type this secret into it:",
        address.partition("secret=")[2].partition("&")[0],
        "Shown once. The first code that you use proves it.",
    )
    card = Card(title="🔑 One-time codes", lines=lines)
    return Reply(cards=(card,), files=(File(name="codes.png", body=picture.getvalue()),), is_secret=True)


COMMAND = Command(
    name="totp",
    summary="Set up one-time codes for large acts",
    args=Args,
    run=run,
    level=Level.C1,
    family="Self",
    examples=("/totp", "/totp setup", "/totp reset"),
)
