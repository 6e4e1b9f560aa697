"""Say that money was withdrawn from an account: it is no loss."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Account, Amount
from engine.api import PayoutAsk, Value


class Args(Value, frozen=True):
    """From which account, how much."""

    account: Account
    amount: Amount


async def run(args: Args, desk: Desk) -> Reply:
    """Preview balance, floor and lock after it."""
    ask = PayoutAsk(key=desk.key("payout"), by=desk.person.name, scope=args.account, amount=args.amount)
    return Reply(intent=Intent(ask=ask, role=Role.RISK))


COMMAND = Command(
    name="payout",
    summary="Money was withdrawn: no loss",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C3,
    family="Fast",
    examples=("/payout ALPHA 500", "/payout ALPHA 1250.50", "/payout ALPHA 2,000"),
)
