"""The first look: am I in sync, how far from trouble."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.desk import status_card
from bot.core.words import Scope
from engine.api import Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S1."""
    view = await desk.engine.status(args.scope)
    buttons = (
        Button(label="⏸ 15m", key="1", payload=Run(line=f"/pause {args.scope} 15m", once=True)),
        Button(label="Accounts", key="2", payload=Run(line=f"/accounts {args.scope}")),
        Button(label="Positions", key="3", payload=Run(line=f"/positions {args.scope}")),
    )
    return reply(status_card(view, desk.now, desk.zone), buttons=buttons)


COMMAND = Command(
    name="status",
    summary="Am I in sync, how far from trouble",
    args=Args,
    run=run,
    aliases=("s", "?"),
    examples=("/status", "/status NQ-MAIN", "/status #funded"),
    is_hot=True,
)
