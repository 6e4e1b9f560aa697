"""The report of a day, or of a week: text, picture and CSV."""

from base64 import b64decode
from datetime import date
from enum import StrEnum

from bot.core.access import ALL
from bot.core.card import Card, one_line
from bot.core.chat import File
from bot.core.command import Command, Desk, Reply, reply
from bot.core.digest import Digest
from bot.core.render.word import refusal_card
from bot.core.words import Scope, Word
from engine.api import Value

LINES = 24


class Span(StrEnum):
    """Of how long."""

    DAY = "day"
    WEEK = "week"
    TODAY = "today"


class Args(Value, frozen=True):
    """The present trade date unless another or the week is named; of whom."""

    span: Span | None = None
    scope: Scope = Scope(ALL)
    day: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """The whole desk's day as the engine writes it; a week, and a part of the desk, as its digest."""
    try:
        day = date.fromisoformat(args.day) if args.day is not None else None
    except ValueError:
        said = f"Not done: {args.day!r} is no account, group or tag here, and no date such as 2026-11-20."
        return reply(refusal_card(said))
    if args.span is Span.WEEK:
        return await desk.digests.now(Digest.WEEK, args.scope, day)
    if args.scope != ALL or not desk.digests.is_whole:
        return await desk.digests.now(Digest.CLOSE, args.scope, day)
    found = await desk.engine.report(args.day or "", files=True)
    files = [File(name=name, body=b64decode(body)) for name, body in found.files.items()]
    files.append(File(name="report.txt", body=found.text.encode()))
    head = [one_line(line) for line in found.text.splitlines() if line.strip()]
    return Reply(cards=(Card(title=head[0] if head else "REPORT", lines=tuple(head[1:LINES])),), files=tuple(files))


COMMAND = Command(
    name="report",
    summary="A day or week: text, picture, CSV",
    args=Args,
    run=run,
    examples=("/report", "/report 2026-11-20", "/report week ALPHA"),
)
