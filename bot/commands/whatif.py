"""What a leader's trade would do to every follower, before anybody makes it."""

from enum import StrEnum

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.whatif import is_odd, whatif_card
from bot.core.words import Count, Instrument, Scope, Stop
from engine.api import Value

MOST_BUTTONS = 3


class Side(StrEnum):
    """What the leader would do."""

    BUY = "buy"
    SELL = "sell"


class Args(Value, frozen=True):
    """The trade, the distance of its stop, and whom to look at: a group, a leader, followers."""

    side: Side
    quantity: Count
    symbol: Instrument
    stop: Stop | None = None
    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show each follower's part; one account in full where the scope has one. Nothing happens."""
    view = await desk.engine.whatif(args.side, args.quantity, args.symbol, args.stop or "", args.scope)
    words = " ".join(filter(None, (args.side, str(args.quantity), args.symbol, args.stop and f"stop {args.stop}")))
    names = list(dict.fromkeys(line.account for line in view.lines if is_odd(line)))[:MOST_BUTTONS]
    buttons = tuple(
        Button(label=name, key=str(place), payload=Run(line=f"/whatif {words} {name}"))
        for place, name in enumerate(names if len(view.lines) > 1 else [], 1)
    )
    return reply(whatif_card(view, desk.zone), buttons=buttons)


COMMAND = Command(
    name="whatif",
    summary="What a leader's trade would do; nothing is sent",
    args=Args,
    run=run,
    aliases=("wi",),
    examples=("/whatif buy 2 NQ stop 30", "/whatif sell 1 ES stop 40t", "/wi buy 2 NQ ALPHA"),
)
