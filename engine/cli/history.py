"""A leader's past, from the journal or from a file of fills, as the guard is told of it."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from engine.config import load
from engine.domain.desk import Desk
from engine.domain.entry import decode_entry
from engine.domain.event import (
    DeskConfigured,
    EngineStarted,
    Event,
    LineLost,
    LineRestored,
    OrderFilled,
    QuoteMarked,
    SnapshotTaken,
)
from engine.domain.guard import Move
from engine.domain.ids import AccountId, BrokerOrderId, ConnectionId, Symbol
from engine.domain.leader import LeaderBook
from engine.domain.sizing import mark_of
from engine.domain.state import DeskState, leader_groups
from engine.domain.value import Value
from engine.errors import ConfigError, JournalError
from engine.storage.store import Store
from engine.storage.tail import Record, newest_checkpoint, read, segments

_NEEDED = ("time", "symbol", "quantity", "price")
_SIDES = {"": 1, "b": 1, "buy": 1, "bought": 1, "s": -1, "sell": -1, "sold": -1}


class Restated(Value, frozen=True):
    """The leader's position was found to be ``net``, not by a fill."""

    at: datetime
    symbol: Symbol
    net: int


Step = Move | Restated
History = list[Step]


# ---- a file --------------------------------------------------------------------------------------------------------


def from_csv(path: Path) -> History:
    """Fills of one leader, who begins flat; docs/guard.md has the columns.

    Raises: ConfigError, with the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = [name.strip().lower() for name in rows.fieldnames or ()]
            missing = [name for name in _NEEDED if name not in names]
            if missing:
                raise ConfigError(f"{path.name}: no column {', '.join(missing)}; the first line names the columns")
            rows.fieldnames = names
            moves = [_move(path.name, rows.line_num, row) for row in rows]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    nets: defaultdict[Symbol, int] = defaultdict(int)
    history: History = []
    for move in sorted(moves, key=lambda move: move.at):
        nets[move.symbol] += move.quantity
        history.append(msgspec.structs.replace(move, net=nets[move.symbol]))
    return history


def _move(name: str, line: int, row: Mapping[str, str | None]) -> Move:
    cells = {key: (row.get(key) or "").strip() for key in (*_NEEDED, "side", "order", "mark")}
    try:
        at = datetime.fromisoformat(cells["time"])
        side = _SIDES[cells["side"].lower()]
        quantity = int(cells["quantity"]) * side
        price = _price(cells["price"])
        mark = _price(cells["mark"]) if cells["mark"] else None
    except (ValueError, KeyError, InvalidOperation) as error:
        raise ConfigError(f"{name}, line {line}: {_complaint(cells)} ({error})") from error
    if not quantity or not cells["symbol"]:
        raise ConfigError(f"{name}, line {line}: a fill needs a symbol and contracts other than 0")
    return Move(
        at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        cause=f"line {line}",
        order=BrokerOrderId(cells["order"] or f"line {line}"),
        symbol=Symbol(cells["symbol"].upper()),
        quantity=quantity,
        net=0,
        price=price,
        mark=mark,
    )


def _price(text: str) -> Decimal:
    price = Decimal(text)
    if not price.is_finite():
        raise ValueError(f"not a price: {text}")
    return price


def _complaint(cells: Mapping[str, str]) -> str:
    if cells["side"].lower() not in _SIDES:
        return "side is buy or sell, or left out with signed quantities"
    return "a time is 2026-11-23T14:30:05Z, a quantity 2 or -2, a price 20000.25"


# ---- the journal ---------------------------------------------------------------------------------------------------


def from_journal(home: Path, desk: Path | None) -> dict[AccountId, History]:
    """Every leader's fills, oldest first: from the database where the log no longer has them.

    Raises: JournalError where there is none, or it is damaged.
    """
    directory = home / "journal"
    found = segments(directory)
    if not found:
        raise JournalError(f"{directory} holds no journal; run `lockstep up` first, or give a file with --csv")
    first = found[0][0]
    teller = _Teller()
    if first > 1 and not teller.tell(_stored(home, desk, first)):
        checkpoint = newest_checkpoint(directory, first - 1)
        if checkpoint is not None:
            teller.begin(Desk.restore(checkpoint.state).state)
    teller.tell(read(directory, first))
    return {name: steps for name, steps in teller.told.items() if steps}


def _stored(home: Path, desk: Path | None, before: int) -> Iterator[Record]:
    """Older entries from the database, if there is one."""
    file = home / "journal.db"
    url = load(desk, home=home).database_url if desk else f"sqlite:///{file.as_posix()}" if file.is_file() else ""
    if not url:
        return
    store = Store(url)
    try:
        yield from store.read(1, before - 1)
    finally:
        store.close()


class _Teller:
    """Folds journal entries into what each leader did, as his book in the engine does."""

    def __init__(self) -> None:
        self.told: dict[AccountId, History] = {}
        self._books: dict[AccountId, LeaderBook] = {}
        self._lines: dict[AccountId, ConnectionId] = {}
        self._quotes: dict[Symbol, QuoteMarked] = {}

    def begin(self, state: DeskState) -> None:
        """Go on from a checkpoint, whose leaders hold what they hold."""
        self._configure(DeskConfigured(at=datetime.min.replace(tzinfo=UTC), plan=state.plan))
        self._books = dict(state.leaders)
        self._quotes = dict(state.quotes)

    def tell(self, records: Iterator[Record]) -> bool:
        """Fold entries in; False where there were none."""
        any_told = False
        for record in records:
            any_told = True
            self._fold(decode_entry(record.payload).event)
        return any_told

    def _fold(self, event: Event) -> None:
        match event:
            case OrderFilled() if event.account in self._books:
                self._filled(self._books[event.account], event)
            case SnapshotTaken() if event.account in self._books:
                self._snapped(self._books[event.account], event)
            case QuoteMarked(symbol=symbol):
                known = self._quotes.get(symbol)
                self._quotes[symbol] = event if known is None else event.over(known)
            case DeskConfigured():
                self._configure(event)
            case EngineStarted():
                self._stand_still(None, line_up=False)
            case LineLost(connection=connection):
                self._stand_still(connection, line_up=False)
            case LineRestored(connection=connection):
                self._stand_still(connection, line_up=True)
            case _:
                pass

    def _configure(self, event: DeskConfigured) -> None:
        self._lines = {account.id: account.connection for account in event.plan.accounts}
        for name, groups in leader_groups(event.plan).items():
            self._books.setdefault(name, LeaderBook(name, groups))
            self.told.setdefault(name, [])

    def _stand_still(self, connection: ConnectionId | None, *, line_up: bool) -> None:
        for name, book in self._books.items():
            if connection in (None, self._lines.get(name)):
                book.stand_still(line_up=line_up)

    def _filled(self, book: LeaderBook, event: OrderFilled) -> None:
        if not book.is_synced:  # nobody knows what it came on top of: the snapshot says
            book.parked.append(event)
            return
        stand = book.fold(event)
        if stand is None:
            return
        self.told[event.account].append(
            Move(
                at=event.at,
                cause=f"{event.account}:{event.fill}",
                order=event.order,
                symbol=event.symbol,
                quantity=event.quantity,
                net=stand.net,
                price=event.price,
                mark=mark_of(self._quotes, event.symbol),
            )
        )

    def _snapped(self, book: LeaderBook, event: SnapshotTaken) -> None:
        for symbol in book.restate(event):
            self.told[book.account].append(Restated(at=event.at, symbol=symbol, net=book.stands[symbol].net))
        parked, book.parked = book.parked, []
        for fill in parked if book.is_synced else ():
            self._filled(book, fill)
