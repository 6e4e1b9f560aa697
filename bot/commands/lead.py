"""Trade on the demo venue as the leader's own platform would: only there, and only when it is named."""

from enum import StrEnum

from bot.core.access import Role
from bot.core.card import Card
from bot.core.command import Choice, Command, Desk, Reply, reply
from bot.core.render.desk import is_contract, root_of_text
from bot.core.render.word import refusal_card
from bot.core.words import Account, Count, Instrument
from engine.api import AccountView, Value


class Side(StrEnum):
    """What the leader does."""

    BUY = "buy"
    SELL = "sell"
    FLAT = "flat"


class Args(Value, frozen=True):
    """What the leader does, how many, of what; which leader when there are several."""

    side: Side
    quantity: Count | None = None
    symbol: Instrument | None = None
    account: Account | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Place the leader's market order; the copies are told as they happen."""
    if desk.venue is None:
        return reply(refusal_card("Not done: there is no demo venue here."))
    views = await desk.engine.accounts("all")
    leaders = [view for view in views if view.role == "leader" and args.account in {None, view.id}]
    if len(leaders) != 1:
        words = " ".join(filter(None, (args.side, str(args.quantity or ""), args.symbol)))
        lines = tuple(Choice(label=view.id, line=f"/lead {words} {view.id}") for view in leaders)
        return Reply(question="Which leader?", choices=lines) if lines else reply(refusal_card("There is no leader."))
    leader = leaders[0]
    if args.side is Side.FLAT:
        await desk.venue.flat(leader.name)
        return reply(Card(title=f"Venue: {leader.id} goes flat", brief=True))
    if args.quantity is None or args.symbol is None:
        return reply(refusal_card("How many of what? For example: /lead buy 2 NQ"))
    symbol = await _contract(args.symbol, leader, desk)
    if symbol is None:
        return reply(refusal_card(f"Not done: the venue trades no {args.symbol}."))
    signed = args.quantity if args.side is Side.BUY else -args.quantity
    await desk.venue.trade(leader.name, symbol, signed)
    return reply(Card(title=f"Venue: {leader.id} {args.side.upper()} {args.quantity} {symbol}", brief=True))


async def _contract(symbol: str, leader: AccountView, desk: Desk) -> str | None:
    """The full contract name: what the leader holds of this root, else what the venue trades."""
    if is_contract(symbol) or desk.venue is None:
        return symbol
    held = [leg.symbol for leg in leader.legs if leg.have and root_of_text(leg.symbol) == symbol]
    if held:
        return held[0]
    traded = [name for name in await desk.venue.contracts() if root_of_text(name) == symbol]
    return traded[0] if traded else None


COMMAND = Command(
    name="lead",
    summary="Demo: trade on the leader's account",
    args=Args,
    run=run,
    role=Role.TRADER,
    family="Demo",
    examples=("/lead buy 2 NQ", "/lead sell 1 NQ", "/lead flat"),
    needs_venue=True,
)
