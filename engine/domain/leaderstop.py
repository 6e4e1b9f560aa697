"""Leader stop: marks a leader's account that has a plan. Nobody trades it here: its limits tell people, and stop his copies.

What a limit of his asks for beyond a warning holds back the entries of whoever follows him; his exits are copied on, and what
he holds stays his own to close.
"""

from datetime import datetime
from decimal import Decimal

from engine.domain.command import Resume, Unlock
from engine.domain.contract import product_of
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Raised, Severity
from engine.domain.drawdown import DayStarted as DayMark
from engine.domain.drawdown import Marked, SessionClosed
from engine.domain.event import (
    BalanceReported,
    DayClosed,
    DayStarted,
    Event,
    PersonActed,
    QuoteMarked,
    SnapshotTaken,
    TimePassed,
)
from engine.domain.hold import Hold
from engine.domain.keeping import Kept
from engine.domain.leader import LeaderBook
from engine.domain.limit import Action, Trigger
from engine.domain.room import Holding, tick_risk
from engine.domain.sizing import Quotes, mark_of
from engine.domain.state import DeskState
from engine.domain.stopout import words
from engine.domain.terms import ZERO

_KINDS = {Action.LOCK: "leader-lock", Action.LOCK_DAY: "leader-lock-day"}
_WORDS = {
    "leader-lock": "until a person unlocks them",
    "leader-lock-day": "until his next day",
    "close-only": "until a person resumes",
}


def attend(state: DeskState, event: Event, out: list[Decision]) -> bool:
    """Look after the leaders whose accounts have limits, after every fact that may move their money or their day.

    Returns: True where something was decided.
    """
    before = len(out)
    for book in state.leaders.values():
        if book.kept is None:
            continue
        match event:
            case BalanceReported(account=account, balance=balance) if account == book.account:
                book.kept.hear(balance, event.at)
                mark(state, book, event.at, out)
            case SnapshotTaken(account=account, balance=balance) if account == book.account:
                if balance is not None:
                    book.kept.settle(balance, earned(book))
                mark(state, book, event.at, out)
            case QuoteMarked(symbol=symbol) if symbol in book.stands and book.stands[symbol].net:
                mark(state, book, event.at, out)
            case TimePassed():
                mark(state, book, event.at, out)
            case DayStarted(accounts=accounts) | DayClosed(accounts=accounts) if book.account in accounts:
                turn_day(state, book, event, out)
            case PersonActed(command=Unlock() | Resume() as wish):
                if any(
                    copier.account in wish.accounts and not _is_held(copier, book) for copier in followers(state, book)
                ):
                    book.kept.waive()  # a person goes on: what has acted does so again at the firm's own line alone
            case _:
                pass
    return len(out) > before


def mark(state: DeskState, book: LeaderBook, at: datetime, out: list[Decision]) -> None:
    """Mark one leader by our own prices and do what his limits ask."""
    kept = book.kept
    if kept is None:
        return
    gained = earned(book)
    kept.trust(gained, at, is_busy=False)
    balance, held = kept.balance(gained), _holdings(book, state.fresh_quotes())
    if balance is None or held is None:
        return
    opened = sum(((one.price - book.stands[one.symbol].cost.average) * one.net * one.point for one in held), start=ZERO)
    ledger = kept.ledger or kept.begin(balance, at, book.day_profit or ZERO, opened)
    ledger.take(Marked(balance=balance, open_profit=opened, margin=book.margin))
    triggers = kept.watch.look(ledger, kept.keeping.limits, tick_risk(held), kept.own)
    for limit in dict.fromkeys(trigger.limit for trigger in triggers):
        mine = [trigger for trigger in triggers if trigger.limit is limit]
        if all(trigger.action is Action.WARN for trigger in mine):
            _tell(book, "dd.warn", Severity.P2, f"{book.account}, leader: {words(mine[0])}", out)
        else:
            _stop(state, book, mine, at, out)


def earned(book: LeaderBook) -> Decimal:
    """Realised by his fills since he is known, in money."""
    found = ZERO
    for symbol, stand in book.stands.items():
        product = product_of(symbol) if stand.cost.realised else None
        if product is not None:
            found += stand.cost.realised * product.point
    return found


def _holdings(book: LeaderBook, quotes: Quotes) -> list[Holding] | None:
    found = []
    for symbol, stand in book.stands.items():
        if stand.net:
            product, price = product_of(symbol), mark_of(quotes, symbol)
            if product is None or price is None or not stand.cost.average:
                return None
            found.append(Holding(symbol=symbol, net=stand.net, price=price, tick=product.tick, point=product.point))
    return found


def _stop(state: DeskState, book: LeaderBook, triggers: list[Trigger], at: datetime, out: list[Decision]) -> None:
    asked, reason = [trigger.action for trigger in triggers], f"leader {book.account}: {words(triggers[0])}"
    kinds = [kind for action, kind in _KINDS.items() if action in asked] or ["close-only"]
    for copier in followers(state, book):
        for kind in kinds:
            copier.hold(Hold(f"leader {book.account}", kind, reason, at))
    state.version += 1
    said = f"{reason} → his followers enter nothing more {_WORDS[kinds[0]]}; exits go on, his own account is not traded here"
    _tell(book, "dd.hard", Severity.P1, said, out)


def _is_held(copier: Copier, book: LeaderBook) -> bool:
    return any(hold.is_by(f"leader {book.account}") for hold in copier.holds)


def followers(state: DeskState, book: LeaderBook) -> list[Copier]:
    """Whoever follows him."""
    return [copier for copier in state.copiers.values() if copier.group in book.groups]


def turn_day(state: DeskState, book: LeaderBook, event: DayStarted | DayClosed, out: list[Decision]) -> None:
    """His firm's day begins or is cut off; a new one ends the locks of the old."""
    kept = book.kept
    if kept is None or not kept.turn(event.due, is_cut=isinstance(event, DayClosed)):
        return
    mark(state, book, event.at, out)
    if isinstance(event, DayClosed):
        if kept.ledger is not None:
            ledger = kept.ledger
            mine = SessionClosed(balance=ledger.balance, open_profit=ledger.open_profit, is_short=event.is_short)
            ledger.take(mine)
    elif kept.day != event.trade_date:
        _begin_day(state, book, kept, event)
    mark(state, book, event.at, out)


def _begin_day(state: DeskState, book: LeaderBook, kept: Kept, event: DayStarted) -> None:
    if kept.ledger is not None:
        ledger = kept.ledger
        told = ledger.take(DayMark(balance=ledger.balance, open_profit=ledger.open_profit, is_short=event.is_short))
        if not told and ledger.breach is None:
            return  # a short session that starts no new day
        kept.watch.new_day()
    kept.day, kept.day_at = event.trade_date, event.at
    for copier in followers(state, book):
        copier.holds = [
            hold for hold in copier.holds if (hold.by, hold.kind) != (f"leader {book.account}", "leader-lock-day")
        ]
        copier.arm()
    state.version += 1


def _tell(book: LeaderBook, code: str, severity: Severity, text: str, out: list[Decision]) -> None:
    out.append(Raised(code=code, severity=severity, text=text, account=book.account))
