"""Entries that wait for a person."""

from bot.core.access import Role, may
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.offer import offers_card
from bot.core.words import Scope
from engine.api import Value

MOST = 4


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show what is on offer, with what may be said to it."""
    views = await desk.engine.offers(args.scope)
    buttons: tuple[Button, ...] = ()
    if may(desk.person, desk.room, Role.TRADER, desk.now):
        pairs = [(f"Take {view.id}", f"/take {view.id}") for view in views[:MOST]]
        pairs += [(f"Leave {view.id}", f"/leave {view.id}") for view in views[:MOST]]
        buttons = tuple(
            Button(label=label, key=str(number), payload=Run(line=line, once=True))
            for number, (label, line) in enumerate(pairs, 1)
        )
    return reply(offers_card(views), buttons=buttons)


COMMAND = Command(
    name="offers",
    summary="Entries that wait for a person",
    args=Args,
    run=run,
    examples=("/offers", "/offers ALPHA", "/offers #funded"),
)
