"""One call of an endpoint, by REST or over a socket, and what its body asks."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import msgspec

from engine.domain.value import Value
from engine.sim.order import Kind, NewOrder, Terms, Tif
from engine.sim.tradovate.session import Session

if TYPE_CHECKING:
    from engine.sim.tradovate.line import Line

Body = TypeVar("Body", bound=Value)


@dataclass(slots=True)
class Call:
    """A call as it came in."""

    endpoint: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    session: Session | None = None
    line: "Line | None" = None
    basic: tuple[str, str] | None = None  # HTTP Basic client credentials

    @property
    def user(self) -> str | None:
        """Name of the calling login."""
        return self.session.login.user if self.session else None

    def addressed(self) -> "Addressed":
        """Say what the body tells about account and ticket; nothing, if it cannot be read."""
        try:
            return msgspec.json.decode(self.body, type=Addressed) if self.body else Addressed()
        except msgspec.DecodeError:
            return Addressed()

    def read(self, kind: type[Body]) -> Body:
        """Decode the body, or the query where there is no body. Raises: msgspec.ValidationError, DecodeError."""
        if self.body:
            return msgspec.json.decode(self.body, type=kind)
        return msgspec.convert(self.query, type=kind, strict=False)


class Params(Value, frozen=True, rename="camel"):
    """A body; unknown members are passed over, as the broker does."""


class Asked(Params, frozen=True):
    """The parameters of the query endpoints."""

    id: int | None = None
    ids: str | tuple[int, ...] = ""
    name: str = ""
    masterid: int | None = None
    masterids: str | tuple[int, ...] = ""
    t: str = ""
    l: int = 10  # noqa: E741  the broker's name


class Login(Params, frozen=True):
    """auth/accesstokenrequest."""

    name: str
    password: str
    cid: str | int = ""
    sec: str = ""


class OAuth(Value, frozen=True):
    """auth/oauthtoken; the broker writes these in snake case."""

    grant_type: str = ""
    code: str = ""
    redirect_uri: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""


class Leg(Params, frozen=True):
    """The ``other`` of an OCO, a bracket of an OSO."""

    action: str
    order_type: str
    cl_ord_id: str | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: Tif | None = None
    text: str | None = None


class PlaceOrder(Params, frozen=True):
    """order/placeorder, and with the last three fields placeoco and placeoso."""

    action: str
    symbol: str
    order_qty: int
    order_type: str
    account_spec: str | None = None
    account_id: int | None = None
    cl_ord_id: str | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: Tif | None = None
    text: str | None = None
    custom_tag50: str | None = msgspec.field(default=None, name="customTag50")
    is_automated: bool = False
    other: Leg | None = None
    bracket1: Leg | None = None
    bracket2: Leg | None = None

    def order(self, account: str) -> NewOrder:
        """The order itself, for the venue."""
        return self._new(account, self)

    def leg(self, account: str, leg: Leg) -> NewOrder:
        """A further leg; it shares account, contract and quantity."""
        return self._new(account, leg)

    def _new(self, account: str, of: "PlaceOrder | Leg") -> NewOrder:
        terms = Terms(
            qty=self.order_qty,
            kind=msgspec.convert(of.order_type, type=Kind),
            price=of.price if of.order_type in ("Limit", "StopLimit") else None,
            stop=of.stop_price if of.order_type in ("Stop", "StopLimit") else None,
            tif=of.time_in_force or "Day",
            text=of.text,
        )
        return NewOrder(
            account=account,
            symbol=self.symbol,
            side=1 if of.action == "Buy" else -1,
            terms=terms,
            client_id=of.cl_ord_id,
            is_automated=self.is_automated,
            tag50=self.custom_tag50,
        )


class ModifyOrder(Params, frozen=True):
    """order/modifyorder: the full new terms."""

    order_id: int
    order_qty: int
    order_type: str
    cl_ord_id: str | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: Tif | None = None
    text: str | None = None
    is_automated: bool = False


class CancelOrder(Params, frozen=True):
    """order/cancelorder."""

    order_id: int
    cl_ord_id: str | None = None
    is_automated: bool = False


class Liquidate(Params, frozen=True):
    """order/liquidateposition."""

    account_id: int
    contract_id: int
    admin: bool = False
    is_automated: bool = False


class LiquidateMany(Params, frozen=True):
    """order/liquidatepositions."""

    positions: tuple[int, ...]
    admin: bool = False
    is_automated: bool = False


class AccountOnly(Params, frozen=True):
    """cashBalance/getcashbalancesnapshot."""

    account_id: int


class Roll(Params, frozen=True):
    """contract/rollcontract."""

    name: str
    forward: bool = True
    if_expired: bool = False


class Sync(Params, frozen=True):
    """user/syncrequest."""

    users: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()
    entity_types: tuple[str, ...] | None = None
    split_responses: bool = False


class Subscribe(Params, frozen=True):
    """md/subscribeQuote: a contract by name or id."""

    symbol: str | int


class Addressed(Params, frozen=True):
    """What says which account a call is about (or which user wants in), and the ticket that it may redeem."""

    name: str | None = None
    account_spec: str | None = None
    account_id: int | None = None
    order_id: int | None = None
    p_ticket: str | None = msgspec.field(default=None, name="p-ticket")
