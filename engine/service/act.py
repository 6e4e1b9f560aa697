"""Acts: a person's wishes as the journal tells of them, from asked to proven."""

from dataclasses import dataclass, field
from datetime import datetime

from engine.api.views import ActLine, ActState, ActView
from engine.domain.command import Flatten, Off, Pause, PlanPause, PlanWindow
from engine.domain.decision import Raised
from engine.domain.entry import Entry
from engine.domain.event import PersonActed

KEPT = 2_000
KINDS = {
    "Pause": "pause",
    "Resume": "resume",
    "Resize": "size",
    "Close": "close",
    "Flatten": "flatten",
    "Sync": "sync",
    "Apart": "apart",
    "Repair": "repair",
    "Unlock": "unlock",
    "Take": "take",
    "Leave": "leave",
    "PlanPause": "newspause",
    "PlanWindow": "plan",
    "DropPause": "unplan",
    "Skip": "skip",
    "Disconnect": "disconnect",
    "Off": "off",
    "On": "on",
    "Relimit": "limit",
    "Payout": "payout",
    "Approve": "approve",
    "Refuse": "refuse",
}
_STATES = {"act.acked": ActState.ACKED, "act.proven": ActState.PROVEN, "act.failed": ActState.FAILED}


@dataclass
class Act:
    """One act and how far it is with each account."""

    event: PersonActed
    seq: int
    changed: int
    scope: str
    lines: dict[str, ActLine] = field(default_factory=dict)
    ended_at: datetime | None = None

    def view(self) -> ActView:
        """As the API shows it."""
        command = self.event.command
        states = {line.state for line in self.lines.values()}
        state = ActState.ACKED
        if states <= {ActState.PROVEN, ActState.FAILED}:
            state = ActState.FAILED if ActState.FAILED in states else ActState.PROVEN
        took = (
            (self.ended_at - self.event.at).total_seconds() if self.ended_at and state is not ActState.ACKED else None
        )
        return ActView(
            key=self.event.key,
            kind=KINDS[type(command).__name__],
            by=self.event.by,
            scope=self.scope,
            state=state,
            asked_at=self.event.at,
            took_s=took,
            lines=tuple(self.lines.values()),
            until=command.until if isinstance(command, Pause | PlanPause) else None,
            reason=command.reason if isinstance(command, Pause | PlanPause | PlanWindow | Flatten | Off) else "",
        )


class ActBook:
    """The newest acts by key."""

    def __init__(self) -> None:
        """Know none."""
        self.acts: dict[str, Act] = {}
        self.changed: dict[str, None] = {}  # keys of acts that moved since the reader last cleared it
        self.scopes: dict[str, str] = {}  # as they were asked, for acts that are not journalled yet

    def fold(self, entry: Entry) -> None:
        """Take one entry in."""
        event = entry.event
        if isinstance(event, PersonActed) and event.key not in self.acts:
            self._take(entry.seq, event)
        for decision in entry.decisions:
            if isinstance(decision, Raised) and decision.key in self.acts and decision.code in _STATES:
                act = self.acts[decision.key]
                account = decision.account or ""
                state = _STATES[decision.code]
                act.lines[account] = ActLine(account=account, state=state, text=decision.text)
                act.changed = entry.seq
                if state is not ActState.ACKED:
                    act.ended_at = event.at
                self.changed[act.event.key] = None

    def _take(self, seq: int, event: PersonActed) -> None:
        accounts = event.command.accounts
        scope = self.scopes.pop(event.key, ",".join(accounts))
        lines: dict[str, ActLine] = {
            account: ActLine(account=account, state=ActState.ACKED, text="") for account in accounts
        }
        self.acts[event.key] = Act(event, seq, seq, scope, lines)
        self.changed[event.key] = None
        if len(self.acts) > KEPT:
            del self.acts[next(iter(self.acts))]
