"""What a leader's trade would do to each follower, as it is asked and as it is shown. Nothing of it happens."""

from datetime import datetime
from decimal import Decimal

from engine.api.views import LimitView
from engine.domain.value import Value


class BlockView(Value, frozen=True):
    """An entry, or part of one, that would not be sent: the check that says so, and its figures."""

    check: str
    figures: str
    contracts: int  # signed


class WhatIfLine(Value, frozen=True):
    """One follower. Money as at the price of the trade; ``None`` is not known, or there is no such limit."""

    account: str
    leader: str
    symbol: str  # what it would trade; empty where its plan leaves the product out
    has: int  # holds now …
    in_flight: int  # … and has under way
    exact: Decimal  # the position that its size asks for, before rounding
    target: int  # … in whole contracts, inside the symbol cap
    send: int  # leaves at once
    later: int  # leaves once that has filled
    after: int  # held when all of it has filled
    words: str = ""  # the arithmetic of its size
    blocks: tuple[BlockView, ...] = ()
    at_risk: Decimal | None = None  # lost by all that it then holds of this, from the price of the trade to the stop
    room: Decimal | None = None  # money to the nearest line now …
    room_after: Decimal | None = None  # … when all has filled …
    room_at_stop: Decimal | None = None  # … and at the stop
    is_stopped: bool = False  # a limit of its own would act at the stop, or before it
    own_stop: Decimal | None = None  # price of the protective stop that leaves with its own entry
    limits: tuple[LimitView, ...] = ()  # when all has filled

    @property
    def rounding(self) -> Decimal:
        """Contracts that rounding and the symbol cap take off; below zero where they add."""
        return abs(self.exact) - abs(self.target)


class WhatIfLeader(Value, frozen=True):
    """One leader to whom the trade is ascribed; each stands for himself."""

    account: str
    has: int
    after: int
    stop: Decimal | None = None  # price; None without a stop, with no known price, or when he is flat afterwards


class WhatIfView(Value, frozen=True):
    """A trade that nobody made, on the state after entry ``seq``."""

    seq: int
    at: datetime
    symbol: str
    quantity: int
    price: Decimal | None  # at which it is thought to trade; None where no price is known
    distance: Decimal | None  # of the stop, in price …
    ticks: Decimal | None  # … and in ticks of the leader's contract
    leaders: tuple[WhatIfLeader, ...]
    lines: tuple[WhatIfLine, ...]
    at_risk: Decimal | None = None  # of all lines where it is known
    remarks: tuple[str, ...] = ()
