"""Enter what is offered."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.offer import offer_lines
from bot.core.render.word import refusal_card
from bot.core.words import Count, Offered
from engine.api import TakeAsk, Value


class Args(Value, frozen=True):
    """Which offer, and how many contracts of it (all when none is given)."""

    offer: Offered
    quantity: Count | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Have it judged anew and entered."""
    view = next((view for view in await desk.engine.offers() if view.id == args.offer), None)
    if view is None:
        return reply(refusal_card(f"Not done: {args.offer} is not on offer (any more). Look: /offers"))
    ask = TakeAsk(key=desk.key("take"), by=desk.person.name, scope=view.account, offer=view.id, quantity=args.quantity)
    return Reply(intent=Intent(ask=ask, remarks=tuple(offer_lines(view))))


COMMAND = Command(
    name="take",
    summary="Enter what is offered, judged anew",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    examples=("/take E1", "/take E1 2", "/take e12"),
)
