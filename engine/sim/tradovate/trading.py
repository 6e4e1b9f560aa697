"""The trading calls: place, modify, cancel, liquidate."""

from typing import TYPE_CHECKING, get_args

from engine.sim.account import Account
from engine.sim.order import Kind, Order, Refusal, Terms
from engine.sim.tradovate.call import Call, CancelOrder, Leg, Liquidate, LiquidateMany, ModifyOrder, PlaceOrder
from engine.sim.tradovate.wire import Answer, refusal, violation
from engine.sim.venue import DENIED

if TYPE_CHECKING:
    from engine.sim.tradovate.face import Face

KINDS = frozenset(get_args(Kind))


def _refused(why: Refusal) -> Answer:
    return Answer(body=refusal(why.reason, why.text))


def _account(face: "Face", call: Call, body: PlaceOrder) -> Account | Answer:
    if body.account_spec is None and body.account_id is None:
        return Answer(body=violation("NotNull", None, "accountSpec or accountId must be given"))
    account = face.venue.by_id.get(body.account_id) if body.account_id is not None else None
    if account is None and body.account_spec is not None:
        account = face.venue.accounts.get(body.account_spec)
    if account is None or call.session is None or account.id not in call.session.accounts:
        return _refused(DENIED)
    if body.account_spec not in (None, account.name):
        return _refused(DENIED)
    return account


def _shape(body: PlaceOrder) -> Answer | None:
    legs: list[PlaceOrder | Leg] = [
        body,
        *(leg for leg in (body.other, body.bracket1, body.bracket2) if leg is not None),
    ]
    for leg in legs:
        if leg.order_type not in KINDS:
            return Answer(body=refusal("Unsupported", f"Order type {leg.order_type} is not supported"))
        if leg.action not in ("Buy", "Sell"):
            return Answer(body=violation("Enum", leg.action, "action must be Buy or Sell"))
        if leg.cl_ord_id is not None and len(leg.cl_ord_id) > 64:
            return Answer(body=violation("MaxLength", leg.cl_ord_id, "clOrdId must not be longer than 64"))
    if body.order_qty <= 0:
        return Answer(body=violation("Min", body.order_qty, "orderQty must be positive"))
    return None


def place_order(face: "Face", call: Call) -> Answer:
    """order/placeorder."""
    body = call.read(PlaceOrder)
    account = _account(face, call, body)
    wrong = account if isinstance(account, Answer) else _shape(body)
    if wrong is not None or isinstance(account, Answer):
        return wrong or _refused(DENIED)
    placed = face.venue.place(body.order(account.name))
    return _refused(placed) if isinstance(placed, Refusal) else Answer(body={"orderId": placed.id})


def place_oco(face: "Face", call: Call) -> Answer:
    """order/placeoco."""
    body = call.read(PlaceOrder)
    account = _account(face, call, body)
    wrong = account if isinstance(account, Answer) else _shape(body)
    if wrong is not None or isinstance(account, Answer):
        return wrong or _refused(DENIED)
    if body.other is None:
        return Answer(body=violation("NotNull", None, "other must be given"))
    placed = face.venue.place_oco(body.order(account.name), body.leg(account.name, body.other))
    if isinstance(placed, Refusal):
        return _refused(placed)
    return Answer(body={"orderId": placed[0].id, "ocoId": placed[1].id})


def place_oso(face: "Face", call: Call) -> Answer:
    """order/placeoso."""
    body = call.read(PlaceOrder)
    account = _account(face, call, body)
    wrong = account if isinstance(account, Answer) else _shape(body)
    if wrong is not None or isinstance(account, Answer):
        return wrong or _refused(DENIED)
    if body.bracket1 is None:
        return Answer(body=violation("NotNull", None, "bracket1 must be given"))
    brackets = [body.leg(account.name, leg) for leg in (body.bracket1, body.bracket2) if leg is not None]
    placed = face.venue.place_oso(body.order(account.name), brackets)
    if isinstance(placed, Refusal):
        return _refused(placed)
    parent, children = placed
    answer = {"orderId": parent.id}
    answer.update({f"oso{place}Id": child.id for place, child in enumerate(children, start=1)})
    return Answer(body=answer)


def _own(face: "Face", call: Call, order_id: int) -> Order | None:
    order = face.venue.exchange.orders.get(order_id)
    if order is None or call.session is None:
        return None
    return order if face.venue.accounts[order.account].id in call.session.accounts else None


def modify_order(face: "Face", call: Call) -> Answer:
    """order/modifyorder."""
    body = call.read(ModifyOrder)
    order = _own(face, call, body.order_id)
    if order is None:
        return _refused(DENIED)
    if body.order_type != order.terms.kind:
        return Answer(body=refusal("Unsupported", "The order type cannot be changed"))
    terms = Terms(
        qty=body.order_qty,
        kind=order.terms.kind,
        price=body.price if order.terms.price is not None else None,
        stop=body.stop_price if order.terms.stop is not None else None,
        tif=body.time_in_force or order.terms.tif,
        text=body.text or order.terms.text,
    )
    done = face.venue.modify(order.id, terms, body.cl_ord_id, is_automated=body.is_automated)
    return _refused(done) if isinstance(done, Refusal) else Answer(body={"commandId": done.id})


def cancel_order(face: "Face", call: Call) -> Answer:
    """order/cancelorder."""
    body = call.read(CancelOrder)
    order = _own(face, call, body.order_id)
    if order is None:
        return _refused(DENIED)
    done = face.venue.cancel(order.id, body.cl_ord_id, is_automated=body.is_automated)
    return _refused(done) if isinstance(done, Refusal) else Answer(body={"commandId": done.id})


def liquidate_position(face: "Face", call: Call) -> Answer:
    """order/liquidateposition."""
    body = call.read(Liquidate)
    account = face.venue.by_id.get(body.account_id)
    contract = face.venue.contract(body.contract_id)
    if account is None or contract is None or call.session is None or account.id not in call.session.accounts:
        return _refused(DENIED)
    done = face.venue.liquidate(account, contract.symbol, is_automated=body.is_automated)
    return _refused(done) if isinstance(done, Refusal) else Answer(body={"orderId": done.id})


def liquidate_positions(face: "Face", call: Call) -> Answer:
    """order/liquidatepositions."""
    body = call.read(LiquidateMany)
    own = call.session.accounts if call.session else set()
    wrong: list[str] = []
    for number in body.positions:
        row = face.books.ledger.get("position", number)
        if row is None or row["accountId"] not in own:
            wrong.append(f"{number}: Access is denied")
            continue
        account, contract = face.venue.by_id[row["accountId"]], face.venue.contract(row["contractId"])
        if contract is not None and account.net(contract.symbol):
            done = face.venue.liquidate(account, contract.symbol, is_automated=body.is_automated)
            if isinstance(done, Refusal):
                wrong.append(f"{number}: {done.text}")
    return Answer(body={"ok": False, "errorText": "; ".join(wrong)} if wrong else {"ok": True})
