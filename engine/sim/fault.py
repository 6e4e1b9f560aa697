"""Fault switches: what can go wrong at the venue, armed at run time and addressed to a login or an account.

An armed fault waits for its moment, strikes ``count`` times (for ever with none) and is gone. An act happens at once.
"""

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Literal, TypeVar

import msgspec

from engine.domain.value import Value

ORDERS = "order/*"  # the default address of faults that would otherwise hit logins and lists too
Shutdown = Literal["Maintenance", "ConnectionQuotaReached", "IPQuotaReached"]


class Fault(Value, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Armed: strikes when its login, account and endpoint come by; an empty address fits all.

    ``endpoint`` may hold wildcards: ``order/*``, ``*/list``.
    """

    login: str | None = None
    account: str | None = None
    endpoint: str | None = None
    count: int | None = 1


class EventsFirst(Fault, frozen=True, tag="events_first"):
    """The events of a request leave before its response."""


class Duplicate(Fault, frozen=True, tag="duplicate"):
    """A frame of events is sent twice."""


class Reorder(Fault, frozen=True, tag="reorder"):
    """The events of one frame leave in reverse order."""


class LoseAnswer(Fault, frozen=True, tag="lose_answer"):
    """The answer never comes; the request was executed or not. ``cut`` drops the line as well."""

    endpoint: str | None = ORDERS
    executed: bool = True
    cut: bool = False


class SlowAnswer(Fault, frozen=True, tag="slow_answer"):
    """The answer comes so many seconds late; the request is executed at once."""

    endpoint: str | None = ORDERS
    wait_s: float = 1.0


class SlowExchange(Fault, frozen=True, tag="slow_exchange"):
    """An order, change or cancel reaches the exchange late, or a working order fills late."""

    endpoint: str | None = "order/placeorder"
    accept_s: float = 0.0
    fill_s: float = 0.0


class Refuse(Fault, frozen=True, tag="refuse"):
    """The request is refused at once, in one of the broker's shapes; it was not executed.

    ``failure``: failureReason and failureText. ``error_text``: errorText. ``violations``: a list of field violations.
    ``status``: the HTTP or socket status alone, with ``text`` as its body (429 and an empty text: the bare 429).
    """

    endpoint: str | None = ORDERS
    shape: Literal["failure", "error_text", "violations", "status"] = "failure"
    reason: str = "UnknownReason"
    text: str = "Access is denied"
    status: int = 429


class Penalty(Fault, frozen=True, tag="ticket"):
    """A penalty ticket; the same request with the ticket goes through after ``wait_s``. With captcha it never does."""

    endpoint: str | None = ORDERS
    wait_s: float = 5.0
    captcha: bool = False


class RejectLate(Fault, frozen=True, tag="reject_late"):
    """The order is accepted, then rejected by the risk check or by the exchange."""

    status: Literal["RiskRejected", "ExecutionRejected"] = "RiskRejected"
    reason: str = "OtherExecutionRelated"
    text: str = "Rejected by the exchange"


class SplitFills(Fault, frozen=True, tag="split_fills"):
    """The next fill comes in parts of these sizes; what they leave over is one more part."""

    sizes: tuple[int, ...] = (3, 4, 3)


class Oddities(Fault, frozen=True, tag="oddities"):
    """Entities with unknown fields, unknown enum values, and events of unknown types."""

    fields: bool = True
    types: bool = True
    values: bool = False


class EmptyLists(Fault, frozen=True, tag="empty_lists"):
    """List answers come back empty, as from the wrong host; so does a snapshot."""


class SplitSnapshot(Fault, frozen=True, tag="split_snapshot"):
    """A syncrequest is answered in several messages."""

    parts: int = 3


class RefuseUpgrade(Fault, frozen=True, tag="refuse_upgrade"):
    """A new socket is refused with an HTTP status."""

    status: int = 429


Armed = (
    EventsFirst
    | Duplicate
    | Reorder
    | LoseAnswer
    | SlowAnswer
    | SlowExchange
    | Refuse
    | Penalty
    | RejectLate
    | SplitFills
    | Oddities
    | EmptyLists
    | SplitSnapshot
    | RefuseUpgrade
)


class Act(Value, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Happens at once."""


class LineAct(Act, frozen=True):
    """Strikes sockets: of one login, or all; of one kind, or both."""

    login: str | None = None
    role: Literal["user", "market"] | None = None


class EndLine(LineAct, frozen=True, tag="shutdown"):
    """A ``shutdown`` event, then the close (unless ``close`` is false)."""

    reason: Shutdown = "Maintenance"
    text: str | None = None
    close: bool = True


class DropLine(LineAct, frozen=True, tag="drop"):
    """The connection is gone without a word."""


class StallLine(LineAct, frozen=True, tag="stall"):
    """The venue stops reading from a socket, or stops writing to it."""

    reading: bool = False
    writing: bool = True


class ResumeLine(LineAct, frozen=True, tag="resume"):
    """Stalled sockets go on, with what has queued up."""


class ExpireTokens(Act, frozen=True, tag="expire_tokens"):
    """Tokens of a login are expired now; its sockets are closed if asked."""

    login: str | None = None
    sockets: bool = False


class KickSession(Act, frozen=True, tag="kick_session"):
    """The login's own user signs in elsewhere so often that every session of ours is closed."""

    login: str
    sockets: bool = True


class ManualTrade(Act, frozen=True, tag="manual_trade"):
    """A person's market order on an account: not automated, without a tag. Units: signed contracts."""

    account: str
    symbol: str
    quantity: int


class ForeignOrder(Act, frozen=True, tag="foreign_order"):
    """Another program's order on an account: automated, with an id that is not ours. With a price it is a limit."""

    account: str
    symbol: str
    quantity: int
    price: Decimal | None = None
    client_id: str = "other-bot-1"


class BrokerLiquidation(Act, frozen=True, tag="broker_liquidation"):
    """The broker closes everything on an account and locks it."""

    account: str


class AdminAction(Act, frozen=True, tag="admin_action"):
    """The broker sets an account's admin action, such as LockTradingImmediately or Normal."""

    account: str
    action: str


class BustFill(Act, frozen=True, tag="bust_fill"):
    """The exchange takes a fill back (the account's last one, if none is named)."""

    account: str
    fill: int | None = None


class ReplayFills(Act, frozen=True, tag="replay_fills"):
    """Fills of an account are sent once more as Created, dated ``days`` earlier; ``fresh_ids`` makes them unknown."""

    account: str
    days: int = 1
    fresh_ids: bool = False


Happening = (
    EndLine
    | DropLine
    | StallLine
    | ResumeLine
    | ExpireTokens
    | KickSession
    | ManualTrade
    | ForeignOrder
    | BrokerLiquidation
    | AdminAction
    | BustFill
    | ReplayFills
)

Strike = TypeVar("Strike", bound=Fault)


class FaultBox:
    """The armed faults."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Let a fault wait for its moment."""
        self.armed.append(fault)

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()

    def take(
        self, kind: type[Strike], *, login: str | None = None, account: str | None = None, endpoint: str | None = None
    ) -> Strike | None:
        """Return the first armed fault of a kind that fits the address, and count its stroke."""
        for place, fault in enumerate(self.armed):
            if isinstance(fault, kind) and _fits(fault, login, account, endpoint):
                if fault.count is not None:
                    self._count_down(place, fault)
                return fault
        return None

    def _count_down(self, place: int, fault: Fault) -> None:
        left = (fault.count or 1) - 1
        if left > 0:
            self.armed[place] = msgspec.structs.replace(fault, count=left)
        else:
            del self.armed[place]


def _fits(fault: Fault, login: str | None, account: str | None, endpoint: str | None) -> bool:
    return (
        (fault.login is None or fault.login == login)
        and (fault.account is None or fault.account == account)
        and (fault.endpoint is None or endpoint is None or fnmatchcase(endpoint, fault.endpoint.lower()))
    )
