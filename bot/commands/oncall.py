"""Who is called first when nobody answers, and who next."""

from bot.core.access import Role, may
from bot.core.card import Card, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import clock
from bot.core.render.word import refusal_card
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """Who, and whether as the deputy; nobody named shows who it is."""

    deputy: bool = False
    who: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """Anybody sees it; risk sets it."""
    if args.who is not None:
        if not may(desk.person, desk.room, Role.RISK, desk.now):
            return reply(refusal_card("Not done: setting who is on call needs the role risk here."))
        desk.alerts.set_oncall(desk.people.named(args.who).person, is_deputy=args.deputy)
    lines = [f"{rank}: {one_line(name)} since {clock(since, desk.zone)}" for rank, name, since in desk.alerts.oncall()]
    return reply(Card(title="ON CALL", lines=tuple(lines) or ("Nobody. Set it: /oncall NAME",)))


COMMAND = Command(
    name="oncall",
    summary="Who is called first, and who next",
    args=Args,
    run=run,
    family="Respond",
    examples=("/oncall", "/oncall Ana", "/oncall Ben deputy"),
)
