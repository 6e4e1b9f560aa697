"""Outage: what a new start, a lost line, a refused login, a jumping clock or a full disk stops, and what lifts it again."""

from collections.abc import Iterable
from datetime import timedelta

from engine.domain import silence
from engine.domain.copier import Copier
from engine.domain.decision import Decision, Raised, Severity
from engine.domain.event import AccessRefused, ClockChanged, EngineStarted, JournalStrained, LineLost, LineRestored
from engine.domain.flight import moved
from engine.domain.hold import Hold
from engine.domain.ids import AccountId, ConnectionId
from engine.domain.state import DeskState

SHOWN = 6  # accounts named in a notice


def started(state: DeskState, event: EngineStarted, out: list[Decision]) -> None:
    """A process took over: nothing is believed before it was compared."""
    is_again = bool(state.run)
    state.run, state.run_since = event.run, event.at
    _stand_still(state, (*state.leaders, *state.copiers), line_up=False)
    for book in state.leaders.values():
        silence.fell(book, event.at, is_told=False)
    if is_again:
        said = "the engine started again: positions are compared before anything else"
        out.append(Raised(code="eng.restart", severity=Severity.P2, text=said))


def lost(state: DeskState, event: LineLost, out: list[Decision]) -> None:
    """Nothing is believed or sent on this connection any more."""
    accounts = list(_on_line(state, event.connection))
    risky = [name for name in accounts if _holds_anything(state, name)]
    led = [name for name in accounts if name in state.leaders]
    policy = ""
    for name in led:
        silence.fell(state.leaders[name], event.at, is_told=True)
        policy += silence.words(state, name, event.at)
    _stand_still(state, accounts, line_up=False)
    severity = Severity.P1 if risky or policy else Severity.P2
    held = f", positions on {_names(risky)}" if risky else ""
    said = f"{event.connection} is off: {event.reason}{held}{policy}"
    code = "leader.lost" if led else "broker.down"
    out.append(Raised(code=code, severity=severity, text=said, connection=event.connection))
    state.version += 1


def _names(accounts: list[AccountId]) -> str:
    return ", ".join(accounts[:SHOWN]) + (f" and {len(accounts) - SHOWN} more" if len(accounts) > SHOWN else "")


def restored(state: DeskState, event: LineRestored, out: list[Decision]) -> None:
    """The line is back; snapshots decide what follows."""
    _stand_still(state, _on_line(state, event.connection), line_up=True)
    said = f"{event.connection} is back"
    out.append(Raised(code="broker.up", severity=Severity.P4, text=said, connection=event.connection))


def _on_line(state: DeskState, connection: ConnectionId) -> Iterable[AccountId]:
    return [account.id for account in state.plan.accounts if account.connection == connection]


def _stand_still(state: DeskState, accounts: Iterable[AccountId], *, line_up: bool) -> None:
    for name in accounts:
        if name in state.leaders:
            state.leaders[name].stand_still(line_up=line_up)
        if name in state.copiers:
            state.copiers[name].stand_still(line_up=line_up)


def _holds_anything(state: DeskState, account: AccountId) -> bool:
    book, copier = state.leaders.get(account), state.copiers.get(account)
    return bool(book and any(stand.net for stand in book.stands.values())) or bool(
        copier and any(lane.net for lane in copier.lanes.values())
    )


def access_refused(event: AccessRefused, out: list[Decision]) -> None:
    """A person has to act."""
    until = f", not tried again before {event.until:%H:%M:%S} UTC" if event.until else ""
    said = f"{event.connection}: login refused, {event.reason}{until}"
    out.append(Raised(code="acct.auth", severity=Severity.P2, text=said, connection=event.connection))


def clock_changed(state: DeskState, event: ClockChanged, out: list[Decision]) -> None:
    """Running waits move along, so that nothing is early or late by the jump."""
    by = timedelta(seconds=event.seconds)
    for copier in state.copiers.values():
        shift(copier, by)
        copier.rogue.shift_clock(by)
    for book in state.leaders.values():
        book.silent_since = book.silent_since and book.silent_since + by
    for guard in state.guards.values():
        guard.shift_clock(by)
    said = f"the computer's clock moved by {event.seconds:+.1f} s; running waits were moved along"
    out.append(Raised(code="eng.clock", severity=Severity.P3, text=said))
    state.due = event.at


def shift(copier: Copier, by: timedelta) -> None:
    """Move every running wait along with the computer's clock; ends that a person named stay where they are."""
    for flight in copier.flights.values():
        flight.at += by
        flight.asked_at = moved(flight.asked_at, by)
    for lane in copier.lanes.values():
        lane.signalled_at, lane.retry_at = moved(lane.signalled_at, by), moved(lane.retry_at, by)
        lane.off_since = moved(lane.off_since, by)
        lane.course.shift_clock(by)
    for task in copier.tasks:
        task.since += by
        task.asked_at, task.failed_at = moved(task.asked_at, by), moved(task.failed_at, by)
    for aside in copier.asides.values():
        aside.since += by
    for offer in copier.offers.values():
        offer.since, offer.expires = offer.since + by, offer.expires + by
    if copier.kept is not None:
        copier.kept.shift_clock(by)
    copier.balance_at, copier.asked_at = moved(copier.balance_at, by), moved(copier.asked_at, by)
    copier.compared_at = moved(copier.compared_at, by)


def strained(state: DeskState, event: JournalStrained, out: list[Decision]) -> None:
    """Without room in the journal no new risk; exits go on."""
    since = min(
        (hold.since for copier in state.copiers.values() for hold in copier.holds if hold.kind == "journal"),
        default=event.at,
    )
    for copier in state.copiers.values():
        copier.holds = [hold for hold in copier.holds if hold.kind != "journal"]
        if event.reason:
            copier.holds.append(Hold("engine", "journal", event.reason, event.at))
        copier.arm()
    severity = Severity.P1 if event.reason else Severity.P4
    lasted = (event.at - since).total_seconds()
    over = (
        f"the journal has room again; entries were stopped for {lasted:.0f} s"  # the first word was lost with the room
    )
    said = f"entries stopped, exits go on: {event.reason}" if event.reason else over
    out.append(Raised(code="eng.disk", severity=severity, text=said))
    state.version += 1
