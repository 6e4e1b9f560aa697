"""Leader against followers: who is off, who has it, what comes next."""

from datetime import datetime, tzinfo

from bot.core.card import Card, Column, Table, one_line
from bot.core.render.look import age, clock, signed
from engine.api import DesyncLine, DesyncView, Severity, Symbol, SyncState, root_of

MOST = 12


def desync_card(view: DesyncView, zone: tzinfo, now: datetime) -> Card:
    """S8: one row for each contract that is not in sync."""
    offline = (f"Not known (offline): {', '.join(view.offline)}",) if view.offline else ()
    if not view.lines:
        known = view.followers - len(view.offline)
        title = f"🟢 ALL IN SYNC · {known} accounts" if known else "SYNC · nothing known"
        return Card(title=title, lines=offline, ref="desync")
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="SYM"),
        Column(head="WANT", right=True),
        Column(head="HAVE", right=True),
        Column(head="FOR", right=True),
    )
    shown, accounts = view.lines[:MOST], len({line.account for line in view.lines})
    needs = any(line.state is SyncState.NEEDS_PERSON for line in view.lines)
    more = len(view.lines) - MOST
    return Card(
        title=f"NOT IN SYNC · {accounts} of {view.followers} accounts",
        severity=Severity.P2 if needs else None,
        table=Table(columns=columns, rows=tuple(_row(line) for line in shown)),
        lines=(*(_sentence(line, zone) for line in shown), *offline),
        footer=f"{more} more" if more > 0 else f"Seen {clock(now, zone)}",
        ref="desync",
    )


def _row(line: DesyncLine) -> tuple[str, ...]:
    root = str(root_of(Symbol(line.symbol)))
    return line.account, root, signed(line.want), signed(line.have), age(line.off_s) if line.off_s is not None else "-"


def _sentence(line: DesyncLine, zone: tzinfo) -> str:
    flight = f", {signed(line.in_flight)} in flight" if line.in_flight else ""
    due = f", next {clock(line.deadline, zone)}" if line.deadline is not None else ""
    return f"{line.account} {line.state.value}, {one_line(line.owner)}{flight}{due}: {one_line(line.why)}"
