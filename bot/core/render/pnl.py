"""What was earned: the table, the chart, the report, and what happened since somebody last looked."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from bot.core.alertgroup import Group
from bot.core.card import Card, Column, Table, one_line
from bot.core.record import Record
from bot.core.render.comeback import raised_lines
from bot.core.render.look import UNKNOWN, age, clock, money
from engine.api import CopyView, PnlLine, PnlView, StatusView, tradedate

NAMED = 12


def pnl_card(view: PnlView) -> Card:
    """S5: day, week and month of each account, and of all that follow."""
    followers = [line for line in view.lines if line.role == "follower"]
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="D", right=True),
        Column(head="W", right=True),
        Column(head="M", right=True),
        Column(head="DD", right=True),
    )
    rows = [_row(line) for line in view.lines[:NAMED]]
    if len(followers) > 1:
        known = [line.day for line in followers if line.day is not None]
        sums = (sum(known, Decimal(0)), _sum(followers, "week"), _sum(followers, "month"))
        rows.append(("ALL", *(money(one) for one in sums), ""))
    since = min((line.since for line in view.lines if line.since is not None), default=None)
    lines = [f"{len(view.lines) - NAMED} more accounts"] if len(view.lines) > NAMED else []
    if since is not None and since > view.day.replace(day=1):
        lines.append(f"Known from {since:%d %b} on; what lies before is in no sum.")
    title = f"P&L ({view.day:%a %d %b}, days end {tradedate.TURN:%H:%M} CT)"
    return Card(title=title, table=Table(columns=columns, rows=tuple(rows)), lines=tuple(lines), ref="pnl")


def _row(line: PnlLine) -> tuple[str, ...]:
    down = f"{line.drawdown_pct:.0f}%" if line.drawdown_pct is not None else "-"
    return line.account, money(line.day), money(line.week), money(line.month), down


def _sum(lines: Sequence[PnlLine], name: str) -> Decimal:
    return sum((getattr(line, name) for line in lines), Decimal(0))


def since_card(
    status: StatusView,
    copies: Sequence[CopyView],
    records: Sequence[Record],
    raised: Sequence[Group],
    earned: tuple[Decimal | None, Decimal | None],
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> Card:
    """S14: what changed since somebody last looked."""
    before, after = earned
    profit = f"P&L {money(before) if before is not None else UNKNOWN} → {money(after)}"
    failed = sum(any(line.status in ("refused", "unclear") for line in copy.lines) for copy in copies)
    lines = [f"{profit} · {len(copies)} copies" + (f", {failed} with failures" if failed else "")]
    for record in records[:3]:
        what = one_line(record.text or record.command)[:36]
        lines.append(f"{clock(record.at, zone)} {one_line(record.name)}: {what}")
    if len(records) > 3:
        lines.append(f"and {len(records) - 3} acts more: /audit")
    lines += raised_lines(raised)
    if status.desynced:
        lines.append(f"DESYNC {', '.join(status.desynced)}")
    if status.offline:
        lines.append(f"OFFLINE {', '.join(status.offline)}")
    away = age(max(0.0, (now - since).total_seconds()))
    return Card(title=f"SINCE {clock(since, zone)} (away {away})", lines=tuple(lines))
