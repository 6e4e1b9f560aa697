"""Whole answers: the first snapshot of a socket, snapshots on demand, and what became of one order.

Silence is not flat. A snapshot is told only if the answer was complete, a second channel agrees with it, every contract
in it has a name, and no fill passed while it was taken. Otherwise nothing is told.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from engine.brokers.tradovate.auth import Access, Rest
from engine.brokers.tradovate.body import json_text
from engine.brokers.tradovate.entity import (
    COLLECTIONS,
    KINDS,
    STATUSES,
    Account,
    Contract,
    Entity,
    Fill,
    Order,
    OrderCommand,
    OrderVersion,
    Position,
    restriction,
)
from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.question import Questions, fail
from engine.brokers.tradovate.wire import NEEDED, entities, is_array
from engine.domain.event import CLOSED, OrderStatus
from engine.domain.group import AccountPlan
from engine.domain.ids import AccountId, OrderId, Symbol
from engine.errors import AccessError, TransientError
from engine.ports import Clock

E = TypeVar("E", bound=Entity)

_CHUNK: Final = 80  # ids in one query
_TRIES: Final = 5
_ESSENTIAL: Final = frozenset({"positions", "orders"})


class Sync:
    """The parts of one syncrequest's answer, until they are whole."""

    def __init__(self, clock: Clock, wanted: frozenset[str]) -> None:
        self.found: list[Entity] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._wanted = wanted
        self._collections: set[str] = set()
        self._heard: float | None = None

    def part(self, raw: msgspec.Raw) -> None:
        """Take in one message."""
        if self.done.done():
            return
        try:
            collections = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            for name, items in collections.items():
                kind = COLLECTIONS.get(name)
                if kind is not None and is_array(items):
                    self.found += self._some(kind, items)
                    self._collections.add(name)
        except msgspec.DecodeError:
            fail(self.done, "snapshot not understood")
            return
        self._heard = self._clock.monotonic()
        if self._collections >= self._wanted:
            self.done.set_result(None)

    def _some(self, kind: str, items: msgspec.Raw) -> list[Entity]:
        """Decode a collection; one that we can do without may be in a shape that we do not know."""
        try:
            return entities(kind, items)
        except msgspec.DecodeError:
            if kind in NEEDED:
                raise
            return []

    def tick(self, quiet_s: float) -> None:
        """No completion mark is published: a pause after the essential parts counts as the end."""
        if self._heard is None or self.done.done() or self._clock.monotonic() - self._heard < quiet_s:
            return
        if self._collections >= _ESSENTIAL:
            self.done.set_result(None)
        else:
            missing = ", ".join(sorted(_ESSENTIAL - self._collections))
            fail(self.done, f"partial snapshot: no {missing}")


class Survey:
    """Reads accounts of one login over its socket, and over REST as the second channel."""

    def __init__(
        self, options: Options, ledger: Ledger, questions: Questions, rest: Rest, access: Access, clock: Clock
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._ask = questions.ask
        self._rest = rest
        self._access = access
        self._clock = clock
        self._sync: Sync | None = None

    def tick(self) -> None:
        """Let a quiet snapshot end."""
        if self._sync is not None:
            self._sync.tick(self._options.split_quiet_s)

    def drop(self, reason: str) -> None:
        """The line is gone: whatever was being collected will never be whole."""
        if self._sync is not None:
            fail(self._sync.done, f"line lost: {reason}")

    # ---------------------------------------------------------------- the first snapshot of a socket

    async def accounts(self) -> list[Account]:
        """Ask which accounts this login sees."""
        return _read(Account, "account", await self._ask("account/list", must=True))

    async def first(self, accounts: Sequence[AccountId], held: Callable[[], Iterable[Entity]]) -> list[Entity]:
        """Ask for the socket's one syncrequest and check it against REST.

        ``held`` gives the entities of events that have come since.

        Raises: TransientError or AccessError when the answer is not whole or stays contradicted.
        """
        ids = [self._ledger.book.ids[account] for account in accounts]
        body = {"accounts": ids, "splitResponses": self._options.split_responses, "entityTypes": sorted(KINDS)}
        sync = self._sync = Sync(self._clock, frozenset(COLLECTIONS) if self._options.split_responses else _ESSENTIAL)
        try:
            await self._ask("user/syncrequest", body=json_text(body), must=True, parts=sync.part)
            await sync.done
        finally:
            self._sync = None
        listed = {entity.id for entity in sync.found if isinstance(entity, Account)}
        if listed and not listed >= set(ids):
            raise TransientError("partial snapshot: an account is missing from it")
        await self._name(sync.found)
        for _ in range(_TRIES):
            if await self._agrees(ids, [*sync.found, *held()]):
                return sync.found
            await self._clock.sleep(self._options.settle_s)
        raise TransientError("the snapshot and the REST lists contradict each other", 5.0)

    async def _agrees(self, ids: list[int], found: list[Entity]) -> bool:
        """Compare with what REST says now: open positions exactly, open orders as far as REST lists them.

        Lists are cut at a length that is not published, so an old resting order may be missing from one.
        """
        positions = await self._listed("position", Position, ids)
        listed = {each.id: _is_open(each) for each in await self._listed("order", Order, ids)}
        opened = {each.id: _is_open(each) for each in _only(Order, found) if each.account_id in ids}
        ours = {number for number, is_open in opened.items() if is_open}
        if any(is_open != (number in ours) for number, is_open in listed.items()) or (ours and not listed):
            return False
        return _nets(ids, positions) == _nets(ids, _only(Position, found))

    async def _listed(self, kind: str, wanted: type[E], accounts: Sequence[int] = ()) -> list[E]:
        """Ask REST for a list, of these accounts or of all."""
        path = f"{kind}/ldeps?masterids={_joined(accounts)}" if accounts else f"{kind}/list"
        answer = await self._rest.call(f"{self._options.rest}/{path}", token=self._access.token)
        if answer.status_code in (401, 403):
            raise AccessError(f"{kind} list: {answer.status_code}")
        if answer.status_code != 200:
            raise TransientError(f"{kind} list: {answer.status_code}")
        return _read(wanted, kind, answer.content)

    async def _name(self, found: Iterable[Entity]) -> None:
        """Learn the names of contracts that ``found`` speaks of."""
        unknown = sorted(self._ledger.contracts_in(found))
        for contract in await self._many("contract/items", "ids", unknown, Contract):
            self._ledger.take(contract)
        named = [entity for entity in found if isinstance(entity, Contract)]
        for contract in named:
            self._ledger.take(contract)
        if self._ledger.contracts_in(found):
            raise TransientError("a contract's name is unknown")

    async def _many(self, endpoint: str, key: str, ids: Sequence[int], wanted: type[E]) -> list[E]:
        kind = endpoint.split("/", 1)[0]
        found: list[E] = []
        for start in range(0, len(ids), _CHUNK):
            query = f"{key}={_joined(ids[start : start + _CHUNK])}"
            found += _read(wanted, kind, await self._ask(endpoint, query))
        return found

    # ---------------------------------------------------------------- snapshots on demand

    async def again(
        self,
        accounts: Sequence[AccountId],
        fills_heard: Callable[[], int],
        tell: Callable[[list[Entity], list[AccountId]], None],
    ) -> None:
        """Take a snapshot of ``accounts``; ``tell`` is called for those that are beyond doubt.

        It is taken anew when a fill came meanwhile, as ``fills_heard`` counts them.
        """
        ids = {self._ledger.book.ids[account]: account for account in accounts if account in self._ledger.book.ids}
        for _ in range(_TRIES):
            mark = fills_heard()
            masters = f"masterids={_joined(sorted(ids))}"
            fills = _read(Fill, "fill", await self._ask("fill/list"))
            positions = _read(Position, "position", await self._ask("position/ldeps", masters))
            orders = _read(Order, "order", await self._ask("order/ldeps", masters))
            mine = [order for order in orders if order.account_id in ids]
            held = [position for position in positions if position.account_id in ids]
            known = set().union(*(self._ledger.orders_of(account) for account in ids.values()))
            wanted = known | {order.id for order in mine}
            found: list[Entity] = [*mine, *held, *(fill for fill in fills if fill.order_id in wanted)]
            found += await self._terms([order.id for order in mine])
            await self._name(found)
            sure = await self._beyond_doubt(ids, mine, held)
            await self._clock.sleep(self._options.settle_s)
            if mark == fills_heard() and not any(self._ledger.has_waiting(account) for account in sure):
                numbers = {self._ledger.book.ids[account] for account in sure}
                sure_orders = {order.id for order in mine if order.account_id in numbers}
                sure_orders |= set().union(*(self._ledger.orders_of(account) for account in sure))
                tell([entity for entity in found if _is_of(entity, numbers, sure_orders)], sure)
                if len(sure) < len(accounts):
                    raise TransientError("a snapshot left an account in doubt")
                return

    async def _terms(self, orders: Sequence[int]) -> list[Entity]:
        """Fetch commands and versions of orders that we have not met."""
        missing = self._ledger.unnamed_commands(orders)
        commands = await self._many("command/ldeps", "masterids", missing, OrderCommand)
        versions = await self._many("orderVersion/ldeps", "masterids", missing, OrderVersion)
        return [*commands, *versions]

    async def _beyond_doubt(
        self, ids: dict[int, AccountId], orders: list[Order], positions: list[Position]
    ) -> list[AccountId]:
        """Accounts that the answers surely cover: an open position that has vanished or an empty list is no proof."""
        covered = {order.account_id for order in orders} | {position.account_id for position in positions}
        listed = covered
        if not covered >= set(ids):
            listed = covered | {account.id for account in await self.accounts()}
        told = {(position.account_id, position.contract_id) for position in positions}
        return [
            alias
            for number, alias in ids.items()
            if number in listed and all((number, contract) in told for contract in self._ledger.book.nets(number))
        ]

    async def seen(self, accounts: Sequence[AccountPlan]) -> list[str]:
        """Say over REST alone what this login sees of ``accounts``: one line each."""
        listed = {account.name: account for account in await self._listed("account", Account)}
        positions = await self._listed("position", Position)
        lines: list[str] = []
        for plan in accounts:
            account = listed.get(plan.name)
            if account is None:
                lines.append(
                    f"{plan.id}: {plan.name} is not on this login; it lists {', '.join(sorted(listed)) or 'none'}"
                )
                continue
            _, reason = restriction(account, None)
            held = sum(1 for each in positions if each.account_id == account.id and each.net_pos)
            lines.append(f"{plan.id}: {plan.name} found, {held} open positions, {reason or 'may trade'}")
        return lines

    async def contract(self, symbol: Symbol, *, must: bool = False) -> int:
        """Number of a contract by its name. Raises: TransientError for one that the broker does not know."""
        for number, name in self._ledger.book.symbols.items():
            if name == symbol:
                return number
        raw = await self._ask("contract/find", f"name={symbol}", must=must)
        for contract in _read(Contract, "contract", raw, is_list=False):
            self._ledger.take(contract)
            return contract.id
        raise TransientError(f"contract {symbol} is unknown")

    # ---------------------------------------------------------------- one order

    async def absent(
        self, asked: Sequence[tuple[AccountId, OrderId]], take: Callable[[Iterable[Entity]], None]
    ) -> list[tuple[AccountId, OrderId]]:
        """Look for orders by our ids; what is found goes to ``take``. Returns those that surely never arrived."""
        ids = {account: self._ledger.book.ids[account] for account, _ in asked if account in self._ledger.book.ids}
        if not ids:
            return []
        known = {account: self._ledger.orders_of(account) for account in ids}
        answer = await self._ask("order/ldeps", f"masterids={_joined(sorted(ids.values()))}")
        orders = [order for order in _read(Order, "order", answer) if order.account_id in ids.values()]
        take([*orders, *await self._terms([order.id for order in orders])])
        sure: list[tuple[AccountId, OrderId]] = []
        for account, client in asked:
            listed = {order.id for order in orders if order.account_id == ids.get(account)}
            if account not in ids or self._ledger.find(account, client) is not None:
                continue
            if not self._ledger.unnamed_commands(listed) and await self._covers(ids[account], listed, known[account]):
                sure.append((account, client))
        return sure

    async def _covers(self, account: int, listed: set[int], known: set[int]) -> bool:
        """Say whether a list of an account's orders surely looked at it, and to its end."""
        if known:
            return max(known) in listed
        again = {order.id for order in await self._listed("order", Order, [account])}
        return again == listed and account in {each.id for each in await self.accounts()}

    async def about(
        self, orders: Sequence[int], contracts: Sequence[int], take: Callable[[Iterable[Entity]], None]
    ) -> None:
        """Ask about orders whose fills wait, and contracts without a name."""
        take(await self._many("contract/items", "ids", contracts, Contract))
        take(await self._many("order/items", "ids", orders, Order))
        take(await self._terms(orders))


def _read(wanted: type[E], kind: str, raw: msgspec.Raw | bytes, *, is_list: bool = True) -> list[E]:
    """Decode a whole answer. Raises: TransientError for anything else."""
    if is_list and not is_array(raw):
        raise TransientError(f"{kind}: not a list")
    try:
        return _only(wanted, entities(kind, raw))
    except msgspec.DecodeError:
        raise TransientError(f"{kind}: answer not understood") from None


def _joined(ids: Iterable[int]) -> str:
    return ",".join(str(number) for number in ids)


def _only(wanted: type[E], found: Iterable[Entity]) -> list[E]:
    return [entity for entity in found if isinstance(entity, wanted)]


def _nets(ids: list[int], positions: Iterable[Position]) -> dict[tuple[int, int], int]:
    """Open positions; a later one replaces an earlier one of the same contract."""
    nets = {(each.account_id, each.contract_id): each.net_pos for each in positions if each.account_id in ids}
    return {key: net for key, net in nets.items() if net}


def _is_open(order: Order) -> bool:
    return STATUSES.get(order.ord_status, OrderStatus.UNKNOWN) not in CLOSED


def _is_of(entity: Entity, accounts: set[int], orders: set[int]) -> bool:
    if isinstance(entity, Order | Position):
        return entity.account_id in accounts
    return isinstance(entity, Fill | OrderCommand | OrderVersion) and entity.order_id in orders
