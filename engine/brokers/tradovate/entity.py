"""Tradovate's entities as they are on the wire: unknown fields are ignored, words stay text until they are mapped."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

import msgspec

from engine.domain.event import OrderStatus, Restriction


class Entity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Anything with a numeric id."""

    id: int


class TradeDate(msgspec.Struct, frozen=True):
    """A trading day in the vendor's spelling."""

    year: int
    month: int
    day: int

    def as_date(self) -> date:
        """Return the calendar day."""
        return date(self.year, self.month, self.day)


class Account(Entity, frozen=True):
    """An account; older deployments tell ``active``, newer ones ``closed`` and ``restricted``."""

    name: str
    active: bool = True
    closed: bool = False
    restricted: bool = False
    readonly: bool = False


class Contract(Entity, frozen=True):
    """A contract and its full name."""

    name: str


class Position(Entity, frozen=True):
    """A net position; a flat one stays listed with 0 and no price."""

    account_id: int
    contract_id: int
    net_pos: int
    timestamp: datetime | None = None
    trade_date: TradeDate | None = None
    net_price: Decimal | None = None
    prev_price: Decimal | None = None


class Order(Entity, frozen=True):
    """An order without terms: those are on its versions, commands and reports."""

    account_id: int
    action: str
    ord_status: str
    contract_id: int | None = None
    parent_id: int | None = None
    oco_id: int | None = None
    timestamp: datetime | None = None
    admin: bool = False


class OrderVersion(Entity, frozen=True):
    """The terms of an order; its id is that of the command which set them."""

    order_id: int
    order_qty: int
    order_type: str
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: str = ""
    text: str | None = None


class OrderCommand(Entity, frozen=True):
    """New, Modify or Cancel."""

    order_id: int
    command_type: str
    command_status: str
    cl_ord_id: str | None = None
    is_automated: bool | None = None
    custom_tag50: str | None = msgspec.field(name="customTag50", default=None)


class CommandReport(Entity, frozen=True):
    """What became of a command."""

    command_id: int
    command_status: str
    reject_reason: str | None = None
    text: str | None = None


class ExecutionReport(Entity, frozen=True):
    """An order's life at the exchange; unlike a fill it names the account."""

    order_id: int
    command_id: int
    account_id: int
    exec_type: str
    action: str
    contract_id: int | None = None
    cum_qty: int | None = None
    reject_reason: str | None = None
    text: str | None = None


class Fill(Entity, frozen=True):
    """A trade; it names its order and nothing else that says whose it is."""

    order_id: int
    contract_id: int
    timestamp: datetime
    action: str
    qty: int
    price: Decimal
    trade_date: TradeDate | None = None
    active: bool = True


class CashBalance(Entity, frozen=True):
    """Money of one account in one currency."""

    account_id: int
    amount: Decimal
    currency_id: int = 1
    trade_date: TradeDate | None = None
    realized_pnl: Decimal | None = msgspec.field(name="realizedPnL", default=None)


class MarginSnapshot(Entity, frozen=True):
    """Margin in use; its id is the account's."""

    total_used_margin: Decimal | None = None
    initial_margin: Decimal | None = None


class AccountRiskStatus(Entity, frozen=True):
    """What the broker or the firm has done to an account; its id is the account's."""

    admin_action: str | None = None
    liquidate_only: str | None = None
    user_triggered_liq_only: bool | None = None


KINDS: Final[dict[str, type[Entity]]] = {
    "account": Account,
    "accountRiskStatus": AccountRiskStatus,
    "cashBalance": CashBalance,
    "command": OrderCommand,
    "commandReport": CommandReport,
    "contract": Contract,
    "executionReport": ExecutionReport,
    "fill": Fill,
    "marginSnapshot": MarginSnapshot,
    "order": Order,
    "orderVersion": OrderVersion,
    "position": Position,
}
"""Entity types that we ask for; every other type is passed over."""

COLLECTIONS: Final[dict[str, str]] = {kind + ("es" if kind.endswith("s") else "s"): kind for kind in KINDS}
"""Names of the snapshot's collections: {orders: order, accountRiskStatuses: accountRiskStatus}."""

STATUSES: Final[dict[str, OrderStatus]] = {
    "PendingNew": OrderStatus.PENDING,
    "Suspended": OrderStatus.SUSPENDED,
    "Working": OrderStatus.WORKING,
    "PendingCancel": OrderStatus.WORKING,
    "PendingReplace": OrderStatus.WORKING,
    "Canceled": OrderStatus.CANCELED,
    "Expired": OrderStatus.EXPIRED,
    "Rejected": OrderStatus.REJECTED,
    "Completed": OrderStatus.EXPIRED,  # ended, and not as filled; its fills count as they are
    "Filled": OrderStatus.FILLED,
}

RANKS: Final[dict[OrderStatus, int]] = {
    OrderStatus.UNKNOWN: 0,
    OrderStatus.PENDING: 1,
    OrderStatus.SUSPENDED: 2,
    OrderStatus.WORKING: 3,
    OrderStatus.EXPIRED: 4,
    OrderStatus.CANCELED: 5,
    OrderStatus.REJECTED: 6,
    OrderStatus.FILLED: 7,
}
"""An order only climbs, so that a late or repeated event cannot bring an ended one back to life."""

TYPES: Final[dict[str, str]] = {"Market": "market", "Limit": "limit", "Stop": "stop", "StopLimit": "stop_limit"}

ADMIN_ACTIONS: Final[dict[str, Restriction]] = {
    "LockTradingImmediately": Restriction.LOCKED,
    "LiquidateImmediately": Restriction.LOCKED,
    "LiquidateOnlyModeImmediately": Restriction.CLOSE_ONLY,
    "AgreedOnLiqOnlyModeByAutoLiq": Restriction.CLOSE_ONLY,
    "AgreedOnLiquidationByAutoLiq": Restriction.CLOSE_ONLY,
}


def side(action: str) -> int:
    """+1 for Buy, -1 for Sell, 0 for a word that we do not know."""
    return 1 if action == "Buy" else -1 if action == "Sell" else 0


def restriction(account: Account | None, risk: AccountRiskStatus | None) -> tuple[Restriction, str]:
    """What an account may still do, and the broker's word for why."""
    if account is not None:
        if account.closed or not account.active:
            return Restriction.LOCKED, "closed"
        if account.readonly:
            return Restriction.LOCKED, "readonly"
    if risk is not None and risk.admin_action is not None:
        found = ADMIN_ACTIONS.get(risk.admin_action, Restriction.NONE)
        if found is not Restriction.NONE:
            return found, risk.admin_action
    if account is not None and account.restricted:
        return Restriction.CLOSE_ONLY, "restricted"
    if risk is not None and risk.liquidate_only:
        return Restriction.CLOSE_ONLY, "liquidateOnly"
    if risk is not None and risk.user_triggered_liq_only:
        return Restriction.CLOSE_ONLY, "userTriggeredLiqOnly"
    return Restriction.NONE, ""
