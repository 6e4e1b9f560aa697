"""The card after the bot was away: how long, what was not run, what was raised, how things stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from bot.core.alertgroup import Group
from bot.core.card import Card, one_line
from bot.core.record import Record
from bot.core.render.alert import heading
from bot.core.render.look import age, clock, money, until
from engine.api import StatusView

LISTED = 6


def comeback_card(
    away: tuple[datetime, datetime],
    late: Sequence[Record],
    raised: Sequence[Group],
    status: StatusView | None,
    now: datetime,
    zone: tzinfo,
) -> Card:
    """W4."""
    since, back = away
    lines = [_late(late, zone)]
    lines += raised_lines(raised) or ["Raised: nothing"]
    if status is None:
        lines.append("State: not known, the engine is not answering")
    else:
        lines.append(
            f"State: {status.word} {status.copying} of {status.followers}, day {money(status.day_profit)}, "
            f"open {money(status.open_profit)}"
        )
        lines += [f" {one_line(leader)}" for leader in status.leaders]
    gone = age((back - since).total_seconds())
    span = f"{until(since, now, zone)}-{clock(back, zone)[:5]}"
    return Card(title=f"BACK ONLINE · away {gone} ({span})", lines=tuple(lines))


def raised_lines(raised: Sequence[Group]) -> list[str]:
    """What was raised in a while, and whether it is over; empty for nothing."""
    if not raised:
        return []
    over = sum(_is_over(one) for one in raised)
    lines = [f" {one.severity} {one.name} {heading(one)}: {_word(one)}" for one in raised[:LISTED]]
    more = [f" … and {len(raised) - LISTED} more: /alerts all"] if len(raised) > LISTED else []
    return [f"Raised: {len(raised)}, {over} now over", *lines, *more]


def _late(records: Sequence[Record], zone: tzinfo) -> str:
    if not records:
        return "Not run: nothing was asked"
    names = [f"{one_line(one.name)} {clock(_sent_at(one), zone)[:5]}" for one in records[:LISTED]]
    more = f", … {len(records) - LISTED} more" if len(records) > LISTED else ""
    return f"Not run: {len(records)} command{'s' * (len(records) != 1)} ({', '.join(names)}{more})"


def _sent_at(record: Record) -> datetime:
    return record.at - timedelta(milliseconds=record.latency_ms)


def _is_over(group: Group) -> bool:
    return not group.is_open or group.clears_at is not None


def _word(group: Group) -> str:
    return "over" if _is_over(group) else f"open, {one_line(group.holder) or 'nobody has it'}"
