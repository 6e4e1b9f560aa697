"""What may be typed here."""

from bot.core.command import Command, Desk, Reply, find, nearest, reply
from bot.core.render.word import command_card, help_card, unknown_card
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """A command, or nothing for the list."""

    verb: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Show S16, or the card of one command."""
    if args.verb is None:
        return reply(help_card(desk.commands, desk.person, desk.room))
    verb = args.verb.removeprefix("/")
    command = find(desk.commands, verb)
    return reply(command_card(command) if command is not None else unknown_card(verb, nearest(desk.commands, verb)))


COMMAND = Command(
    name="help",
    summary="What you may do here",
    args=Args,
    run=run,
    family="Self",
    aliases=("h", "menu"),
    examples=("/help", "/help pause", "pause ?"),
)
