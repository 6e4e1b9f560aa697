"""Push nothing of a code or an account until a time; a P1 passes."""

from bot.core.access import Level, Role
from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import until_twice
from bot.core.span import Span
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """A code such as copy.slow, all that begin so (copy.), or an account; and until when."""

    what: Word
    span: Span


async def run(args: Args, desk: Desk) -> Reply:
    """It is listed in /locks."""
    mute = desk.alerts.mute(args.what, args.span.until)
    until = until_twice(mute.until, desk.now, desk.zone)
    return reply(Card(title=f"🔕 {one_line(mute.matcher)} is muted until {until}", lines=("Its P1 still ring.",)))


COMMAND = Command(
    name="mute",
    summary="Silence a code or an account; P1 rings",
    args=Args,
    run=run,
    role=Role.RISK,
    level=Level.C1,
    family="Respond",
    examples=("/mute copy.slow 1h", "/mute ALPHA 30m", "/mute copy. until 16:00"),
)
