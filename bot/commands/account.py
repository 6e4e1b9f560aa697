"""One account in full."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Fill, Run
from bot.core.render.desk import account_card
from bot.core.words import Account
from engine.api import Value


class Args(Value, frozen=True):
    """Which account."""

    account: Account


async def run(args: Args, desk: Desk) -> Reply:
    """Show S3, with the acts that fit it."""
    view = await desk.engine.account(args.account)
    buttons: tuple[Button, ...] = ()
    if view.role == "follower":
        buttons = (
            Button(label="⏸ 15m", key="1", payload=Run(line=f"/pause {view.id} 15m", once=True)),
            Button(label="Half size", key="2", payload=Run(line=f"/size {view.id} half", once=True)),
            Button(label="Size…", key="4", payload=Fill(line=f"/size {view.id}", kind="size"), form="size"),
            Button(label="Flatten…", key="3", payload=Run(line=f"/flatten {view.id}", once=True)),
        )
    return reply(account_card(view, desk.now, desk.zone), buttons=buttons)


COMMAND = Command(
    name="account",
    summary="One account: state, money, position, last copy",
    args=Args,
    run=run,
    aliases=("a",),
    examples=("/account ALPHA", "/a bravo", "/a al"),
)
