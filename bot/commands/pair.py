"""Pair this account with the desk, by a code."""

from bot.core.access import Level
from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """The code; whoever is paired needs none."""

    code: Word | None = None


async def run(_: Args, desk: Desk) -> Reply:
    """Whoever reads this is paired already: strangers' codes are taken at the gate."""
    said = f"You are paired already: {desk.person.name}."
    return reply(Card(title=said, lines=("A code for a further platform: /invite me",), brief=True))


COMMAND = Command(
    name="pair",
    summary="Pair with the desk by a code",
    args=Args,
    run=run,
    level=Level.C0,
    family="Self",
    aliases=("start",),
    examples=("/pair 4F7K-9QXD", "/start 4F7K-9QXD", "/pair ?"),
)
