"""Who I am here, and what I may do."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.word import whoami_card
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Show S17."""
    return reply(whoami_card(desk.person, desk.room, str(desk.zone), has_codes=desk.people.has_codes(desk.person)))


COMMAND = Command(
    name="whoami",
    summary="Who you are here, your role and time zone",
    args=Args,
    run=run,
    family="Self",
    examples=("/whoami", "whoami", "/whoami ?"),
)
