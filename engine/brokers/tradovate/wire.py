"""Tradovate's socket frames: typed decoding, request framing, and the shapes of refusal."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal, Union, cast

import msgspec

from engine.brokers.tradovate.entity import KINDS, Entity
from engine.domain.event import Accepted, RefusalKind, Refused, Unclear
from engine.domain.ids import BrokerOrderId

NEEDED: Final = frozenset({"account", "command", "contract", "fill", "order", "position"})
"""Types that must be understood: to pass over one of these would be to miss a fill or to misname it."""

HEARTBEAT: Final = b"[]"


class Message(msgspec.Struct, frozen=True):
    """One element of an ``a`` frame: an answer (``i``) or an event (``e``)."""

    e: str = ""
    i: int = -1
    s: int = 0
    d: msgspec.Raw = msgspec.Raw()


class EntityEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entity event; ``entity`` is one object or an array of them."""

    event_type: str = ""
    entity: Entity | list[Entity]

    def entities(self) -> list[Entity]:
        """Return what it brings; a deletion brings nothing."""
        if self.event_type == "Deleted":
            return []
        return self.entity if isinstance(self.entity, list) else [self.entity]


def _event_of(kind: str, type_: type[Entity]) -> type[EntityEvent]:
    """Build the event of one entity type, told apart by ``entityType``."""
    built = msgspec.defstruct(
        f"{type_.__name__}Event",
        [("entity", type_ | list[type_])],  # type: ignore[valid-type]  # the type is a value here
        bases=(EntityEvent,),
        tag=kind,
        tag_field="entityType",
        frozen=True,
        kw_only=True,
        rename="camel",
    )
    return cast("type[EntityEvent]", built)


_EVENTS: Final = tuple(_event_of(kind, type_) for kind, type_ in KINDS.items())
_Known = Union[_EVENTS]  # type: ignore[valid-type]  # noqa: UP007  a union of values
_Frame = msgspec.defstruct("_Frame", [("d", _Known), ("e", Literal["props"])], frozen=True)


class _Unknown(msgspec.Struct, frozen=True, rename="camel"):
    entity_type: str = ""


class Shutdown(msgspec.Struct, frozen=True, rename="camel"):
    """The server is about to close this socket on purpose."""

    reason_code: str = ""
    reason: str = ""


class QuoteEntry(msgspec.Struct, frozen=True):
    """Price and size of one entry; either may be missing."""

    price: Decimal | None = None


class Quote(msgspec.Struct, frozen=True, rename="camel"):
    """One contract's quote; entries that did not change may be missing."""

    contract_id: int
    entries: dict[str, QuoteEntry] = {}


class Quotes(msgspec.Struct, frozen=True):
    """Payload of an ``md`` event."""

    quotes: list[Quote] = []


class Violation(msgspec.Struct, frozen=True):
    """One field that the request got wrong."""

    constraint: str = ""
    value: msgspec.Raw = msgspec.Raw()
    description: str = ""


class Reply(msgspec.Struct, frozen=True, rename="camel"):
    """Every member that a trading call's answer may have."""

    order_id: int = 0
    oco_id: int = 0
    oso1_id: int = msgspec.field(name="oso1Id", default=0)
    oso2_id: int = msgspec.field(name="oso2Id", default=0)
    command_id: int = 0
    ok: bool = True
    failure_reason: str | None = None
    failure_text: str | None = None
    error_text: str | None = None
    violations: list[Violation] = []
    p_ticket: str | None = msgspec.field(name="p-ticket", default=None)
    p_time: float = msgspec.field(name="p-time", default=0.0)
    p_captcha: bool = msgspec.field(name="p-captcha", default=False)


class Penalty(msgspec.Struct, frozen=True):
    """Not executed: wait, then send the same again with the ticket. No ticket: it cannot be answered by a program."""

    ticket: str | None
    wait_s: float
    reason: str


Verdict = Accepted | Refused | Unclear | Penalty

messages: Final = msgspec.json.Decoder(list[Message]).decode
_frame: Final = cast("Callable[[bytes], list[Any]]", msgspec.json.Decoder(list[_Frame], strict=False).decode)  # type: ignore[valid-type]  # built at run time
_known: Final = msgspec.json.Decoder(_Known, strict=False).decode
_known_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_unknown: Final = msgspec.json.Decoder(_Unknown).decode
shutdown: Final = msgspec.json.Decoder(Shutdown).decode
reply: Final = msgspec.json.Decoder(Reply, strict=False).decode
quotes: Final = msgspec.json.Decoder(Quotes).decode
text_of: Final = msgspec.json.Decoder(str).decode

_ONE: Final = {kind: msgspec.json.Decoder(type_, strict=False).decode for kind, type_ in KINDS.items()}
_MANY: Final = {kind: msgspec.json.Decoder(list[type_], strict=False).decode for kind, type_ in KINDS.items()}  # type: ignore[valid-type]  # the type is a value here

ACCOUNT_REASONS: Final = frozenset(
    {
        "AccountClosed",
        "KeyInformationDocumentRequired",
        "LiquidationOnly",
        "MultipleAccountPlanRequired",
        "SSFNFAComplianceRequired",
        "SSFNFAComplianceRequiredJointOnly",
        "SSFRiskDisclosureAcknowledgmentRequired",
        "TradingLocked",
        "Unauthorized",
    }
)
"""Refusals that every further entry on this account would meet as well."""


def events_only(data: bytes) -> list[EntityEvent] | None:
    """Decode a frame of nothing but entity events in one go; None if it is of another kind."""
    try:
        return [each.d for each in _frame(data)]
    except msgspec.DecodeError:
        return None


def events(raw: msgspec.Raw | bytes) -> list[EntityEvent]:
    """Decode the payload of a ``props`` message; types that we do not read are left out.

    Raises: msgspec.DecodeError for a type that positions depend on in a shape that we do not know.
    """
    if is_array(raw):  # seen by some clients, not documented by the vendor
        return [event for each in _known_list(raw) for event in events(each)]
    try:
        return [_known(raw)]
    except msgspec.ValidationError:
        if _unknown(raw).entity_type in NEEDED:
            raise
        return []


def is_array(raw: msgspec.Raw | bytes) -> bool:
    """Say whether a payload is a JSON array."""
    view = memoryview(raw)
    return len(view) > 0 and view[0] == 0x5B


def entities(kind: str, raw: msgspec.Raw | bytes) -> list[Entity]:
    """Decode one entity or an array of them; nothing for a type that we do not read.

    Raises: msgspec.DecodeError for a known type in a shape that we do not know.
    """
    many = _MANY.get(kind)
    if many is None:
        return []
    if is_array(raw):
        return many(raw)
    return [_ONE[kind](raw)]


def request(endpoint: str, number: int, query: str = "", body: str = "") -> bytes:
    """Frame one request."""
    return f"{endpoint}\n{number}\n{query}\n{body}".encode()


def close_text(frame: bytes) -> str:
    """Words of a ``c`` frame, which is ``c[3000,"Go away!"]`` or a bare ``c``."""
    try:
        code, reason = msgspec.json.decode(frame[1:], type=tuple[int, str])
    except msgspec.DecodeError:
        return "closed by the server"
    return f"closed by the server: {code} {reason}"[:200]


def penalty_of(answer: Reply, blocked_wait_s: float) -> Penalty | None:
    """Return the penalty in an answer, if it carries one."""
    if answer.p_captcha:
        return Penalty(None, blocked_wait_s, "captcha")
    if answer.p_ticket is not None:
        return Penalty(answer.p_ticket, answer.p_time, "p-ticket")
    return None


def _words(raw: msgspec.Raw) -> str:
    try:
        return text_of(raw)[:200]
    except msgspec.DecodeError:
        return ""


def verdict(status: int, raw: msgspec.Raw, blocked_wait_s: float) -> tuple[Verdict, Reply]:
    """What an answer to a trading call means.

    Unclear where the request may have been executed: a lost slot, a server error, a success without an order id, a
    shape that we do not know.
    """
    if status != 200:
        return _by_status(status, _words(raw), blocked_wait_s), Reply()
    try:
        answer = reply(raw)
    except msgspec.DecodeError:
        return Unclear(reason="answer not understood"), Reply()
    if answer.p_ticket is not None or answer.p_captcha:
        penalty = penalty_of(answer, blocked_wait_s)
        assert penalty is not None
        return penalty, answer
    reason = answer.failure_reason
    if reason is None or reason == "Success":
        if answer.error_text:
            return Refused(kind=RefusalKind.ORDER, reason="errorText", text=answer.error_text), answer
        if answer.violations:
            first = answer.violations[0]
            return Refused(
                kind=RefusalKind.ORDER, reason="violations", text=first.description or first.constraint
            ), answer
        if answer.order_id > 0:
            return Accepted(order=BrokerOrderId(str(answer.order_id))), answer
        if answer.command_id > 0:
            return Accepted(order=BrokerOrderId("")), answer
        return Unclear(reason="answer without an order id"), answer
    if answer.order_id > 0:
        return Unclear(reason=f"order id and {reason} in one answer"), answer
    kind = RefusalKind.ACCOUNT if reason in ACCOUNT_REASONS else RefusalKind.ORDER
    return Refused(kind=kind, reason=reason, text=answer.failure_text or ""), answer


def _by_status(status: int, words: str, blocked_wait_s: float) -> Verdict:
    if status == 429:
        return Penalty(None, blocked_wait_s, "429")
    if status == 401 and "token" in words.lower():
        return Refused(kind=RefusalKind.LINE, reason="401", text=words)
    if status in (401, 403):
        return Refused(kind=RefusalKind.ACCOUNT, reason=str(status), text=words or "no access")
    if status == 423:
        return Refused(kind=RefusalKind.LINE, reason="423", text=words or "locked out")
    if status == 404:
        return Refused(kind=RefusalKind.ORDER, reason="404", text=words or "not found")
    if status == 400:
        return Refused(kind=RefusalKind.ORDER, reason="400", text=words or "malformed")
    return Unclear(reason=f"{status} {words}".strip())
