"""Held trades over the control API: listed with what approving would do now, previewed, approved once, refused."""

from decimal import Decimal

import msgspec
import pytest

from engine.api.client import EngineClient, EngineError
from engine.api.requests import ApproveAsk, RefuseAsk
from engine.domain.command import Pause
from engine.domain.event import DeskConfigured, PersonActed
from engine.domain.group import DeskPlan
from engine.domain.guardplan import GuardPlan, SizeLimit
from tests.engine.service.conftest import Office
from tests.engine.service.hot import LEAD, A, Hot, plan


def guarded() -> DeskPlan:
    guard = GuardPlan(sizes={"NQ": SizeLimit(order=3)}, hold_s=86_400)
    known = plan()
    accounts = tuple(msgspec.structs.replace(one, guard=guard if one.id == LEAD else None) for one in known.accounts)
    return msgspec.structs.replace(known, accounts=accounts)


async def test_a_held_trade_from_the_list_to_the_orders(office: Office, hot: Hot, monkeypatch) -> None:
    monkeypatch.setattr(office.clerk, "now", lambda: hot.at)
    hot.hear(DeskConfigured(at=hot.at, plan=guarded()))
    client = EngineClient(office.url, office.token)
    nothing = await office.act(type="approve", key="k0", by="ann", held="H1")
    assert (nothing.status_code, nothing.json()["error"]) == (400, "held H1: nothing is held now")
    hot.fill(LEAD, 6, "20000")
    hot.seconds += 30
    (view,) = await client.held()
    assert (view.id, view.leader, view.quantity, view.left, view.price) == ("H1", "LEAD", 6, 6, Decimal(20_000))
    assert (view.state, view.left_s, view.run_ticks) == ("open", 86_370, 0)
    assert view.reasons == ("6 NQ in one order is over the limit of 3",)
    assert view.outlook.startswith("Approving now buys what follows from 6 NQZ6. The price is where it was 30 s ago.")
    assert [(line.account, line.before, line.after, line.note) for line in view.followers] == [
        ("A", 0, 6, ""),
        ("B", 0, 3, ""),
    ]
    hot.hear(PersonActed(at=hot.at, key="p", by="ann", command=Pause(accounts=(A,), reason="lunch")))
    seen = await client.preview(ApproveAsk(key="x", by="ann", held="h1"))
    assert (seen.kind, seen.contracts, seen.accounts, seen.adds_risk) == ("approve", 3, 2, True)
    assert [(line.account, line.before, line.after) for line in seen.lines] == [
        ("A", "flat", "flat"),
        ("B", "flat", "+3 NQZ6"),
    ]
    assert seen.excluded == ("A: hold: lunch by ann",)
    assert seen.remarks == ((await client.held())[0].outlook,)
    assert (await client.preview(RefuseAsk(key="x", by="ann", held="H1"))).adds_risk is False
    with pytest.raises(EngineError, match="held H9: held now: H1"):
        await client.preview(ApproveAsk(key="x", by="ann", held="H9"))
    done = await client.send(ApproveAsk(key="k1", by="ann", held="H1", version=seen.version))
    assert (done.kind, [(line.account, line.state.value) for line in done.lines]) == (
        "approve",
        [("A", "failed"), ("B", "acked")],
    )
    (ended,) = await client.held("A")
    assert (ended.state, ended.outlook, ended.followers) == ("approved", "ann approved it at 14:30:30 UTC", ())
    late = await office.act(type="refuse", key="k2", by="ann", held="H1")
    assert late.json()["error"] == "H1: ann approved it at 14:30:30 UTC"
    await client.close()
