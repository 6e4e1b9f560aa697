"""The socket-only calls: authorize, the one syncrequest, quote subscriptions."""

from typing import TYPE_CHECKING, Any

from engine.sim.fault import EmptyLists, SplitSnapshot
from engine.sim.tradovate import wire
from engine.sim.tradovate.call import Call, Subscribe, Sync
from engine.sim.tradovate.entity import quote
from engine.sim.tradovate.ledger import PRIVATE, PUBLIC
from engine.sim.tradovate.line import Line
from engine.sim.tradovate.session import UNAUTHORIZED, Session
from engine.sim.tradovate.wire import Answer

if TYPE_CHECKING:
    from engine.sim.tradovate.face import Face

TAKES = (*PRIVATE, *PUBLIC)


def plural(kind: str) -> str:
    """Name of a type's collection in a snapshot."""
    if kind.endswith("y"):
        return kind[:-1] + "ies"
    return kind + ("es" if kind.endswith("s") else "s")


def authorize(face: "Face", line: Line, token: str) -> Answer:
    """Bind a socket to the session of a token, bare or as a JSON string."""
    if line.session is not None:
        return Answer(status=404, body='"Not found: authorize"')
    found = face.sessions.find(token.strip().strip('"'))
    if not isinstance(found, Session):
        return Answer(status=found, body="Invalid access token" if found == UNAUTHORIZED else None)
    line.session = found
    face.settle_quota(line)
    return Answer()


def sync(face: "Face", call: Call) -> Answer:
    """user/syncrequest: a snapshot, and from then on events."""
    line, session = call.line, call.session
    if line is None or session is None or line.role != "user":
        return Answer(status=404, body="Not found: user/syncrequest")
    if line.accounts is not None:
        return Answer(status=400, body="user/syncrequest was already sent on this socket")
    asked = call.read(Sync)
    if any(number not in session.accounts for number in asked.accounts) or any(
        number != session.user_id for number in asked.users
    ):
        return Answer(status=401, body="Access is denied")
    default = () if face.venue.desk.entity_types_default_all else None
    kinds = asked.entity_types if asked.entity_types is not None else default
    line.kinds = frozenset(("none",) if kinds is None else kinds)
    face.follow(line, set(asked.accounts) or set(session.accounts))
    snapshot = _snapshot(face, call, line)
    split = face.faults.take(SplitSnapshot, login=call.user)
    if split is None:
        return Answer(body=snapshot)
    parts = _parts(snapshot, split.parts)
    return Answer(body=parts[0], more=tuple(parts[1:]))


def _snapshot(face: "Face", call: Call, line: Line) -> dict[str, Any]:
    assert line.session is not None
    assert line.accounts is not None
    me = face.books.ledger.get("user", line.session.user_id)
    snapshot: dict[str, Any] = {"users": [me] if me else [], "contractGroups": []}
    is_empty = face.faults.take(EmptyLists, login=call.user, endpoint=call.endpoint) is not None
    for kind in TAKES:
        if not line.kinds or kind in line.kinds:
            snapshot[plural(kind)] = [] if is_empty else face.books.ledger.rows(kind, line.accounts)
    return snapshot


def _parts(snapshot: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Deal the collections out; each part has the two that are always present."""
    parts: list[dict[str, Any]] = [{"users": [], "contractGroups": []} for _ in range(max(1, count))]
    parts[0]["users"] = snapshot.pop("users")
    snapshot.pop("contractGroups")
    for place, (name, rows) in enumerate(snapshot.items()):
        parts[place % len(parts)][name] = rows
    return parts


def subscribe_quote(face: "Face", call: Call) -> Answer:
    """md/subscribeQuote; the present quote follows at once."""
    contract = face.venue.contract(call.read(Subscribe).symbol)
    if call.line is None or contract is None:
        return Answer(body={"errorText": "Symbol is unknown"})
    face.books.list_contract(contract)
    call.line.quotes.add(contract.id)
    present = face.venue.market.quote(contract.symbol)
    if present is not None:
        call.line.tell(wire.event("md", {"quotes": [quote(present, contract.id)]}))
    return Answer(body={})


def unsubscribe_quote(face: "Face", call: Call) -> Answer:
    """md/unsubscribeQuote."""
    contract = face.venue.contract(call.read(Subscribe).symbol)
    if call.line is not None and contract is not None:
        call.line.quotes.discard(contract.id)
    return Answer(body={})
