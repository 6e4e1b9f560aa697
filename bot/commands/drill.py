"""A P1 that is none, to see who answers and how fast."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """It goes the whole way of a P1; its history measures it."""
    return reply(said_card(desk.alerts.drill(), desk.zone))


COMMAND = Command(
    name="drill",
    summary="An exercise: a P1 marked DRILL",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C1,
    family="Respond",
    examples=("/drill", "drill", "/drill ?"),
)
