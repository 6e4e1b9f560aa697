"""Tighten a limit at once; loosen it again, up to the plan's own, after a look."""

from decimal import Decimal

from bot.core.access import Level, Role, may
from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.word import refusal_card
from bot.core.words import Amount, Scope
from engine.api import AccountView, LimitAsk, LimitKind, Value


class Args(Value, frozen=True):
    """Whose limit, which one, and how much; ``plan`` goes back to the settings' own."""

    scope: Scope
    kind: LimitKind
    figure: Amount | None = None
    plan: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Tighter now, with Undo; looser needs the risk role and the word."""
    if (args.figure is None) != args.plan:
        return reply(refusal_card("Not done: name a figure, or plan to go back to the settings."))
    ask = LimitAsk(key=desk.key("limit"), by=desk.person.name, scope=args.scope, kind=args.kind, figure=args.figure)
    preview = await desk.engine.preview(ask)
    if preview.adds_risk and not may(desk.person, desk.room, Role.RISK, desk.now):
        return reply(refusal_card("Not done: to loosen a limit needs the role risk here."))
    followers = [view for view in await desk.engine.accounts(args.scope) if view.role == "follower"]
    undo = () if preview.adds_risk else _back(followers, ask, desk)
    return Reply(intent=Intent(ask=ask, undo=undo, role=Role.RISK if preview.adds_risk else Role.TRADER))


def _back(followers: list[AccountView], ask: LimitAsk, desk: Desk) -> tuple[LimitAsk, ...]:
    """Each account's earlier figure."""
    earlier: dict[Decimal | None, list[str]] = {}
    for view in followers:
        earlier.setdefault(view.own_limits.get(ask.kind), []).append(view.id)
    return tuple(
        LimitAsk(key=desk.key("undo"), by=ask.by, scope=",".join(names), kind=ask.kind, figure=was)
        for was, names in earlier.items()
    )


COMMAND = Command(
    name="limit",
    summary="Tighten a limit now; loosen it after a look",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C3,
    family="Slow",
    examples=("/limit ALPHA daily_loss 400", "/limit #funded trades_per_day 5", "/limit ALPHA daily_loss plan"),
)
