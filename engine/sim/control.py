"""The control port: trade, move prices, make faults, look at everything; for tests, the demo and people."""

from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.value import Value
from engine.sim.account import Account
from engine.sim.fault import Armed, Fault, Happening
from engine.sim.http import HttpAnswer, HttpRequest
from engine.sim.order import Order, Refusal
from engine.sim.tradovate.face import Face
from engine.sim.tradovate.strike import strike
from engine.sim.tradovate.wire import encode


class Wish(Value, frozen=True, forbid_unknown_fields=True):
    """The body of a control request."""


class TradeWish(Wish, frozen=True):
    """A person's market order. Units: signed contracts."""

    account: str
    symbol: str
    quantity: int


class FlatWish(Wish, frozen=True):
    """Close everything on an account, as a person would."""

    account: str


class QuoteWish(Wish, frozen=True):
    """Trade a contract and its mini or micro at a price."""

    symbol: str
    price: Decimal


class LiquidityWish(Wish, frozen=True):
    """Contracts that each quote offers a side from now on; none is endless."""

    liquidity: int | None = None


class CodeWish(Wish, frozen=True):
    """A single-use OAuth code for a login, as the consent page would hand out."""

    login: str


class Control:
    """The control requests of one venue."""

    def __init__(self, face: Face, token: str | None = None) -> None:
        self._face = face
        self._venue = face.venue
        self._token = token

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer one control request."""
        if self._token is not None and request.token != self._token:
            return _reply(401, {"error": "the control port wants its bearer token"})
        try:
            return self._route(request)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return _reply(400, {"error": str(error)})
        except KeyError as error:
            return _reply(404, {"error": f"unknown: {error.args[0]}"})

    def _route(self, request: HttpRequest) -> HttpAnswer:
        match request.method, request.path.rstrip("/"):
            case "POST", "/sim/trade":
                wish = msgspec.json.decode(request.body, type=TradeWish)
                account = self._venue.accounts[wish.account]
                return _placed(self._venue.trade(account, wish.symbol, wish.quantity))
            case "POST", "/sim/flat":
                return self._flat(self._venue.accounts[msgspec.json.decode(request.body, type=FlatWish).account])
            case "POST", "/sim/quote":
                quote = msgspec.json.decode(request.body, type=QuoteWish)
                contract = self._venue.contract(quote.symbol)
                if contract is None or not contract.is_on_grid(quote.price):
                    return _reply(400, {"error": f"no such contract, or {quote.price} is not on its tick grid"})
                self._venue.set_price(quote.symbol, quote.price)
                return _reply(200, {"ok": True})
            case "POST", "/sim/liquidity":
                self._venue.set_liquidity(msgspec.json.decode(request.body, type=LiquidityWish).liquidity)
                return _reply(200, {"ok": True})
            case "POST", "/sim/code":
                user = msgspec.json.decode(request.body, type=CodeWish).login
                return _reply(200, {"code": self._face.issue_code(user)})
            case "POST", "/sim/fault":
                fault = msgspec.json.decode(request.body, type=Armed | Happening)
                if isinstance(fault, Fault):
                    self._venue.faults.arm(fault)
                    return _reply(200, {"armed": len(self._venue.faults.armed)})
                return _reply(200, strike(self._face, fault))
            case "DELETE", "/sim/fault":
                self._venue.faults.clear()
                return _reply(200, {"armed": 0})
            case "GET", "/sim/fault":
                return _reply(200, {"armed": self._venue.faults.armed})
            case "GET", "/sim/state":
                return _reply(200, self.state())
            case "GET", "/sim/orders":
                return _reply(200, {"orders": self._venue.received})
            case _:
                return _reply(404, {"error": f"no such request: {request.method} {request.path}"})

    def _flat(self, account: Account) -> HttpAnswer:
        for order in self._venue.working(account):
            self._venue.cancel(order.id)
        placed = [
            self._venue.trade(account, symbol, -position.net)
            for symbol, position in list(account.positions.items())
            if position.net
        ]
        return _reply(200, {"orderIds": [order.id for order in placed if isinstance(order, Order)]})

    def state(self) -> dict[str, Any]:
        """Everything a test or a person may want to know."""
        by_account: dict[str, list[Order]] = {name: [] for name in self._venue.accounts}
        for order in self._venue.exchange.orders.values():
            by_account[order.account].append(order)
        return {
            "now": self._venue.clock.now(),
            "accounts": [self._account(a, by_account[name]) for name, a in self._venue.accounts.items()],
            "quotes": self._venue.market.quotes,
            "lines": [
                {"login": line.user, "role": line.role, "synced": line.accounts is not None}
                for line in self._face.lines
            ],
            "counts": {
                "calls": self._face.calls,
                "received": len(self._venue.received),
                "orders": len(self._venue.exchange.orders),
                "fills": len(self._venue.exchange.fills),
                "armed": len(self._venue.faults.armed),
            },
        }

    def _account(self, account: Account, orders: list[Order]) -> dict[str, Any]:
        return {
            "name": account.name,
            "id": account.id,
            "login": account.login,
            "balance": account.cash,
            "equity": self._venue.equity(account),
            "realized": account.realized,
            "fees": account.fees,
            "adminAction": account.admin_action,
            "positions": {
                symbol: {"net": position.net, "price": position.price} for symbol, position in account.positions.items()
            },
            "working": [_order(order) for order in orders if not order.is_final],
            "orders": [_order(order) for order in orders],
        }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "symbol": order.contract.symbol,
        "side": "Buy" if order.side > 0 else "Sell",
        "qty": order.terms.qty,
        "kind": order.terms.kind,
        "price": order.terms.price,
        "stop": order.terms.stop,
        "filled": order.filled,
        "average": order.average,
        "state": order.state,
        "clOrdId": order.client_id,
        "text": order.terms.text,
        "isAutomated": order.is_automated,
        "parentId": order.parent.id if order.parent else None,
        "ocoId": order.partner.id if order.partner else None,
    }


def _placed(done: Order | Refusal) -> HttpAnswer:
    if isinstance(done, Refusal):
        return _reply(409, {"error": done.text, "reason": done.reason})
    return _reply(200, {"orderId": done.id, "state": done.state})


def _reply(status: int, body: Any) -> HttpAnswer:
    return HttpAnswer(status=status, body=encode(body))
