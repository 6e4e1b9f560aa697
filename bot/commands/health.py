"""How the engine, the broker lines and the bot itself are doing."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.health import health_card, silent_card
from engine.api import Value
from engine.api.client import EngineError


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Show S9; without an engine, what the bot knows of itself."""
    vitals = desk.vitals() if desk.vitals is not None else None
    try:
        view = await desk.engine.health()
    except EngineError as error:
        if vitals is None:
            raise
        return reply(silent_card(str(error), vitals))
    return reply(health_card(view, vitals))


COMMAND = Command(
    name="health",
    summary="Engine, brokers, journal, chats",
    args=Args,
    run=run,
    aliases=("ping",),
    examples=("/health", "/ping", "/health ?"),
)
