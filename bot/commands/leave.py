"""Let an offered entry pass."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.words import Offered
from engine.api import LeaveAsk, Value


class Args(Value, frozen=True):
    """Which offer."""

    offer: Offered


async def run(args: Args, desk: Desk) -> Reply:
    """Leave it; nothing is entered."""
    view = next((view for view in await desk.engine.offers() if view.id == args.offer), None)
    if view is None:
        return reply(refusal_card(f"Not done: {args.offer} is not on offer (any more). Look: /offers"))
    ask = LeaveAsk(key=desk.key("leave"), by=desk.person.name, scope=view.account, offer=view.id)
    return Reply(intent=Intent(ask=ask))


COMMAND = Command(
    name="leave",
    summary="Let an offered entry pass",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    examples=("/leave E1", "/leave E12", "/leave e3"),
)
