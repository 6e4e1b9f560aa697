"""Projection: the journal folded into what the control API shows, by a second copy of the pure domain.

The replica handles the same facts as the hot process, so its decisions must be the journalled ones: each entry is compared
while it is folded, and a difference is told. A checkpoint that differs from the replica's own state replaces it.
"""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from engine.api.notices import ActTold, CopyTold, Message, Notice
from engine.domain.decision import Raised, Severity
from engine.domain.desk import Desk
from engine.domain.due import Due
from engine.domain.entry import Entry, decode_entry, encode_entry
from engine.domain.event import (
    DeskConfigured,
    EngineStarted,
    Event,
    OrderChanged,
    PersonActed,
    QuoteMarked,
    SnapshotTaken,
)
from engine.domain.ids import AccountId
from engine.domain.sizing import Quotes
from engine.domain.state import DeskState
from engine.runtime.link import Pulse
from engine.service.account import signature
from engine.service.act import ActBook
from engine.service.deadman import missed
from engine.service.lineage import Lineage
from engine.service.pace import Pace
from engine.service.tally import Tally
from engine.service.working import WorkingOrders
from engine.storage.tail import Checkpoint, Record

NOTICES = 20_000


class Projection:
    """Everything that is seen. One owner; no clock but the facts' own."""

    def __init__(self, pace: Pace | None = None) -> None:
        """Begin with nothing but what an earlier one knew of everybody's pace."""
        self.seq = 0
        self.at = datetime.fromtimestamp(0, UTC)  # when the newest fact was heard
        self.desk = Desk()
        self.lineage = Lineage()
        self.pace = pace or Pace()
        self.acts = ActBook()
        self.tally: Tally | None = None  # from when the clerk serves on: what came before was counted by another one
        self.working = WorkingOrders()  # of leaders, which the desk does not need
        self.pulse: Pulse | None = None
        self.version = 0  # newest entry that changed positions, sizes or holds
        self.kept_from = 1  # entry from which on no notice is missing
        self._notices: deque[Notice] = deque(maxlen=NOTICES)
        self._told = 0  # newest entry whose messages were taken
        self._changed: dict[AccountId, int] = {}  # entry that last changed an account
        self._signatures: dict[AccountId, object] = {}
        self._quotes: Quotes = {}  # newer than the journal's
        self._faults = 0

    @property
    def state(self) -> DeskState:
        """The replica's state."""
        return self.desk.state

    # ---- folding ---------------------------------------------------------------------------------------------------

    def begin(self, checkpoint: Checkpoint, past: Iterable[Record]) -> None:
        """Go on from a checkpoint; ``past`` is what people may look back at before it, and is not handled again."""
        plan = Desk.restore(checkpoint.state).state.plan
        self.lineage.configure(plan)
        self.pace.configure(plan)
        self.kept_from = checkpoint.seq + 1
        for record in past:
            self.kept_from = min(self.kept_from, record.seq)
            with contextlib.suppress(msgspec.DecodeError):
                self._look(decode_entry(record.payload))
        self.restore(checkpoint)
        self.take()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a state of the hot process."""
        self.desk = Desk.restore(checkpoint.state)
        self.seq = checkpoint.seq
        self.lineage.seed(self.state)
        self.pace.configure(self.state.plan)
        accounts = [account.id for account in self.state.plan.accounts]
        self._signatures = {account: signature(self.state, account) for account in accounts}
        self._changed = dict.fromkeys(accounts, checkpoint.seq)
        self.version = checkpoint.seq

    def passed(self, checkpoint: Checkpoint) -> None:
        """Compare a checkpoint with the replica, where it stands at the same entry."""
        if checkpoint.seq == self.seq and self.desk.checkpoint() != checkpoint.state:
            self.restore(checkpoint)

    def fold(self, record: Record) -> None:
        """Take in one entry, and see whether the replica decides the same."""
        self.seq = record.seq
        try:
            entry = decode_entry(record.payload)
        except msgspec.DecodeError as error:
            self._differ(record.seq, f"entry {record.seq} cannot be read: {error}")
            return
        decided = self.desk.handle(entry.event)
        if encode_entry(record.seq, entry.event, decided) != record.payload:
            self._differ(
                record.seq, f"entry {record.seq} ({type(entry.event).__name__}): the replica decided otherwise"
            )
        self._look(entry)
        for account in _touched(entry, self.state):
            now = signature(self.state, account)
            if self._signatures.get(account) != now:
                self._signatures[account] = now
                self._changed[account] = self.version = record.seq

    def beat(self, pulse: Pulse) -> None:
        """Take in how the hot process is doing."""
        self.pulse = pulse
        for quote in pulse.quotes:
            self._quotes[quote.symbol] = quote

    def _look(self, entry: Entry) -> None:
        self.at = max(self.at, entry.event.at)
        self.lineage.fold(entry)
        self.acts.fold(entry)
        if isinstance(entry.event, OrderChanged | SnapshotTaken):
            self.working.fold(entry.event)
        elif isinstance(entry.event, QuoteMarked):
            self._quotes.pop(entry.event.symbol, None)
        raised = [one for one in entry.decisions if isinstance(one, Raised) and not one.code.startswith("act.")]
        if isinstance(entry.event, DeskConfigured):
            self.pace.configure(entry.event.plan)
        notices = [*(notice(entry, one) for one in raised), *missed(entry), *self.pace.fold(entry, self.lineage)]
        self._notices += notices
        if self.tally is not None:
            self.tally.fold(entry, self.lineage, notices, self.pace.figures)
        if len(self._notices) == NOTICES:
            self.kept_from = self._notices[0].seq + 1

    def _differ(self, seq: int, text: str) -> None:
        self._faults += 1
        if self._faults == 1:  # what follows differs because this did
            said = f"self-check: {text}. The views may be wrong until the next checkpoint; copying is not affected."
            self._notices.append(Notice(seq=seq, at=self.at, code="eng.replica", severity=Severity.P3, text=said))

    # ---- what the views need ---------------------------------------------------------------------------------------

    @property
    def quotes(self) -> Quotes:
        """Newest quotes of the journal and the pulse."""
        return {**self.state.quotes, **self._quotes} if self._quotes else self.state.quotes

    def changed(self, accounts: tuple[AccountId, ...]) -> int:
        """Newest entry that changed positions, sizes or holds of these accounts."""
        return max((self._changed.get(account, 0) for account in accounts), default=0)

    def last_copy(self, account: AccountId) -> tuple[str, float | None]:
        """Cause and lag of the newest copy of an account."""
        order = self.lineage.last.get(account)
        return (order.copy, order.lag_ms) if order is not None else ("", None)

    # ---- messages --------------------------------------------------------------------------------------------------

    def take(self) -> list[Message]:
        """Messages of everything that moved since the last call, in order."""
        copies, self.lineage.changed = self.lineage.changed, {}
        acts, self.acts.changed = self.acts.changed, {}
        since, self._told = self._told, self.seq
        return self._messages(list(copies), list(acts), since)

    def missed(self, since: int) -> list[Message]:
        """Messages that a reader needs who knows everything up to entry ``since``."""
        copies = [copy.cause for copy in self.lineage.copies.values() if copy.changed > since]
        acts = [act.event.key for act in self.acts.acts.values() if act.changed > since]
        return self._messages(copies, acts, since)

    def _messages(self, copies: list[str], acts: list[str], since: int) -> list[Message]:
        """Newest views and notices by their entries.

        Several messages of one entry: only the last says that the reader knows the entry whole, so a reader who is cut off
        between them gets them all again.
        """
        lineage, book = self.lineage.copies, self.acts.acts
        found: list[tuple[int, int, Message]] = []
        for cause in copies:
            if cause in lineage:
                copy = lineage[cause]
                found.append((copy.changed, 0, CopyTold(seq=copy.changed, copy=copy.view())))
        for key in acts:
            if key in book:
                act = book[key]
                found.append((act.changed, 1, ActTold(seq=act.changed, act=act.view())))
        found += [(told.seq, 2, told) for told in self._since(since)]
        found.sort(key=lambda item: item[:2])
        messages: list[Message] = []
        for i, (seq, _, message) in enumerate(found):
            is_last = i + 1 == len(found) or found[i + 1][0] > seq
            messages.append(message if is_last else msgspec.structs.replace(message, seq=seq - 1))
        return messages

    def _since(self, seq: int) -> list[Notice]:
        newest: list[Notice] = []
        for told in reversed(self._notices):
            if told.seq <= seq:
                break
            newest.append(told)
        return newest[::-1]


def notice(entry: Entry, raised: Raised) -> Notice:
    """What the domain raised, as it is told."""
    return Notice(
        seq=entry.seq,
        at=entry.event.at,
        code=raised.code,
        severity=raised.severity,
        text=raised.text,
        account=raised.account,
        symbol=raised.symbol,
        key=raised.key,
        connection=raised.connection,
    )


def _touched(entry: Entry, state: DeskState) -> Iterator[AccountId]:
    """Accounts that an entry may have changed."""
    event: Event = entry.event
    account = getattr(event, "account", None)
    if isinstance(event, QuoteMarked) and not entry.decisions:  # a price may stop an account
        return
    if isinstance(event, PersonActed):
        yield from event.command.accounts
    elif isinstance(event, Due) and not entry.decisions:
        yield from event.accounts
    elif account is not None and account not in state.leaders and not entry.decisions:
        yield account
    elif (
        account is not None
        or entry.decisions
        or isinstance(event, DeskConfigured | EngineStarted)
        or hasattr(event, "connection")
    ):
        yield from (plan.id for plan in state.plan.accounts)
