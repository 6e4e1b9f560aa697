"""Scale later entries of a scope."""

from decimal import Decimal

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.look import factor
from bot.core.render.word import refusal_card
from bot.core.resize import Size
from bot.core.words import Rest, Scope
from engine.api import AccountView, SizeAsk, Value


class Args(Value, frozen=True):
    """Whom, to what part of the plan's size, and whether what is held is brought to it now; why."""

    scope: Scope
    size: Size
    now: bool = False
    reason: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """Size down at once, size up after a look; Undo gives each account its earlier factor back."""
    followers = [view for view in await desk.engine.accounts(args.scope) if view.role == "follower"]
    if not followers:
        return reply(refusal_card(f"Not done: {args.scope} has no follower."))
    wanted = args.size.factor
    if wanted is None:
        now = {view.factor for view in followers}
        if len(now) > 1:
            sizes = ", ".join(f"{view.id} {factor(view.factor)}" for view in followers[:4])
            return reply(refusal_card(f"Not done: their sizes differ ({sizes}). Name one account or a size like 0.5x."))
        wanted = now.pop() * (args.size.change or Decimal(1))
    ask = SizeAsk(key=desk.key("size"), by=desk.person.name, scope=args.scope, factor=wanted, now=args.now)
    return Reply(intent=Intent(ask=ask, undo=() if args.now else _back(followers, wanted, desk), reason=args.reason))


def _back(followers: list[AccountView], wanted: Decimal, desk: Desk) -> tuple[SizeAsk, ...]:
    earlier: dict[Decimal, list[str]] = {}
    for view in followers:
        if view.factor != wanted:
            earlier.setdefault(view.factor, []).append(view.id)
    return tuple(
        SizeAsk(key=desk.key("undo"), by=desk.person.name, scope=",".join(names), factor=was)
        for was, names in earlier.items()
    )


COMMAND = Command(
    name="size",
    summary="Scale later entries: down at once, up after a look",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Slow",
    examples=("/size ALPHA 0.5x", "/size #funded half", "/size ALPHA 0.5x now"),
    is_hot=True,
)
