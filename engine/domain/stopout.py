"""Stop-out: marks each account that keeps limits, and carries out what they ask: a word, close-only, flatten, a lock.

An account is marked after every fact of its own and on every quote of what it holds, by our own prices: silence marks
nothing. Whatever a limit asks for stops risk from growing on this account alone; its exits go on, and so do the others.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.contract import product_of
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Severity
from engine.domain.drawdown import DayOpened, Limit, Marked, SessionClosed
from engine.domain.drawdown import DayStarted as DayMark
from engine.domain.event import DayClosed, DayStarted, SnapshotTaken
from engine.domain.hold import Hold, Task
from engine.domain.ids import Symbol
from engine.domain.keeping import Kept
from engine.domain.limit import Action, Trigger
from engine.domain.relimit import tell_moved
from engine.domain.room import Holding, tick_risk
from engine.domain.sizing import Quotes, mark_of, quote_for
from engine.domain.task import flatten
from engine.domain.terms import ZERO

LIMITS = "limits"  # who holds an account that a limit has stopped
BLIND = timedelta(seconds=10)  # a price that is missing so long is told
WORDS = {
    Limit.MAX_LOSS: "drawdown",
    Limit.DAILY_LOSS: "daily loss",
    Limit.DAILY_TARGET: "daily target",
    Limit.MARGIN: "margin",
}
_LOCKS = {Action.CLOSE_ONLY: "close-only", Action.LOCK_DAY: "lock-day", Action.LOCK: "lock"}


def holdings(copier: Copier, quotes: Quotes) -> list[Holding] | None:
    """What an account holds at the newest prices; None where one of them has no price."""
    found = []
    for symbol, net, average in positions(copier):
        product, mark = product_of(symbol), mark_of(quotes, symbol)
        if product is None or mark is None or not average:
            return None
        found.append(Holding(symbol=symbol, net=net, price=mark, tick=product.tick, point=product.point))
    return found


def positions(copier: Copier) -> list[tuple[Symbol, int, Decimal]]:
    """What an account holds, and what it paid."""
    return [(lane.symbol, lane.net, lane.cost.average) for lane in copier.lanes.values() if lane.net]


def worth(parts: Iterable[tuple[Decimal, Decimal, Holding]]) -> Decimal:
    """Open profit of holdings, each with its mark and its average."""
    return sum(((mark - average) * one.net * one.point for mark, average, one in parts), start=ZERO)


def look(copier: Copier, quotes: Quotes, at: datetime, out: list[Decision]) -> None:
    """Mark one account and do what its limits ask; call it after every fact that may have moved its money."""
    kept = copier.kept
    if kept is None:
        return
    earned = _earned(copier)
    fell = kept.trust(earned, at, is_busy=bool(copier.flights), is_flat=copier.is_flat())
    tell_moved(copier, fell, kept.sure or ZERO, out)
    _lift(copier, kept, out)
    held = holdings(copier, quotes)
    if held is None:
        _blind(copier, kept, at, out)
        return
    kept.blind_since, kept.is_blind = None, False
    balance = kept.balance(earned)
    if balance is None:
        return
    opened = worth((one.price, copier.lanes[one.symbol].cost.average, one) for one in held)
    ledger = kept.ledger
    if ledger is None:
        ledger = kept.begin(balance, at, copier.day_profit or ZERO, opened)
        copier.arm()
    ledger.take(Marked(balance=balance, open_profit=opened, margin=copier.margin))
    triggers = kept.watch.look(ledger, kept.keeping.limits, tick_risk(held), kept.own)
    if triggers:
        _carry_out(copier, kept, triggers, at, out)


def settle(copier: Copier, event: SnapshotTaken, out: list[Decision], *, is_plain: bool) -> None:
    """A snapshot's balance goes with its positions: it is sure at once. ``is_plain`` where it tells no fill that is new."""
    if copier.kept is not None and event.balance is not None:
        fell = copier.kept.settle(event.balance, _earned(copier), is_plain=is_plain and copier.is_flat())
        tell_moved(copier, fell, event.balance, out)


def _earned(copier: Copier) -> Decimal:
    """Realised by our fills since this follower exists, in money."""
    found = ZERO
    for lane in copier.lanes.values():
        product = product_of(lane.symbol) if lane.cost.realised else None
        if product is not None:
            found += lane.cost.realised * product.point
    return found


def _blind(copier: Copier, kept: Kept, at: datetime, out: list[Decision]) -> None:
    """Say once that something is held which cannot be valued."""
    kept.blind_since = kept.blind_since or at
    if not kept.is_blind and at - kept.blind_since >= BLIND:
        kept.is_blind = True
        names = ", ".join(lane.symbol for lane in copier.lanes.values() if lane.net)
        said = f"limits of {copier.account} cannot be marked: no price for {names}"
        out.append(copier.tell("dd.blind", Severity.P2, said))


def _carry_out(copier: Copier, kept: Kept, triggers: list[Trigger], at: datetime, out: list[Decision]) -> None:
    """Warnings of steps, then what the limits that are used up ask for: each one once."""
    acting = dict.fromkeys(trigger.limit for trigger in triggers if trigger.limit in kept.watch.acted)
    for trigger in triggers:
        if trigger.action is Action.WARN and (trigger.limit not in acting or _only_warns(triggers, trigger.limit)):
            step = kept.watch.told.get(trigger.limit, 0)
            severity = Severity.P3 if step <= 1 else Severity.P2
            out.append(copier.tell("dd.warn", severity, f"{copier.account}: {words(trigger)}"))
    for limit in acting:
        if not _only_warns(triggers, limit):
            _stop(copier, kept, [trigger for trigger in triggers if trigger.limit is limit], at, out)


def _only_warns(triggers: list[Trigger], limit: Limit) -> bool:
    return all(trigger.action is Action.WARN for trigger in triggers if trigger.limit is limit)


def _stop(copier: Copier, kept: Kept, triggers: list[Trigger], at: datetime, out: list[Decision]) -> None:
    """Carry out what one limit asks for, once people have been told why."""
    asked, reason = [trigger.action for trigger in triggers], words(triggers[0])
    kept.stops += 1
    key = f"limit:{copier.account}:{kept.stops}"
    acts = ", ".join(_ACTS[action] for action in asked if action in _ACTS)
    offline = "" if copier.is_line_up else "; OFFLINE, goes on when the line is back"
    out.append(copier.tell("dd.hard", Severity.P1, f"{copier.account}: {reason} → {acts}{offline}", key=key))
    for kind in [kind for action, kind in _LOCKS.items() if action in asked] or ["flatten"]:
        copier.hold(Hold(LIMITS, kind, reason, at))
    if Action.FLATTEN in asked and not any(task.kind == "flatten" for task in copier.tasks):
        flatten(copier, Task(key, "flatten", at, is_limit=True), out)


_ACTS = {
    Action.CLOSE_ONLY: "closing only",
    Action.FLATTEN: "flattening",
    Action.LOCK_DAY: "locked until the next day",
    Action.LOCK: "locked until a person unlocks",
}


def words(trigger: Trigger) -> str:
    """A trigger with its figures, for people."""
    used = (trigger.used * 100).quantize(Decimal(1))
    return f"{WORDS[trigger.limit]} {used} % used, equity {trigger.equity:.2f}, line {trigger.line:.2f}"


# ---- days ----------------------------------------------------------------------------------------------------------


def turn_day(copier: Copier, quotes: Quotes, event: DayStarted | DayClosed, out: list[Decision]) -> None:
    """The firm's day begins or is cut off: told twice it counts once, told late it counts as of now."""
    kept = copier.kept
    if (
        copier.intake is not None
        and isinstance(event, DayStarted)
        and copier.intake.turns(event.due, event.trade_date, is_short=event.is_short)
    ):
        copier.trades = 0
    if kept is None or not kept.turn(event.due, is_cut=isinstance(event, DayClosed)):
        return
    look(copier, quotes, event.at, out)
    ledger = kept.ledger
    if isinstance(event, DayClosed):
        if ledger is not None:
            closed = SessionClosed(balance=ledger.balance, open_profit=ledger.open_profit, is_short=event.is_short)
            ledger.take(closed)
    elif kept.day != event.trade_date or event.is_short:
        if ledger is not None:
            mark = DayMark(balance=ledger.balance, open_profit=ledger.open_profit, is_short=event.is_short)
            if not any(isinstance(told, DayOpened) for told in ledger.take(mark)) and ledger.breach is None:
                return  # a short session that starts no new day
            kept.watch.new_day()
        kept.day, kept.day_at = event.trade_date, event.at
        copier.arm()  # the day's tier may allow more or fewer contracts
    look(copier, quotes, event.at, out)


def _lift(copier: Copier, kept: Kept, out: list[Decision]) -> None:
    """End locks of a day that is over, unless their flatten is not proven yet."""
    over = [
        hold
        for hold in copier.holds
        if hold.kind == "lock-day" and kept.day_at is not None and hold.since < kept.day_at
    ]
    if not over or any(task.kind == "flatten" for task in copier.tasks):
        return
    copier.holds = [hold for hold in copier.holds if hold not in over]
    if not any(hold.kind == "lock" for hold in copier.holds):
        kept.watch.unlock(Limit.MAX_LOSS)  # a drawdown that locked for a day only
    copier.arm()
    tail = f", {copier.barred}" if copier.barred else ", copying from the leader's next entry"
    out.append(copier.tell("dd.lifted", Severity.P4, f"{copier.account}: a new day, the day's lock is over{tail}"))


def is_moved(copier: Copier, symbol: Symbol, quotes: Quotes) -> bool:
    """Say whether a quote of ``symbol`` may move what an account is worth; one that cannot be valued is always looked at."""
    is_by_money = copier.is_by_money
    priced = (quote_for(quotes, lane.symbol) for lane in copier.lanes.values() if lane.net or is_by_money)
    return any(quote is None or quote.symbol == symbol for quote in priced)
