"""The outside on one page: what the engine needs, and what an adapter must be."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from engine.domain.decision import Leg, Lot
from engine.domain.event import Event
from engine.domain.group import AccountPlan
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, OrderId, Symbol
from engine.domain.value import Value


class Clock(Protocol):
    """Time. Tests turn it by hand."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, for ages and budgets."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""
        ...


Sink = Callable[[list[Event]], None]
"""Where an adapter puts its facts: one call for each frame, inside the frame's callback, facts in their order."""


class Journal(Protocol):
    """The write-ahead log, as the one process that writes it sees it."""

    @property
    def next_seq(self) -> int:
        """Sequence number that the next entry gets."""
        ...

    @property
    def is_due(self) -> bool:
        """Say whether a quiet moment would be a good one for a checkpoint."""
        ...

    @property
    def is_urgent(self) -> bool:
        """Say whether a checkpoint should wait for no quiet moment."""
        ...

    def append_all(self, payloads: list[bytes]) -> None:
        """Make these entries outlive the process, in one write.

        Raises: JournalError; then none of them is in the journal.
        """
        ...

    def checkpoint(self, state: bytes) -> None:
        """Write the state after the newest entry.

        Raises: JournalError.
        """
        ...


class LineHealth(Value, frozen=True):
    """How one connection is doing, for the health card."""

    connection: ConnectionId
    broker: str
    up: bool
    text: str  # one line for a person: "ok", "signed in, waiting for the snapshot", "captcha, try after 15:04"
    heard_s: float | None  # age of the last frame
    round_trip_ms: float | None  # of the newest answered request
    budget_left: int  # requests left this minute, the exit reserve not counted
    waiting: int = 0  # requests held back by the budget


class Session(Protocol):
    """One login at one broker with all its accounts.

    Everything but ``run`` and ``probe`` returns at once and never awaits: bytes are handed to the socket, and what comes
    of them arrives as facts in the sink. Every order ends in an ``OrderAnswered`` of ours or is ``Unclear`` until asked.
    When no authorised line is there, an order is answered ``Refused(kind=LINE)`` and never kept for later.
    """

    connection: ConnectionId

    async def run(self) -> None:
        """Connect, sign in, stream, and reconnect for ever; returns only when cancelled.

        After each (re)connect: ``LineRestored``, then a ``SnapshotTaken`` for each account, then live facts.
        """
        ...

    async def probe(self) -> list[str]:
        """Sign in and read, change nothing, disconnect: one line for each account seen or fault found."""
        ...

    def send(self, lots: Sequence[Lot], exits: int) -> None:
        """Write these market orders now, in order; the first ``exits`` of them may use the exit reserve."""
        ...

    def send_bracketed(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write one market entry with its children as one server-side order."""
        ...

    def place_oco(self, lot: Lot, legs: Sequence[Leg]) -> None:
        """Write a pair of resting orders of which the first to fill ends the other, or a single one; ``lot`` names account and
        size."""
        ...

    def modify(self, order: BrokerOrderId, quantity: int, leg: Leg) -> None:
        """Let a resting child close ``quantity`` contracts (unsigned); its prices stay."""
        ...

    def cancel(self, account: AccountId, order: BrokerOrderId) -> None:
        """Cancel a working order; its end arrives as ``OrderChanged``."""
        ...

    def liquidate(self, account: AccountId, symbol: Symbol) -> None:
        """Ask the broker to close one contract itself."""
        ...

    def ask_order(self, account: AccountId, client: OrderId) -> None:
        """Find an order by our id: its true answer arrives, or ``Absent``; on doubt nothing arrives."""
        ...

    def ask_snapshot(self, accounts: Sequence[AccountId]) -> None:
        """Fetch accounts as the broker sees them: ``SnapshotTaken`` each; on doubt nothing arrives."""
        ...

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Subscribe to quotes of these contracts; they arrive as ``QuoteMarked``. Adds to what is watched already."""
        ...

    def health(self) -> LineHealth:
        """Say how the line is doing."""
        ...


class Rules(Protocol):
    """Would this broker take it? Answered without asking."""

    def known_symbol(self, symbol: Symbol) -> bool:
        """Say whether ``symbol`` has the broker's form of a full contract name."""
        ...


class ConnectContext(Value, frozen=True):
    """What a broker is given to open one login."""

    connection: ConnectionId
    accounts: tuple[AccountPlan, ...]
    options: Value  # the broker's own ``options`` type
    secrets: Mapping[str, str]  # resolved secrets by option name; never logged
    device: str  # a stable id of this machine

    def __repr__(self) -> str:
        """Name the login, and none of its secrets."""
        return f"ConnectContext({self.connection!r})"


class Connect(Protocol):
    """Open a session: no traffic before ``run``."""

    def __call__(self, context: ConnectContext, sink: Sink, clock: Clock) -> Session:
        """Build the session of one login."""
        ...


class BrokerSpec(Value, frozen=True):
    """A plug-in: ``engine.brokers.<name>.BROKER``."""

    name: str
    options: type[Value]  # the connection's table in desk.toml
    secrets: tuple[str, ...]  # names of the options whose values are references to secrets
    rules: Rules
    connect: Connect
    proven: str  # paper, sim, demo or live: below live the engine refuses real money
