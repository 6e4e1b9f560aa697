"""The venue's orders, fills and accounts as Tradovate writes them; fields with no value are left out."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine.sim.account import Account, Position
from engine.sim.calendar import trade_date
from engine.sim.contract import Contract
from engine.sim.desk import LoginPlan
from engine.sim.market import Quote
from engine.sim.order import Command, Fill, Order, Pair
from engine.sim.tradovate.ledger import Entity

CURRENCIES: list[Entity] = [{"id": 1, "name": "USD", "symbol": "$"}]
EXCHANGES: list[Entity] = [{"id": 1, "name": "CME", "micCode": "XCME"}]


@lru_cache(maxsize=1024)
def stamp(at: datetime) -> str:
    """ISO time in UTC with milliseconds and Z."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def day(of: date) -> dict[str, int]:
    """A trade date as an object."""
    return {"year": of.year, "month": of.month, "day": of.day}


def _full(**fields: Any) -> Entity:
    return {name: value for name, value in fields.items() if value is not None}


def action(side: int) -> str:
    """Buy or Sell."""
    return "Buy" if side > 0 else "Sell"


def user(login: LoginPlan, number: int, at: datetime) -> Entity:
    """A login."""
    return _full(
        id=number, name=login.user, timestamp=stamp(at), email=f"{login.user}@venue.invalid", status="Active",
        professional=False,
    )  # fmt: skip


def account(of: Account, user_id: int, at: datetime) -> Entity:
    """An account, with the members of both schema generations."""
    return _full(
        id=of.id, name=of.name, userId=user_id, accountType="Customer", active=True, restricted=False, closed=False,
        clearingHouseId=2, riskCategoryId=5, autoLiqProfileId=6, marginAccountType="Speculator",
        legalStatus="Individual", archived=False, timestamp=stamp(at), evaluationSize=of.start,
    )  # fmt: skip


def order(of: Order, account_id: int) -> Entity:
    """An order; its terms live on the orderVersion."""
    return _full(
        id=of.id, accountId=account_id, contractId=of.contract.id, timestamp=stamp(of.at), action=action(of.side),
        ordStatus=of.state, executionProviderId=1, ocoId=of.partner.id if of.partner else None,
        parentId=of.parent.id if of.parent else None, admin=of.admin,
    )  # fmt: skip


def version(of: Command) -> Entity:
    """The terms that a New or Modify asked for."""
    terms = of.terms
    assert terms is not None
    return _full(
        id=of.id, orderId=of.order.id, orderQty=terms.qty, orderType=terms.kind, price=terms.price,
        stopPrice=terms.stop, timeInForce=terms.tif, text=terms.text,
    )  # fmt: skip


def command(of: Command, user_id: int) -> Entity:
    """A command with the client's order id."""
    return _full(
        id=of.id, orderId=of.order.id, timestamp=stamp(of.at), clOrdId=of.client_id, commandType=of.kind,
        commandStatus=of.status, senderId=user_id, customTag50=of.tag50, isAutomated=of.is_automated,
    )  # fmt: skip


def command_report(number: int, of: Command, at: datetime, reason: str | None, text: str | None) -> Entity:
    """A step of a command."""
    return _full(
        id=number, commandId=of.id, timestamp=stamp(at), commandStatus=of.status, rejectReason=reason, text=text,
        ordStatus=of.order.state,
    )  # fmt: skip


def execution_report(
    number: int, of: Command, account_id: int, at: datetime, *, kind: str, qty: int = 0, price: Decimal | None = None,
    reason: str | None = None, text: str | None = None,
) -> Entity:  # fmt: skip
    """A report of the exchange."""
    asked = of.order
    return _full(
        id=number, commandId=of.id, name=f"{asked.contract.symbol}-{number}", accountId=account_id,
        contractId=asked.contract.id, timestamp=stamp(at), tradeDate=day(trade_date(at)), orderId=asked.id,
        execType=kind, execRefId=str(number), ordStatus=asked.state, action=action(asked.side),
        cumQty=asked.filled or None, avgPx=asked.average, lastQty=qty or None, lastPx=price, rejectReason=reason,
        text=text, exchangeOrderId=f"X{asked.id}",
    )  # fmt: skip


def fill(of: Fill) -> Entity:
    """A fill; its account is found through the order."""
    return _full(
        id=of.id, orderId=of.order.id, contractId=of.order.contract.id, timestamp=stamp(of.at), tradeDate=day(of.day),
        action=action(of.order.side), qty=of.qty, price=of.price, active=of.active, finallyPaired=of.paired,
    )  # fmt: skip


def fill_fee(of: Fill, fee: Decimal) -> Entity:
    """What a fill cost."""
    return _full(id=of.id, commission=fee, commissionCurrencyId=1)


def fill_pair(of: Pair, position_id: int) -> Entity:
    """An entry and an exit that belong together."""
    return _full(
        id=of.id, positionId=position_id, buyFillId=of.buy.id, sellFillId=of.sell.id, qty=of.qty,
        buyPrice=of.buy.price, sellPrice=of.sell.price, active=of.active,
    )  # fmt: skip


def position(of: Position, account_id: int, at: datetime, on: date) -> Entity:
    """A position; flat ones stay listed without a price."""
    return _full(
        id=of.id, accountId=account_id, contractId=of.contract.id, timestamp=stamp(at), tradeDate=day(on),
        netPos=of.net, netPrice=of.price, bought=of.bought, boughtValue=of.bought_value, sold=of.sold,
        soldValue=of.sold_value, prevPos=0,
    )  # fmt: skip


def cash_balance(of: Account, at: datetime, on: date) -> Entity:
    """Money of an account."""
    return _full(
        id=of.id + 600, accountId=of.id, timestamp=stamp(at), tradeDate=day(on), currencyId=1, amount=of.cash,
        realizedPnL=of.realized, weekRealizedPnL=of.realized, amountSOD=of.start,
    )  # fmt: skip


def margin_snapshot(of: Account, used: Decimal, at: datetime) -> Entity:
    """Margin in use."""
    return _full(
        id=of.id, timestamp=stamp(at), riskTimePeriodId=1, initialMargin=used, maintenanceMargin=used,
        totalUsedMargin=used, fullInitialMargin=used, positionMargin=used, totalUsedFullMargin=used,
    )  # fmt: skip


def risk_status(of: Account, at: datetime) -> Entity:
    """The broker's restriction of an account."""
    return _full(id=of.id, adminAction=of.admin_action, adminTimestamp=stamp(at), userTriggeredLiqOnly=False)


def auto_liq(of: Account) -> Entity:
    """The broker's own loss rules for an account."""
    plan = of.plan
    return _full(
        id=of.id, changesLocked=False, dailyLossAutoLiq=plan.daily_loss_auto_liq,
        trailingMaxDrawdown=plan.trailing_max_drawdown, trailingMaxDrawdownLimit=plan.trailing_max_drawdown_limit,
        trailingMaxDrawdownMode="RealTime" if plan.trailing_max_drawdown is not None else None,
    )  # fmt: skip


def contract(of: Contract, at: datetime) -> Entity:
    """A contract."""
    return _full(
        id=of.id, name=of.symbol, contractMaturityId=of.maturity_id, timestamp=stamp(at), status="DefinitionChecked",
        providerTickSize=of.tick,
    )  # fmt: skip


def maturity(of: Contract) -> Entity:
    """A contract's month."""
    return _full(
        id=of.maturity_id, productId=of.product_id, expirationMonth=of.expires.year * 100 + of.expires.month,
        expirationDate=f"{of.expires.isoformat()}T21:00:00.000Z", isFront=True,
    )  # fmt: skip


def product(of: Contract) -> Entity:
    """A contract's product."""
    facts = of.product
    return _full(
        id=of.product_id, name=facts.root, currencyId=1, productType="Futures", description=facts.root, exchangeId=1,
        contractGroupId=1, status="Verified", valuePerPoint=facts.point, priceFormatType="Decimal", priceFormat=2,
        tickSize=facts.tick, isMicro=facts.mini is not None,
    )  # fmt: skip


def quote(of: Quote, contract_id: int) -> Entity:
    """A quote as the market-data socket sends it."""
    entries: Entity = {
        "Bid": {"price": of.bid, "size": of.bid_size},
        "Offer": {"price": of.ask, "size": of.ask_size},
        "Trade": {"price": of.last, "size": of.last_size},
        "TotalTradeVolume": {"size": of.volume},
    }
    for name, price in (("OpeningPrice", of.opening), ("HighPrice", of.high), ("LowPrice", of.low)):
        if price is not None:
            entries[name] = {"price": price}
    return {"timestamp": stamp(of.at), "contractId": contract_id, "entries": entries}
