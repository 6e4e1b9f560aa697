"""Close a symbol, or part of it, at market."""

from bot.core.access import Level, Role
from bot.core.command import Choice, Command, Desk, Reply, reply
from bot.core.dialogue import Intent
from bot.core.render.desk import is_contract, root_of_text
from bot.core.render.word import refusal_card
from bot.core.words import Count, Instrument, Scope
from engine.api import CloseAsk, Value


class Args(Value, frozen=True):
    """Whom, which symbol (all when none is named), how many contracts an account (all when none is given)."""

    scope: Scope
    symbol: Instrument | None = None
    quantity: Count | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Preview the closing orders; copying goes on with the leader's next trade."""
    symbol: str | None = args.symbol
    if symbol is not None and not is_contract(symbol):
        views = await desk.engine.accounts(args.scope)
        held = sorted({leg.symbol for view in views for leg in view.legs if root_of_text(leg.symbol) == symbol})
        if not held:
            others = sorted({leg.symbol for view in views for leg in view.legs if leg.have})
            instead = f" Held: {', '.join(others)}." if others else ""
            return reply(refusal_card(f"Not done: nobody in {args.scope} is known to hold {symbol}.{instead}"))
        if len(held) > 1:
            part = f" {args.quantity}" if args.quantity is not None else ""
            lines = tuple(Choice(label=name, line=f"/close {args.scope} {name}{part}") for name in held)
            return Reply(question=f"Close which {symbol}?", choices=lines)
        symbol = held[0]
    ask = CloseAsk(key=desk.key("close"), by=desk.person.name, scope=args.scope, symbol=symbol, quantity=args.quantity)
    return Reply(intent=Intent(ask=ask))


COMMAND = Command(
    name="close",
    summary="Close positions at market; copying goes on",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Slow",
    examples=("/close ALPHA", "/close ALPHA NQ", "/close NQ-MAIN NQ 1"),
    holding=True,
)
