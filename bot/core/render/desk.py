"""What the desk looks like now: status, accounts, one account, positions, orders, health."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from bot.core.card import Card, Column, Table, clip, one_line, pack
from bot.core.render.look import (
    ICONS,
    LETTERS,
    UNKNOWN,
    age,
    clock,
    factor,
    hold,
    lag,
    money,
    percent,
    plain_money,
    price,
    side,
    signed,
    told,
    until,
)
from engine.api import (
    AccountState,
    AccountView,
    HoldView,
    LegView,
    OrderView,
    StatusView,
    Symbol,
    SyncState,
    month_of,
    root_of,
)

SHORT_SIZES = (("fixed", "fix"), (" by free equity", " equity"), (" by ", " "), ("share ", "pool "), (" of pool", ""))
NONE = "No accounts in this scope"
NEAR = Decimal(80)  # percent of the day's stop that deserves a mark
BLOCK = Decimal(10)  # percent that one block of a bar stands for
WORD_ICONS = {"COPYING": "🟢", "PAUSED": "🟡", "PART PAUSED": "🟡", "STOPPED": "🔴", "OFFLINE": "⚫"}


def status_card(view: StatusView, now: datetime, zone: tzinfo, *, alerts: str = "", bot: str = "") -> Card:
    """S1: am I in sync, how far from trouble; ``alerts`` and ``bot`` are lines about what is open and about the platforms."""
    lines = [f"Leader {one_line(leader)}" for leader in view.leaders] or ["No leader"]
    lines.append(f"Day  {money(view.day_profit)}   Open {money(view.open_profit)}")
    if view.worst:
        lines.append(f"Worst {told(view.worst, now, zone)}")
    if view.desynced:
        lines.append(f"DESYNC {', '.join(view.desynced)}")
    if view.offline:
        lines.append(f"OFFLINE {', '.join(view.offline)}")
    lines.extend(f"NOT COPIED {told(one, now, zone)}" for one in view.apart)
    lines.extend(f"Other hands {one_line(rogue)}" for rogue in view.rogue)
    lines.extend(hold(one, now, zone) for one in view.holds)
    lines.extend(one_line(text) for text in view.rolls)
    lines += [alerts] if alerts else []
    lines.append(" · ".join(filter(None, (f"Lag {lag(view.lag_ms)}", bot))))
    seen = max(0.0, (now - view.at).total_seconds())
    return Card(
        title=f"{WORD_ICONS.get(view.word, '⚪')} {view.word} · {view.copying} of {view.followers} accounts",
        lines=tuple(lines),
        footer=f"Seen {age(seen)} ago, at {clock(view.at, zone)}",
        ref="status",
    )


def accounts_card(views: Sequence[AccountView], now: datetime, zone: tzinfo, *, by_stop: bool = False) -> Card:
    """S2: one row for each account, where limits are known with what is used up of the day's; the nearest to it first."""
    if not views:
        return Card(title=NONE)
    has_stop = any(view.day_stop_pct is not None for view in views)
    if by_stop:
        views = sorted(views, key=lambda view: -(view.day_stop_pct if view.day_stop_pct is not None else Decimal(-1)))
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="S"),
        Column(head="SIZE", right=True, firm=False, least=4),
        Column(head="DAY", right=True),
        Column(head="STOP" if has_stop else "OPEN", right=True),
    )
    last = _stop if has_stop else _open
    rows = tuple((view.id, LETTERS[view.state], _size(view), money(view.day_profit), last(view)) for view in views)
    counted = Counter(LETTERS[view.state] for view in views)
    letters = " ".join(f"{counted[letter]}{letter}" for letter in LETTERS.values() if counted[letter])
    marked: dict[tuple[str, str], list[str]] = {}
    for view in views:
        if view.why:
            marked.setdefault((LETTERS[view.state], told(view.why, now, zone)), []).append(view.id)
    return Card(
        title=f"ACCOUNTS · {len(views)}",
        table=Table(columns=columns, rows=rows),
        footer=f"{len(views)} accts: {letters}",
        fields=tuple((letter, f"{', '.join(names)}: {why}") for (letter, why), names in [*marked.items()][:8]),
    )


def _open(view: AccountView) -> str:
    return money(view.open_profit)


def _stop(view: AccountView) -> str:
    used = view.day_stop_pct
    return "-" if used is None else f"{percent(used)}{'!' if used >= NEAR else ''}"


def _bar(label: str, used: Decimal | None) -> list[str]:
    """What is used up, so that it is seen before it is read."""
    if used is None:
        return []
    full = int(min(max(used, Decimal(0)), Decimal(100)) // BLOCK)
    return [f"{label}  {'█' * full}{'░' * (10 - full)} {percent(used)}"]


def _size(view: AccountView) -> str:
    if view.role != "follower":
        return "lead" if view.role == "leader" else "-"
    text = view.size.partition(" → ")[0]
    for long, short in SHORT_SIZES:
        text = text.replace(long, short)
    return text or UNKNOWN


def account_card(view: AccountView, now: datetime, zone: tzinfo) -> Card:
    """S3: one account."""
    state = view.state.value + (f": {told(view.why, now, zone)}" if view.why else "")
    size = f", {view.size}" if view.role == "follower" and view.size else ""
    lines = [
        f"{ICONS[view.state]} {state}{size}",
        f"Equity {plain_money(view.equity)}   Day {money(view.day_profit)}",
        f"Balance {plain_money(view.balance)}   Open {money(view.open_profit)}",
    ]
    lines += [*_bar("Day stop", view.day_stop_pct), *_bar("Drawdown", view.trail_pct)]
    if view.room is not None:
        lines.append(f"Room {plain_money(view.room)} · {one_line(view.nearest_limit)}".rstrip(" ·"))
    if view.factor != 1:
        lines.append(f"Resized to {factor(view.factor)} of the plan")
    if view.mode not in {"", "automatic"}:
        lines.append(
            {"approve": "Asks before each entry", "signal": "Told only, enters nothing"}.get(view.mode, view.mode)
        )
    lines.extend(f"NOT COPIED {told(one, now, zone)}" for one in view.apart)
    lines.extend(f"Skips {one_line(one)}" for one in view.skips)
    if not any(leg.have for leg in view.legs):
        lines.append("Pos  " + ("not known" if view.state is AccountState.OFFLINE else "flat"))
    lines.extend(line for leg in view.legs for line in _leg_lines(leg, view))
    lines.extend(f"Held back {symbol} {carried:+f}" for symbol, carried in view.carried.items() if carried)
    if view.working_orders:
        lines.append(f"Working orders {view.working_orders}")
    if view.rogue:
        lines.append(f"Other hands: {one_line(view.rogue)}")
    lines.extend(hold(one, now, zone) for one in view.holds)
    lines.extend(one_line(text) for text in view.rolls)
    lines.extend(
        f"Planned {until_of(one, now, zone)} by {one_line(one.by)}: {one_line(one.reason)}" for one in view.planned
    )
    if view.last_copy:
        lines.append(f"Last copy {one_line(view.last_copy)}  {lag(view.last_lag_ms)}")
    tags = "".join(f" #{tag}" for tag in view.tags)
    return Card(
        title=f"{view.id} · {one_line(view.name)} · {view.role}",
        lines=tuple(lines),
        footer=f"{view.broker} · {view.group or 'no group'} · {'REAL MONEY' if view.live else 'sim'}{tags}",
        ref=f"account:{view.id}",
    )


def until_of(one: HoldView, now: datetime, zone: tzinfo) -> str:
    """From when until when a pause is planned."""
    return f"{until(one.since, now, zone)}-{until(one.until, now, zone)}"


def _leg_lines(leg: LegView, view: AccountView) -> list[str]:
    at = f" @ {price(leg.price)}" if leg.have and leg.price is not None else ""
    told = [
        f"want {signed(leg.want)}" if view.role == "follower" and leg.want != leg.have else "",
        f"{signed(leg.in_flight)} in flight" if leg.in_flight else "",
        one_line(leg.note),
        _sync_text(leg),
    ]
    more = ", ".join(filter(None, told))
    if not leg.have:
        return [f" {leg.symbol} {more}"] if more else []
    return [f"Pos  {side(leg.have)} {leg.symbol}{at}  {money(leg.open_profit)}", *([f" {more}"] if more else [])]


def _sync_text(leg: LegView) -> str:
    if leg.sync is SyncState.IN_SYNC:
        return ""
    return f"{leg.sync.value} ({one_line(leg.owner)}): {one_line(leg.why)}"


def positions_card(views: Sequence[AccountView], root: str = "") -> Card:
    """S4: for each of the leader's contracts, who holds what."""
    if not views:
        return Card(title=NONE)
    blocks: dict[tuple[str, str], None] = {}
    for view in views:
        for leg in view.legs:
            symbol = _leader_symbol(leg)
            if not root or root in {symbol, root_of_text(symbol), leg.symbol, root_of_text(leg.symbol)}:
                blocks.setdefault((view.group, symbol))
    lines: list[str] = []
    for group, symbol in sorted(blocks):
        members = [view for view in views if view.group == group]
        lines.append(_leader_line(members, symbol))
        lines.extend(pack([item for view in members if (item := _member(view, symbol))]))
    offline = [view.id for view in views if view.state is AccountState.OFFLINE]
    if offline and not blocks:
        lines.append(f"Not known (offline): {', '.join(offline)}")
    if not blocks:
        known = f"Nobody is known to hold {root or 'anything'}."
        lines.insert(0, known if offline else f"Nobody holds {root}." if root else "Everybody is flat.")
    return Card(title="POSITIONS" + (f" · {root}" if root else ""), lines=tuple(lines))


def _leader_symbol(leg: LegView) -> str:
    return leg.leader_symbol or leg.symbol


def root_of_text(symbol: str) -> str:
    """Root of a contract that a view names."""
    return str(root_of(Symbol(symbol)))


def is_contract(symbol: str) -> bool:
    """Say whether ``symbol`` names a month and not only a product."""
    return bool(month_of(Symbol(symbol)))


def _leader_line(members: Sequence[AccountView], symbol: str) -> str:
    for view in members:
        if view.role == "leader":
            leg = next((leg for leg in view.legs if leg.symbol == symbol), None)
            if view.state is AccountState.OFFLINE:
                return f"{symbol}  {view.id} ? offline"
            have = leg.have if leg is not None else 0
            at = f" @ {price(leg.price)}" if leg is not None and have and leg.price is not None else ""
            return f"{symbol}  {view.id} {side(have)}{at}"
    return f"{symbol}  no leader"


def _member(view: AccountView, symbol: str) -> str:
    if view.role == "leader":
        return ""
    if view.state is AccountState.OFFLINE:
        return f"{view.id}  ? offline"
    leg = next((leg for leg in view.legs if _leader_symbol(leg) == symbol), None)
    if leg is None:
        return ""
    other = "" if leg.symbol == symbol else f" {root_of_text(leg.symbol)}"
    if leg.note and leg.have != leg.want:
        state = leg.note.upper()
    elif leg.have == leg.want:
        state = "ok" if not leg.note else f"ok, {leg.note}"
    elif leg.in_flight:
        state = f"→ {signed(leg.want)}"
    else:
        state = f"WANT {signed(leg.want)}" + (f" {age(leg.off_s)}" if leg.off_s is not None else "")
    return f"{clip(view.id, 16)} {signed(leg.have)}{other} {state}"


def orders_card(views: Sequence[OrderView]) -> Card:
    """Working orders."""
    if not views:
        return Card(title="ORDERS · none working")
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="QTY", right=True),
        Column(head="SYM"),
        Column(head="AT", right=True),
        Column(head="KIND", firm=False, least=4),
    )
    rows = tuple(
        (
            view.account,
            signed(view.quantity),
            view.symbol,
            price(view.price if view.price is not None else view.stop)
            if (view.price is not None or view.stop is not None)
            else "mkt",
            f"{view.kind}{'' if view.ours else ' *'}",
        )
        for view in views
    )
    foreign = "* not sent by Lockstep" if any(not view.ours for view in views) else ""
    return Card(title=f"ORDERS · {len(views)} working", table=Table(columns=columns, rows=rows), footer=foreign)
