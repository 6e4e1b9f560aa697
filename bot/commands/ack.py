"""Have an alert until a time; then it asks again."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.alert import said_card
from bot.core.span import Span
from bot.core.words import AlertId, Rest
from engine.api import Value


class Args(Value, frozen=True):
    """Which one, or all; how long, 15 minutes when nothing is said; a word for the others."""

    alert: AlertId
    span: Span | None = None
    note: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """The card itself says who has it, in every chat."""
    until = args.span.until if args.span is not None else None
    if args.alert != "all":
        return reply(said_card(desk.alerts.ack(args.alert, until, args.note), desk.zone))
    groups = desk.alerts.open()
    if not groups:
        return reply(Card(title="Nothing is open.", brief=True))
    for group in groups:
        desk.alerts.ack(group.name, until, args.note)
    return reply(Card(title=f"👤 You have {len(groups)}: {', '.join(group.name for group in groups)}"))


COMMAND = Command(
    name="ack",
    summary="Take an alert, or all, for a while",
    args=Args,
    run=run,
    family="Respond",
    examples=("/ack A-12", "/ack 12 30m on it", "/ack all 1h"),
    is_hot=True,
)
