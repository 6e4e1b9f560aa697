"""Open alerts: how grave, how long, and who has them."""

from enum import StrEnum

from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import list_buttons, list_card
from engine.api import Value

NEWEST = 30


class Which(StrEnum):
    """Which of them."""

    OPEN = "open"
    ALL = "all"
    MINE = "mine"


class Args(Value, frozen=True):
    """Open ones unless something else is said."""

    which: Which = Which.OPEN


async def run(args: Args, desk: Desk) -> Reply:
    """S10."""
    match args.which:
        case Which.OPEN:
            groups = desk.alerts.open()
        case Which.MINE:
            groups = desk.alerts.mine()
        case Which.ALL:
            groups = desk.alerts.newest(NEWEST)
    open_ones = [group for group in groups if group.is_open]
    return reply(list_card(groups, desk.now, args.which.value), buttons=list_buttons(open_ones))


COMMAND = Command(
    name="alerts",
    summary="Open alerts and who has them",
    args=Args,
    run=run,
    aliases=("al",),
    examples=("/alerts", "/alerts mine", "/alerts all"),
    is_hot=True,
)
