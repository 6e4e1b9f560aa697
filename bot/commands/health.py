"""How the engine and the broker lines are doing."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.desk import health_card
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Show S9."""
    return reply(health_card(await desk.engine.health()))


COMMAND = Command(
    name="health",
    summary="Engine, brokers, journal, database",
    args=Args,
    run=run,
    aliases=("ping",),
    examples=("/health", "/ping", "/health ?"),
)
