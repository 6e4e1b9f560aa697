"""Copy a held trade of the leader, to all of his followers or to some."""

from bot.core.access import ALL, Level, Role
from bot.core.command import Choice, Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.held import OPEN
from bot.core.render.look import signed
from bot.core.render.word import refusal_card
from bot.core.words import Held, Scope
from engine.api import ApproveAsk, Value


class Args(Value, frozen=True):
    """Which trade, for whom (all who follow, when nobody is named); ``some`` asks for whom."""

    held: Held
    scope: Scope = Scope("all")
    some: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Preview what would be sent now."""
    if args.scope == ALL and not args.some and desk.is_part:
        return Reply(asks_whom=True)
    if args.some:
        view = next((view for view in await desk.engine.held() if view.id == args.held and view.state == OPEN), None)
        if view is None:
            return reply(refusal_card(f"Not done: {args.held} does not wait (any more). Look: /held"))
        choices = tuple(
            Choice(
                label=f"{line.account}  {signed(line.before)} → {signed(line.after)}",
                line=f"/approve {args.held} {line.account}",
            )
            for line in view.followers
        )
        return Reply(question=f"Approve {args.held} for whom? (several: /approve {args.held} A,B)", choices=choices)
    ask = ApproveAsk(key=desk.key("approve"), by=desk.person.name, scope=args.scope, held=args.held)
    return Reply(intent=Intent(ask=ask))


COMMAND = Command(
    name="approve",
    summary="Copy a held trade after all, once",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    examples=("/approve H1", "/approve H1 ALPHA,BRAVO", "/approve H1 some"),
)
