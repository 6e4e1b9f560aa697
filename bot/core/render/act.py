"""Acts on their way: the preview, the receipt as asked, acked and proven, and what became of each account."""

from datetime import datetime, tzinfo

from bot.core.card import CARD_CELLS, Card, cells, one_line, pack
from bot.core.render.look import age, clock, counted, factor, money, told, until_twice
from engine.api import (
    ActAsk,
    ActLine,
    ActState,
    ActView,
    ApartAsk,
    ApproveAsk,
    CloseAsk,
    DisconnectAsk,
    FlattenAsk,
    LeaveAsk,
    LimitAsk,
    NewsPauseAsk,
    OffAsk,
    OnAsk,
    PauseAsk,
    PayoutAsk,
    PlanAsk,
    PreviewLine,
    PreviewView,
    RefuseAsk,
    Rejoin,
    RepairAsk,
    ResumeAsk,
    Severity,
    SizeAsk,
    SkipAsk,
    SyncAsk,
    TakeAsk,
    UnlockAsk,
    UnplanAsk,
)

DONE_WORDS = {
    "pause": "⏸ PAUSED",
    "resume": "▶ RESUMED",
    "size": "SIZE",
    "close": "CLOSED",
    "flatten": "🟥 FLAT",
    "sync": "SYNCED",
    "apart": "KEPT APART",
    "repair": "REPAIRED",
    "unlock": "UNLOCKED",
    "limit": "LIMIT",
    "payout": "PAYOUT",
    "take": "TAKEN",
    "leave": "LEFT",
    "skip": "SKIPPED",
    "disconnect": "DISCONNECTED",
    "off": "OFF",
    "on": "ON",
    "newspause": "⏸ PLANNED",
    "plan": "⏸ PLANNED",
    "unplan": "PLAN DROPPED",
    "approve": "APPROVED",
    "refuse": "REFUSED",
}
ASKED_WORDS = {"pause": "⏸ PAUSE", "resume": "▶ RESUME", "flatten": "🟥 FLATTEN"}
SHOWN_LINES = 12
TRADING = frozenset({"close", "flatten", "sync", "take", "approve"})


def title_of(ask: ActAsk) -> str:
    """What is asked, in one line."""
    match ask:
        case PauseAsk():
            return f"⏸ PAUSE {ask.scope}"
        case ResumeAsk():
            join = " and join" if ask.rejoin is Rejoin.JOIN else ""
            return f"▶ RESUME {ask.scope}{join}{', OVER NEWS' if ask.over_news else ''}"
        case SizeAsk():
            return f"SIZE {ask.scope} to {factor(ask.factor)}" + (", now" if ask.now else "")
        case CloseAsk():
            part = f"{ask.quantity} " if ask.quantity is not None else ""
            return f"CLOSE {part}{ask.symbol or 'everything'} · {ask.scope}"
        case FlattenAsk():
            return f"🟥 FLATTEN {ask.scope}"
        case SyncAsk():
            way = ", adopt what is held" if ask.adopt else ", close the difference" if ask.close else " to the leader"
            return f"SYNC {ask.scope}{way}"
        case ApartAsk():
            return f"SYNC {ask.scope}, keep apart what is not the leader's"
        case RepairAsk():
            return f"REPAIR {ask.scope}"
        case LimitAsk():
            figure = "the settings' own" if ask.figure is None else f"{ask.figure:f}"
            return f"LIMIT {ask.scope} {ask.kind} to {figure}"
        case PayoutAsk():
            return f"PAYOUT {ask.amount:,.2f} · {ask.scope}"
        case UnlockAsk():
            return f"UNLOCK {ask.scope}" + (", reset by the firm" if ask.is_reset else "")
        case TakeAsk():
            return f"TAKE {f'{ask.quantity} of ' if ask.quantity is not None else ''}{ask.offer} · {ask.scope}"
        case ApproveAsk():
            return f"APPROVE {ask.held} · {ask.scope}"
        case RefuseAsk():
            return f"REFUSE {ask.held}"
        case LeaveAsk():
            return f"LEAVE {ask.offer} · {ask.scope}"
        case SkipAsk():
            return f"{'UNSKIP' if ask.is_over else 'SKIP'} {ask.symbol or 'trade'} · {ask.scope}"
        case DisconnectAsk():
            return f"DISCONNECT {ask.symbol} · {ask.scope}"
        case OffAsk():
            return f"OFF {ask.scope}" + (" and close" if ask.close else "")
        case OnAsk():
            return f"ON {ask.scope}"
        case NewsPauseAsk():
            return f"⏸ PLAN {ask.scope} around {ask.event or 'the next red event'}"
        case PlanAsk():
            return f"⏸ PLAN {ask.scope} {ask.opens}-{ask.closes}{', weekly' if ask.weekly else ''}"
        case UnplanAsk():
            return f"DROP PLAN {ask.scope}"


def preview_card(
    ask: ActAsk,
    preview: PreviewView,
    *,
    remarks: tuple[str, ...] = (),
    word: str = "",
    ttl_s: float,
    changed: bool,
    now: datetime,
    zone: tzinfo,
) -> Card:
    """K2, K3, K4, K6: what would happen, before it does."""
    lines: list[str] = ["Changed meanwhile. Look again:"] if changed else []
    money_word = "LIVE" if preview.live else "sim"
    accounts = counted(preview.accounts, "account")
    if isinstance(ask, FlattenAsk):
        lines.append(f"{_contracts(preview)}, open P/L {money(preview.open_profit)}")
        lines.append(f"1 freeze entries  2 cancel {counted(preview.orders, 'order')}")
        lines.append("3 market close    4 check flat")
    elif preview.contracts or preview.orders:
        cancel = f", cancel {counted(preview.orders, 'order')}" if preview.orders else ""
        lines.append(f"{_contracts(preview)} at market{cancel}")
        if preview.open_profit is not None:
            lines.append(f"Open P/L {money(preview.open_profit)}")
    lines.extend(remarks)
    lines.extend(one_line(remark) for remark in preview.remarks)
    lines.extend(_orders(ask, preview.lines))
    lines.extend(_changes(preview.lines, now, zone))
    if preview.excluded:
        lines.append(f"Not included: {', '.join(one_line(name) for name in preview.excluded)}")
    footer = f"To do it type the word {word} · {ttl_s:.0f} s" if word else f"{ttl_s:.0f} s to decide"
    title = title_of(ask) + ("?" if isinstance(ask, ResumeAsk) else "")
    return Card(title=f"{title} · {accounts} {money_word}", lines=tuple(lines), footer=footer, settled=False)


def _contracts(preview: PreviewView) -> str:
    return counted(preview.contracts, "contract")


def _orders(ask: ActAsk, lines: tuple[PreviewLine, ...]) -> list[str]:
    """The exact orders of a sync, by account."""
    if not isinstance(ask, SyncAsk):
        return []
    texts = [f"{line.account} {one_line(order)}" for line in lines for order in line.orders]
    more = [f"and {len(texts) - SHOWN_LINES} more orders"] if len(texts) > SHOWN_LINES else []
    return [*texts[:SHOWN_LINES], *more]


def _changes(lines: tuple[PreviewLine, ...], now: datetime, zone: tzinfo) -> list[str]:
    """What would change, accounts with the same change together."""
    same: dict[str, list[str]] = {}
    for line in lines:
        if line.before != line.after or line.note:
            same.setdefault(told(f"{line.before} → {line.after} {line.note}", now, zone), []).append(line.account)
    if lines and not same:
        return ["Nothing would change."]
    texts = [f"{', '.join(accounts)} {change}" for change, accounts in same.items()]
    more = [f"and {len(texts) - SHOWN_LINES} more"] if len(texts) > SHOWN_LINES else []
    still = len(lines) - sum(map(len, same.values()))
    return [*texts[:SHOWN_LINES], *more, *([f"{still} unchanged"] if still else [])]


def act_card(
    view: ActView,
    ask: ActAsk | None,
    preview: PreviewView | None,
    *,
    now: datetime,
    zone: tzinfo,
    remarks: tuple[str, ...] = (),
) -> Card:
    """K1, K2, K5: the receipt of one act, edited as it goes on. Never says done before it is proven."""
    lines = [_by(view), _progress(view)]
    if view.text:
        lines.append(told(view.text, now, zone))
    if view.kind == "size" and preview is not None:
        lines.extend(_changes(preview.lines, now, zone))
    lines.extend(_parts(view, now, zone))
    failed = view.state is ActState.FAILED
    if not failed and view.kind != "resume":  # what was missed helped to decide; it is no news of the receipt
        lines.extend(remarks)
    return Card(
        title=_title(view, ask, now, zone),
        severity=Severity.P2 if failed else None,
        lines=tuple(lines),
        ref=f"act:{view.key}",
        settled=view.state in {ActState.PROVEN, ActState.FAILED},
    )


def _title(view: ActView, ask: ActAsk | None, now: datetime, zone: tzinfo) -> str:
    end = until_twice(view.until, now, zone)
    tail = f" · until {end}" if end else ""
    if view.kind == "size" and isinstance(ask, SizeAsk):
        tail = f" to {factor(ask.factor)}"
    scope = ask.scope if ask is not None else view.scope  # as it was asked; a restarted engine lists the accounts
    if view.state is ActState.PROVEN:
        return f"{DONE_WORDS.get(view.kind, view.kind.upper())} {scope}{tail}"
    word = ASKED_WORDS.get(view.kind, view.kind.upper())
    return f"{word} {scope}{tail}{' · NOT DONE' if view.state is ActState.FAILED else ''}"


def _by(view: ActView) -> str:
    return f"by {one_line(view.by)}" + (f" · reason {one_line(view.reason)}" if view.reason else "")


def _progress(view: ActView) -> str:
    done = sum(line.state is ActState.PROVEN for line in view.lines)
    took = f" in {age(view.took_s)}" if view.took_s is not None else ""
    counted = f" {done}/{len(view.lines)}" if view.lines else ""
    flat = " flat" if view.kind == "flatten" else ""
    match view.state:
        case ActState.ASKED:
            return "asked …"
        case ActState.ACKED:
            return f"asked ✔ acked ✔ proven{flat}{counted} …"
        case ActState.PROVEN:
            return f"asked ✔ acked ✔ proven{flat} ✔{counted}{took}"
        case ActState.FAILED:
            return f"FAILED{f': proven {done} of {len(view.lines)}' if view.lines else ''}"


def _parts(view: ActView, now: datetime, zone: tzinfo) -> list[str]:
    """Each account's part: side by side where there is a proof to show, told together where all say the same."""
    if view.kind in TRADING or view.state is ActState.FAILED:
        items = [_part(line, now, zone) for line in view.lines]
        return list(pack(items)) if all(cells(item) <= CARD_CELLS for item in items) else items
    same: dict[str, list[str]] = {}
    for line in view.lines:
        if line.text and line.state is ActState.PROVEN:
            same.setdefault(told(line.text, now, zone), []).append(line.account)
    if len(same) == 1:
        return [] if view.kind in {"pause", "size"} else [*same]  # the title says it
    return [f"{', '.join(accounts)}: {text}" for text, accounts in same.items()]


def _part(line: ActLine, now: datetime, zone: tzinfo) -> str:
    mark = {ActState.PROVEN: "", ActState.FAILED: " !", ActState.ACKED: " …", ActState.ASKED: " …"}[line.state]
    return f"{line.account} {told(line.text, now, zone) or line.state.value}{mark}"


def told_card(view: ActView, zone: tzinfo) -> Card:
    """One line about an act that somebody else asked for."""
    word = DONE_WORDS if view.state is ActState.PROVEN else ASKED_WORDS
    text = word.get(view.kind, view.kind.upper())
    return Card(
        title=f"{text} {view.scope} by {one_line(view.by)}: {view.state.value} {clock(view.asked_at, zone)}",
        severity=Severity.P2 if view.state is ActState.FAILED else Severity.P4,
        lines=(told(view.text, view.asked_at, zone),) if view.text else (),
        brief=True,
        ref=f"act:{view.key}",
    )
