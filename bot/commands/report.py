"""The report of a day: text, picture and CSV."""

from base64 import b64decode

from bot.core.card import Card, one_line
from bot.core.chat import File
from bot.core.command import Command, Desk, Reply
from bot.core.words import Word
from engine.api import Value

LINES = 24


class Args(Value, frozen=True):
    """Which trade date; today's if none is named."""

    day: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """The whole text and the table come as files."""
    day = args.day if args.day not in (None, "day", "today") else ""
    png, csv = await desk.engine.report(day or "", "png"), await desk.engine.report(day or "", "csv")
    named = [(png.name, b64decode(png.file)), (csv.name, b64decode(csv.file)), ("report.txt", png.text.encode())]
    files = tuple(File(name=name, body=body) for name, body in named if body)
    head = [one_line(line) for line in png.text.splitlines() if line.strip()]
    return Reply(cards=(Card(title=head[0] if head else "REPORT", lines=tuple(head[1:LINES])),), files=files)


COMMAND = Command(
    name="report",
    summary="A day's report: text, picture, CSV",
    args=Args,
    run=run,
    examples=("/report", "/report 2026-11-20", "report today"),
)
