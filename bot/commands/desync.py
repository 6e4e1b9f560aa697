"""Leader against followers, account by account."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.desync import desync_card
from bot.core.words import Scope
from engine.api import SyncState, Value


class Args(Value, frozen=True):
    """Which accounts; all when none is named."""

    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S8, with a way to fix the first accounts that need a person."""
    view = await desk.engine.desync(args.scope)
    names = dict.fromkeys(line.account for line in view.lines if line.state is SyncState.NEEDS_PERSON)
    buttons = tuple(
        Button(label=f"{name} fix…", key=str(number), payload=Run(line=f"/sync {name}", once=True))
        for number, name in enumerate([*names][:3], 1)
    )
    return reply(desync_card(view, desk.zone, desk.now), buttons=buttons)


COMMAND = Command(
    name="desync",
    summary="Who is off: wants, has, in flight, who has it",
    args=Args,
    run=run,
    aliases=("diff",),
    examples=("/desync", "/desync NQ-MAIN", "/diff #funded"),
)
