"""Positions, money and restrictions of the accounts of one login, each change told once."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from engine.brokers.tradovate.entity import (
    Account,
    AccountRiskStatus,
    CashBalance,
    Entity,
    MarginSnapshot,
    Position,
    restriction,
)
from engine.domain.event import AccountRestricted, BalanceReported, Event, Holding, PositionReported, Restriction
from engine.domain.ids import AccountId, Symbol

Money = tuple[Decimal, Decimal | None, Decimal | None]
"""(balance, margin in use, realised profit of the day)"""


def aware(time: datetime) -> datetime:
    """UTC where the wire forgot to say so."""
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


class Book:
    """What the broker says of accounts, as opposed to orders."""

    def __init__(self, names: Mapping[str, AccountId]) -> None:
        self._names = names
        self.ids: dict[AccountId, int] = {}
        self.aliases: dict[int, AccountId] = {}
        self.symbols: dict[int, Symbol] = {}
        self._positions: dict[int, dict[int, Position]] = {}
        self._cash: dict[int, CashBalance] = {}
        self._margins: dict[int, MarginSnapshot] = {}
        self._accounts: dict[int, Account] = {}
        self._risks: dict[int, AccountRiskStatus] = {}
        self._told_positions: dict[tuple[int, int], tuple[int, Decimal | None]] = {}
        self._told_money: dict[int, Money] = {}
        self._told_limits: dict[int, Restriction] = {}
        self._changed: dict[tuple[int, int], Callable[[int, int, datetime], Event | None]] = {}

    def take(self, entity: Entity) -> None:
        """Take in one entity; those that say nothing of accounts are passed over."""
        match entity:
            case Position():
                held_position = self._positions.get(entity.account_id, {}).get(entity.contract_id)
                if _is_older(entity, held_position):
                    return
                self._positions.setdefault(entity.account_id, {})[entity.contract_id] = entity
                self._changed[entity.account_id, entity.contract_id] = self._tell_position
            case CashBalance():
                held = self._cash.get(entity.account_id)
                if held is None or entity.currency_id in (held.currency_id, 1):
                    self._cash[entity.account_id] = entity
                    self._changed[entity.account_id, -1] = self._tell_money
            case MarginSnapshot():
                self._margins[entity.id] = entity
                self._changed[entity.id, -1] = self._tell_money
            case AccountRiskStatus():
                self._risks[entity.id] = entity
                self._changed[entity.id, -2] = self._tell_limit
            case Account() if entity.name in self._names:
                alias = self._names[entity.name]
                self.aliases[entity.id] = alias
                self.ids[alias] = entity.id
                self._accounts[entity.id] = entity
                self._changed[entity.id, -2] = self._tell_limit
            case _:
                pass

    def rename(self, contract: int) -> None:
        """A contract's name is known now: tell the positions that waited for it."""
        for account, positions in self._positions.items():
            if contract in positions:
                self._changed[account, contract] = self._tell_position

    def changes(self, now: datetime) -> list[Event]:
        """Everything that changed since it was told last."""
        if not self._changed:
            return []
        facts: list[Event] = []
        kept: dict[tuple[int, int], Callable[[int, int, datetime], Event | None]] = {}
        for (account, contract), tell in self._changed.items():
            if account not in self.aliases:
                continue
            if contract >= 0 and contract not in self.symbols:
                kept[account, contract] = tell
                continue
            fact = tell(account, contract, now)
            if fact is not None:
                facts.append(fact)
        self._changed = kept
        return facts

    def _tell_position(self, account: int, contract: int, now: datetime) -> Event | None:
        held = self._positions[account][contract]
        state = held.net_pos, _average(held)
        if self._told_positions.get((account, contract)) == state:
            return None
        self._told_positions[account, contract] = state
        symbol = self.symbols[contract]
        return PositionReported(at=now, account=self.aliases[account], symbol=symbol, net=state[0], price=state[1])

    def _tell_money(self, account: int, _: int, now: datetime) -> Event | None:
        money = self.money(account)
        if money is None or money == self._told_money.get(account):
            return None
        self._told_money[account] = money
        balance, margin, day = money
        return BalanceReported(at=now, account=self.aliases[account], balance=balance, margin=margin, day_profit=day)

    def _tell_limit(self, account: int, _: int, now: datetime) -> Event | None:
        limit, reason = restriction(self._accounts.get(account), self._risks.get(account))
        if limit is self._told_limits.get(account):
            return None
        self._told_limits[account] = limit
        return AccountRestricted(at=now, account=self.aliases[account], restriction=limit, reason=reason)

    def money(self, account: int) -> Money | None:
        """What the account has, or None if the broker has not said."""
        cash = self._cash.get(account)
        if cash is None:
            return None
        margin = self._margins.get(account)
        used = None
        if margin is not None:
            used = margin.total_used_margin if margin.total_used_margin is not None else margin.initial_margin
        return cash.amount, used, cash.realized_pnl

    def nets(self, account: int) -> dict[int, int]:
        """Open positions: {contract: net}."""
        return {number: held.net_pos for number, held in self._positions.get(account, {}).items() if held.net_pos}

    def holdings(self, account: int) -> tuple[Holding, ...]:
        """Open positions by name; every contract must be known."""
        return tuple(
            Holding(symbol=self.symbols[number], net=held.net_pos, price=_average(held))
            for number, held in sorted(self._positions.get(account, {}).items())
            if held.net_pos
        )

    def wanted(self) -> set[int]:
        """Contracts of positions that wait for their name."""
        return {contract for account, contract in self._changed if contract >= 0 and account in self.aliases}

    def day(self, account: int) -> date | None:
        """The newest trade date that the account's own records carry."""
        dates = [held.trade_date.as_date() for held in self._positions.get(account, {}).values() if held.trade_date]
        cash = self._cash.get(account)
        if cash is not None and cash.trade_date is not None:
            dates.append(cash.trade_date.as_date())
        return max(dates, default=None)

    def latest(self, account: int) -> datetime | None:
        """When a position of the account changed last, by the broker's clock."""
        times = [aware(held.timestamp) for held in self._positions.get(account, {}).values() if held.timestamp]
        return max(times, default=None)

    def forget(self) -> None:
        """Drop positions: a new snapshot is about to tell them."""
        self._positions.clear()
        self._changed = {key: tell for key, tell in self._changed.items() if key[1] < 0}


def _average(position: Position) -> Decimal | None:
    if position.net_pos == 0:
        return None
    return position.net_price if position.net_price is not None else position.prev_price


def _is_older(position: Position, held: Position | None) -> bool:
    if held is None or held.timestamp is None or position.timestamp is None:
        return False
    return aware(position.timestamp) < aware(held.timestamp)
