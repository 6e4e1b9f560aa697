"""Flight: an order of ours that may still fill; a working order that the broker lists; an orphan among those."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain.ids import BrokerOrderId, OrderId, Symbol


class Flight(msgspec.Struct):
    """One order of ours that may still fill."""

    symbol: Symbol
    quantity: int  # signed, as sent
    cause: str
    at: datetime
    is_exit: bool
    open: int = 0  # unsigned contracts that may still fill
    order: BrokerOrderId | None = None
    asked_at: datetime | None = None
    final: int | None = None  # unsigned contracts that fill in all: its end was told before its last fill


class Working(msgspec.Struct):
    """One open order that the broker lists and that is none of our flights: by hand, a bracket, another program."""

    symbol: Symbol
    quantity: int
    filled: int = 0
    kind: str = ""
    price: Decimal | None = None
    stop: Decimal | None = None
    client: OrderId | None = None
    cancelled_at: datetime | None = None  # when we asked for its end
    source: str = ""  # whose it is, where it is none of ours
    is_told: bool = False
    tries: int = 0  # how often the close policy has asked for its end

    def after(self, known: "Working | None") -> "Working":
        """This order with what was noted of it before."""
        if known is not None:
            self.cancelled_at, self.source = known.cancelled_at, known.source
            self.is_told, self.tries = known.is_told, known.tries
        return self


class Orphan(msgspec.Struct):
    """One working order of ours that no flight and no child explains: cancelled until the broker shows it gone."""

    text: str
    asked_at: datetime
    tries: int = 1


def moved(moment: datetime | None, by: timedelta) -> datetime | None:
    """A running wait after the computer's clock was set."""
    return None if moment is None else moment + by
