"""Which version runs."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import age
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Show the engine's version and run."""
    view = await desk.engine.health()
    return reply(Card(title=f"Lockstep {view.version}", lines=(f"run {view.run}, up {age(view.up_s)}",)))


COMMAND = Command(
    name="version",
    summary="Which version runs, since when",
    args=Args,
    run=run,
    family="Self",
    examples=("/version", "version", "/version ?"),
)
