"""The query calls: lists, items and dependents of every entity, and the helpers for contracts and cash."""

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.domain.contract import PRODUCTS, root_of
from engine.domain.ids import Root, Symbol
from engine.sim.contract import next_symbol
from engine.sim.fault import EmptyLists
from engine.sim.tradovate.call import AccountOnly, Asked, Call, Roll
from engine.sim.tradovate.ledger import KINDS, PUBLIC, Entity
from engine.sim.tradovate.wire import Answer

if TYPE_CHECKING:
    from engine.sim.tradovate.face import Face

NOT_FOUND = Answer(status=404, body="Not found")


def entity_query(face: "Face", call: Call) -> Answer | None:
    """Answer ``<entity>/<verb>``; None if there is no such endpoint."""
    name, _, verb = call.endpoint.partition("/")
    kind = KINDS.get(name)
    if kind is None or call.session is None:
        return None
    own, ledger, asked = call.session.accounts, face.books.ledger, call.read(Asked)
    if verb == "item":
        row = ledger.get(kind, asked.id) if asked.id is not None else None
        return Answer(body=row) if row is not None and _may_see(face, call, kind, row) else NOT_FOUND
    if verb == "find":
        rows = (row for row in ledger.rows(kind, own) if row.get("name") == asked.name)
        row = next(rows, None)
        return Answer(body=row) if row is not None else NOT_FOUND
    found: list[Entity]
    match verb:
        case "list":
            found = ledger.rows(kind, own)
        case "items":
            picked = (ledger.get(kind, number) for number in _numbers(asked.ids))
            found = [row for row in picked if row is not None and _may_see(face, call, kind, row)]
        case "deps":
            found = ledger.deps(kind, [asked.masterid or 0], own)
        case "ldeps":
            found = ledger.deps(kind, _numbers(asked.masterids), own)
        case _:
            return None
    if face.faults.armed and face.faults.take(EmptyLists, login=call.user, endpoint=call.endpoint) is not None:
        found = []
    return Answer(body=found)


def _may_see(face: "Face", call: Call, kind: str, row: Entity) -> bool:
    if kind in PUBLIC:
        return True
    assert call.session is not None
    if kind == "user":
        return bool(row["id"] == call.session.user_id)
    return face.books.ledger.owner(kind, row["id"]) in call.session.accounts


def _numbers(given: str | tuple[int, ...]) -> list[int]:
    if isinstance(given, str):
        return [int(part) for part in given.split(",") if part.strip().isdigit()]
    return list(given)


def find_contract(face: "Face", call: Call) -> Answer:
    """contract/find."""
    contract = face.venue.contract(call.read(Asked).name)
    return NOT_FOUND if contract is None else Answer(body=face.books.list_contract(contract))


def suggest_contract(face: "Face", call: Call) -> Answer:
    """contract/suggest: listed contracts whose name begins so."""
    asked = call.read(Asked)
    listed = [c for s, c in face.venue.listing.by_symbol.items() if s.startswith(asked.t.upper())]
    return Answer(body=[face.books.list_contract(contract) for contract in listed[: asked.l]])


def roll_contract(face: "Face", call: Call) -> Answer:
    """contract/rollcontract."""
    asked = call.read(Roll)
    contract = face.venue.contract(asked.name)
    if contract is None:
        return NOT_FOUND
    if not asked.if_expired or contract.expires < face.clock.now().date():
        contract = face.venue.contract(next_symbol(contract.symbol, forward=asked.forward))
    assert contract is not None
    return Answer(body={"contract": face.books.list_contract(contract)})


def find_product(face: "Face", call: Call) -> Answer:
    """product/find, listing the product's first contract if it has none yet."""
    root = Root(call.read(Asked).name)
    number = face.venue.listing.products.get(root)
    if root not in PRODUCTS or number is None:
        return NOT_FOUND
    if face.books.ledger.get("product", number) is None:
        contract = face.venue.contract(Symbol(f"{root}Z{face.clock.now().year % 10}"))
        assert contract is not None, root_of(Symbol(root))
        face.books.list_contract(contract)
    return Answer(body=face.books.ledger.get("product", number))


def cash_snapshot(face: "Face", call: Call) -> Answer:
    """cashBalance/getcashbalancesnapshot."""
    number = call.read(AccountOnly).account_id
    account = face.venue.by_id.get(number)
    if account is None or call.session is None or number not in call.session.accounts:
        return Answer(body={"errorText": "Access is denied"})
    open_profit = account.open_profit(face.venue.marks())
    used: Decimal = account.margin_used(face.venue.desk.margin)
    return Answer(
        body={
            "totalCashValue": account.cash,
            "totalPnL": account.realized + open_profit,
            "initialMargin": used,
            "maintenanceMargin": used,
            "netLiq": account.cash + open_profit,
            "openPnL": open_profit,
            "realizedPnL": account.realized,
            "weekRealizedPnL": account.realized,
            "netLiqSOD": account.start,
            "totalCashValueSOD": account.start,
            "cashUSD": account.cash,
            "fullInitialMargin": used,
        }
    )
