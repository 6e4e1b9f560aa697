"""Acts of the outside world on the venue: dropped lines, expired tokens, a person's trade, a busted fill."""

from datetime import timedelta
from typing import Any, assert_never

from engine.sim import fault
from engine.sim.order import NewOrder, Refusal, Terms
from engine.sim.tradovate import entity, wire
from engine.sim.tradovate.face import Face
from engine.sim.tradovate.line import Line
from engine.sim.venue import Venue


def strike(face: Face, act: fault.Happening) -> dict[str, Any]:
    """Let an act happen; return what came of it."""
    match act:
        case fault.EndLine() | fault.DropLine() | fault.StallLine() | fault.ResumeLine():
            lines = [line for line in face.lines if act.login in (None, line.user) and act.role in (None, line.role)]
            for line in lines:
                _strike_line(line, act)
            return {"lines": len(lines)}
        case fault.ExpireTokens():
            face.sessions.expire(act.login)
            return {"lines": _close(face, act.login) if act.sockets else 0}
        case fault.KickSession():
            login = face.venue.logins[act.login]
            for _ in range(login.sessions):
                face.open_session(login)
            return {"lines": _close(face, act.login) if act.sockets else 0}
        case _:
            return _strike_account(face, act)


def _strike_line(line: Line, act: fault.EndLine | fault.DropLine | fault.StallLine | fault.ResumeLine) -> None:
    match act:
        case fault.EndLine():
            body: dict[str, str] = {"reasonCode": act.reason}
            if act.text is not None:
                body["reason"] = act.text
            line.tell(wire.event("shutdown", body))
            if act.close:
                line.end(3000, act.reason)
        case fault.DropLine():
            line.drop()
        case fault.StallLine():
            line.stall(reading=act.reading, writing=act.writing)
        case fault.ResumeLine():
            line.stall(reading=False, writing=False)


def _close(face: Face, login: str | None) -> int:
    lines = [line for line in face.lines if login in (None, line.user)]
    for line in lines:
        line.end(3000, "Session closed")
    return len(lines)


def _strike_account(
    face: Face,
    act: fault.ManualTrade
    | fault.ForeignOrder
    | fault.BrokerLiquidation
    | fault.AdminAction
    | fault.BustFill
    | fault.ReplayFills,
) -> dict[str, Any]:
    venue = face.venue
    account = venue.accounts[act.account]
    match act:
        case fault.ManualTrade():
            done = venue.trade(account, act.symbol, act.quantity)
            return {"refused": done.text} if isinstance(done, Refusal) else {"orderId": done.id}
        case fault.ForeignOrder():
            return _foreign(venue, act)
        case fault.BrokerLiquidation():
            venue.liquidate_account(account)
            return {}
        case fault.AdminAction():
            venue.restrict(account, act.action)
            return {}
        case fault.BustFill():
            busted = venue.bust(account, act.fill)
            return {"fillId": busted.id if busted else None}
        case fault.ReplayFills():
            return {"fills": _replay(face, act)}
        case _:
            assert_never(act)


def _foreign(venue: Venue, act: fault.ForeignOrder) -> dict[str, Any]:
    terms = Terms(qty=abs(act.quantity), kind="Market" if act.price is None else "Limit", price=act.price)
    side = 1 if act.quantity > 0 else -1
    new = NewOrder(
        account=act.account, symbol=act.symbol, side=side, terms=terms, client_id=act.client_id, is_automated=True
    )
    done = venue.place(new)
    return {"refused": done.text} if isinstance(done, Refusal) else {"orderId": done.id}


def _replay(face: Face, act: fault.ReplayFills) -> int:
    account = face.venue.accounts[act.account]
    back = timedelta(days=act.days)
    fills = [fill for fill in face.venue.exchange.fills.values() if fill.order.account == account.name]
    for fill in fills:
        number = face.venue.exchange.next_id() if act.fresh_ids else fill.id
        row = {
            **entity.fill(fill),
            "id": number,
            "timestamp": entity.stamp(fill.at - back),
            "tradeDate": entity.day(fill.day - back),
        }
        face.publish_again("fill", "Created", row, account.id)
    return len(fills)
