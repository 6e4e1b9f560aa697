"""What was asked lately, and what came of it."""

from bot.core.access import Role
from bot.core.card import Card, one_line
from bot.core.chat import File
from bot.core.command import Command, Desk, Reply
from bot.core.render.look import age, clock
from bot.core.words import Account, Count, Word
from engine.api import Value

PLATFORMS = {"telegram": "TG", "discord": "DC", "console": "CO"}


class Args(Value, frozen=True):
    """How many, of whom or of which account; ``csv`` brings the whole record as a file, ``verify`` checks it."""

    count: Count | None = None
    account: Account | None = None
    csv: bool = False
    verify: bool = False
    name: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """S15: the newest first, under the head of the chain."""
    number, head = desk.audit.head()
    if args.verify:
        fault = desk.audit.fault()
        said = f"🔴 {fault}" if fault else f"🟢 {number} rows, unbroken"
        return Reply(cards=(Card(title="AUDIT verified", lines=(said, f"head {head[:16]}…")),))
    found = desk.audit.newest(args.count or 10, person=args.name or "", account=args.account or "")
    lines = []
    for record in found:
        where = PLATFORMS.get(record.chat.partition(":")[0], "")
        what = " ".join(filter(None, (one_line(record.text or record.command)[:40], record.level)))
        end = record.result.upper() if record.result in ("refused", "failed", "denied") else record.result
        if record.key and record.result in ("proven", "failed"):
            end += f" {age(record.latency_ms / 1000)}"
        lines.append(f"{clock(record.at, desk.zone)} {one_line(record.name) or '?'} {where} {what} {end}")
    title = f"AUDIT last {len(found)}   head {head[:4]}…{head[-2:]}"
    files = (File(name="audit.csv", body=desk.audit.csv().encode()),) if args.csv else ()
    return Reply(cards=(Card(title=title, lines=tuple(lines)),), files=files)


COMMAND = Command(
    name="audit",
    summary="What was asked, by whom, what came of it",
    args=Args,
    run=run,
    role=Role.RISK,
    examples=("/audit", "/audit 20 Ana", "/audit csv"),
)
