"""Trading calls as they are sent: JSON as the vendor's schema has it, always marked as automated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from engine.brokers.tradovate.options import Options
from engine.brokers.tradovate.wire import Verdict
from engine.domain.decision import Leg, Lot
from engine.domain.ids import AccountId, BrokerOrderId, OrderId

json_bytes: Final = msgspec.json.Encoder().encode

_MARK: Final = '"clOrdId":""'


def json_text(value: object) -> str:
    """Encode to JSON text."""
    return json_bytes(value).decode()


class Bodies:
    """Renders for the accounts of one login."""

    def __init__(self, options: Options, names: Mapping[AccountId, str]) -> None:
        self.ids: dict[AccountId, int] = {}
        self._options = options
        self._names = names

    def market(self, lot: Lot, client: str) -> str:
        """Body of a market order."""
        return json_text(self._market(lot, client))

    def halves(self, lot: Lot) -> tuple[str, str]:
        """A market order's body, split where the client id goes."""
        before, after = json_text(self._market(lot, "")).split(_MARK)
        return f'{before}"clOrdId":"', f'"{after}'

    def oso(self, lot: Lot, legs: Sequence[Leg]) -> str:
        """Body of an entry with one or two children that become active when it fills."""
        terms = self._market(lot, lot[0])
        for number, leg in enumerate(legs, 1):
            terms[f"bracket{number}"] = self._leg(leg, -lot[3])
        return json_text(terms)

    def oco(self, lot: Lot, legs: Sequence[Leg]) -> str:
        """Body of one resting order for ``lot``'s contracts, or of two of which the first to fill cancels the other."""
        first, *others = legs
        terms = self._market(lot, first.client) | self._leg(first, lot[3])
        if others:
            terms["other"] = self._leg(others[0], lot[3])
        return json_text(terms)

    def modify(self, order: BrokerOrderId, quantity: int, leg: Leg) -> str:
        """Body of the full new terms of a resting order. Units: contracts, unsigned."""
        terms: dict[str, object] = {"orderId": int(order), "orderQty": quantity, "isAutomated": True}
        return json_text(
            terms | {key: value for key, value in self._leg(leg, quantity).items() if key != "action" and value}
        )

    def cancel(self, order: BrokerOrderId) -> str:
        """Body of a cancel."""
        return json_text({"orderId": int(order), "isAutomated": True})

    def liquidate(self, account: AccountId, contract: int) -> str:
        """Body of the broker's own close of one contract."""
        return json_text({"accountId": self.ids[account], "contractId": contract, "admin": False, "isAutomated": True})

    def _market(self, lot: Lot, client: str) -> dict[str, object]:
        _, account, symbol, quantity = lot
        terms: dict[str, object] = {
            "accountSpec": self._names[account],
            "accountId": self.ids[account],
            "clOrdId": client,
            "action": "Buy" if quantity > 0 else "Sell",
            "symbol": symbol,
            "orderQty": abs(quantity),
            "orderType": "Market",
            "timeInForce": "Day",
            "isAutomated": True,
        }
        if self._options.custom_tag:
            terms["customTag50"] = self._options.custom_tag
        return terms

    def _leg(self, leg: Leg, quantity: int) -> dict[str, object]:
        """Terms of a resting order on ``quantity``'s side: a trigger goes into stopPrice, never into price."""
        terms: dict[str, object] = {
            "action": "Buy" if quantity > 0 else "Sell",
            "clOrdId": OrderId(leg.client),
            "orderType": "Limit" if leg.stop is None else "Stop" if leg.price is None else "StopLimit",
            "timeInForce": self._options.time_in_force,
        }
        if leg.price is not None:
            terms["price"] = float(leg.price)
        if leg.stop is not None:
            terms["stopPrice"] = float(leg.stop)
        return terms


def with_ticket(body: str, ticket: str) -> str:
    """Return the identical body with the penalty's ticket as one more member."""
    member = f'"p-ticket":{json_text(ticket)}}}'
    return f"{body[:-1]},{member}" if body else "{" + member


class Sent:
    """A request that is not a plain market order, or one that is sent for the second time."""

    __slots__ = ("body", "endpoint", "is_exit", "lots", "on_answer")

    def __init__(
        self,
        endpoint: str,
        body: str,
        lots: tuple[tuple[AccountId, OrderId], ...],
        *,
        is_exit: bool,
        on_answer: Callable[[Verdict], None] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.body = body
        self.lots = lots  # our ids in the order of the answer's: order, then oso1 or oco, oso2
        self.is_exit = is_exit
        self.on_answer = on_answer

    def with_ticket(self, ticket: str) -> "Sent":
        """Return the identical request with the penalty's ticket."""
        return Sent(
            self.endpoint, with_ticket(self.body, ticket), self.lots, is_exit=self.is_exit, on_answer=self.on_answer
        )
