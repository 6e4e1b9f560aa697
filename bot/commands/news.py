"""Economic events ahead, and who pauses around them."""

from enum import StrEnum

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Run
from bot.core.render.news import news_card
from bot.core.words import Scope
from engine.api import Value


class Reach(StrEnum):
    """How far ahead."""

    TODAY = "today"
    WEEK = "week"


class Args(Value, frozen=True):
    """How far ahead, and whose windows."""

    reach: Reach = Reach.TODAY
    scope: Scope = Scope("all")


async def run(args: Args, desk: Desk) -> Reply:
    """Show S12, and offer a pause around the first event that nobody has planned for."""
    view = await desk.engine.news(7 if args.reach is Reach.WEEK else 1, args.scope)
    bare = next((line for line in view.lines if not line.action and line.begins > desk.now), None)
    buttons: tuple[Button, ...] = ()
    if bare is not None:
        at = bare.begins.astimezone(desk.zone)
        line = f"/newspause {args.scope} {at:%H:%M}"
        near = (bare.begins - desk.now).total_seconds() < 86_400
        buttons = (Button(label=f"Pause {at:%H:%M} -/+15", key="1", payload=Run(line=line, once=True)),) if near else ()
    return reply(news_card(view, desk.now, desk.zone), buttons=buttons)


COMMAND = Command(
    name="news",
    summary="Events ahead, and who pauses around them",
    args=Args,
    run=run,
    examples=("/news", "/news week", "/news today ALPHA"),
)
