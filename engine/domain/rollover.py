"""Rollover: a new trade date bars entries in months that have ended, and says which months are near their end."""

from engine.domain.decision import Decision, Raised, Severity
from engine.domain.due import TradeDateTold
from engine.domain.ids import Symbol
from engine.domain.roll import Roll, roll_of
from engine.domain.state import DeskState, end_lane

NEAR_DAYS = 7  # from so many days before the volume moves on, the roll is shown


def told(state: DeskState, event: TradeDateTold, out: list[Decision]) -> None:
    """Arm what the date bars, and tell once a day who still holds a month whose volume is moving on."""
    is_new = state.trade_date is None or event.trade_date > state.trade_date
    state.trade_date, state.closed = event.trade_date, event.closed
    state.version += 1
    for copier in state.copiers.values():
        for lane in copier.lanes.values():
            end_lane(state, copier, lane)
    for symbol, names in holders(state).items() if is_new else ():
        roll = roll_in(state, symbol)
        if roll is not None and event.trade_date >= roll.begins:
            said = f"{symbol} {words(roll)}; held by {', '.join(names)}"
            severity = Severity.P2 if roll.days_to_deadline <= 1 else Severity.P3
            out.append(Raised(code="copy.unmapped", severity=severity, text=said, symbol=symbol))


def holders(state: DeskState) -> dict[Symbol, list[str]]:
    """Contracts that are held, and by whom: leaders first."""
    found: dict[Symbol, list[str]] = {}
    for book in state.leaders.values():
        for symbol, stand in book.stands.items():
            if stand.net:
                found.setdefault(symbol, []).append(book.account)
    for copier in state.copiers.values():
        for lane in copier.lanes.values():
            if lane.net:
                found.setdefault(lane.symbol, []).append(copier.account)
    return found


def roll_in(state: DeskState, symbol: Symbol) -> Roll | None:
    """Roll of a contract as of the desk's trade date; None where either is not known."""
    return roll_of(symbol, state.trade_date, frozenset(state.closed)) if state.trade_date is not None else None


def words(roll: Roll) -> str:
    """How far a contract is from its roll."""
    if roll.days_to_deadline < 0:
        return f"has ended on {roll.deadline} ({roll.reason}); {roll.next} follows"
    days = roll.days_to_roll
    moves = f"rolls in {days} d" if days > 0 else "rolls today" if days == 0 else f"rolled {-days} d ago"
    return f"{moves} ({roll.rolls}) to {roll.next}, ends {roll.deadline} ({roll.reason})"
