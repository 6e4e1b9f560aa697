"""Trades of the leader that wait for a person."""

from bot.core.access import Role, may
from bot.core.card import Look
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.held import OPEN, ended_card, held_card
from bot.core.words import Scope
from engine.api import HeldView, Value

MOST = 4


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show what waits; the last card has the buttons of the one that ends first."""
    views = await desk.engine.held(args.scope)
    waiting = [view for view in views if view.state == OPEN][:MOST]
    if not waiting:
        return reply(ended_card(views, desk.now, desk.zone))
    first, *rest = waiting
    cards = [held_card(view, desk.now, desk.zone) for view in (*reversed(rest), first)]
    buttons = _buttons(first) if may(desk.person, desk.room, Role.TRADER, desk.now) else ()
    return reply(*cards, buttons=buttons)


def _buttons(view: HeldView) -> tuple[Button, ...]:
    return (
        Button(label="Approve all…", key="a", payload=Run(line=f"/approve {view.id}", once=True)),
        Button(label="Approve for some…", key="s", payload=Run(line=f"/approve {view.id} some", once=True)),
        Button(label="Refuse", key="r", payload=Run(line=f"/refuse {view.id}", once=True), look=Look.DANGER),
    )


COMMAND = Command(
    name="held",
    summary="Leader's trades that wait for a person",
    args=Args,
    run=run,
    examples=("/held", "/held NQ-MAIN", "/held LEAD-1"),
)
