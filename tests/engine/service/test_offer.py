"""Offered entries over the control API: listed, previewed, taken and left, and what each copy's record says of its mode."""

from decimal import Decimal

import msgspec

from bot.core.card import MARK
from bot.core.render.risk import risk_card
from engine.api.client import EngineClient
from engine.api.requests import DisconnectAsk, OffAsk, OnAsk, SizeAsk, SkipAsk, TakeAsk
from engine.domain.bond import RelationshipPlan
from engine.domain.event import DeskConfigured, QuoteMarked
from engine.domain.group import DeskPlan, Discretion, Pooled, PoolPlan
from engine.report.day import Day
from engine.storage.tail import read
from tests.engine.service.conftest import Office
from tests.engine.service.hot import NQ, A, Hot, plan


def asking(mode: Discretion = Discretion.APPROVE) -> DeskPlan:
    """A asks, B copies."""
    known = plan()
    first, second = known.groups[0].followers
    group = msgspec.structs.replace(
        known.groups[0], followers=(msgspec.structs.replace(first, discretion=mode), second)
    )
    return msgspec.structs.replace(known, groups=(group,))


async def test_an_offer_from_the_list_to_the_order(office: Office, hot: Hot) -> None:
    hot.hear(DeskConfigured(at=hot.at, plan=asking()))
    hot.lead(2)
    office.clerk.step()
    client = EngineClient(office.url, office.token)
    (view,) = await client.offers()
    assert (view.id, view.account, view.quantity, view.price) == ("E1", "A", 2, Decimal(20_000))
    assert (view.run_ticks, view.room, view.room_contracts, view.barred) == (1, None, 1000, "")
    assert await client.offers("B") == ()
    seen = await client.preview(TakeAsk(key="x", by="ann", offer="e1"))
    assert (seen.contracts, seen.adds_risk, seen.lines[0].after) == (2, True, "+2 NQZ6")
    wrong = await office.act(type="take", key="k0", by="ann", offer="E7")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "offer E7: on offer now: E1")
    much = await office.act(type="take", key="k0", by="ann", offer="E1", quantity=3)
    assert "write 1 to 2" in much.json()["error"]
    taken = await client.send(TakeAsk(key="k1", by="ann", offer="E1", version=seen.version))
    assert taken.kind == "take"
    assert [line.account for line in taken.lines] == ["A"]
    assert await client.offers() == ()
    office.clerk.step()
    (copy,) = await client.copies()
    modes = {line.account: (line.mode, line.wanted, line.sent) for line in copy.lines}
    assert modes == {"A": ("approve", 2, 2), "B": ("automatic", 1, 1)}
    gone = await office.act(type="leave", key="k2", by="ann", offer="E1")
    assert gone.json()["error"] == "offer E1: nothing is on offer now"
    await client.close()


async def test_a_relationship_is_steered_and_seen(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    office.clerk.step()
    client = EngineClient(office.url, office.token)
    look = {"key": "x", "by": "ann", "scope": "A"}
    size = await client.preview(SizeAsk(factor=Decimal("0.5"), now=True, **look))
    assert (size.contracts, size.lines[0].before, size.lines[0].after) == (1, "1x +2 NQZ6", "0.5x +1 NQZ6")
    assert "the trade in NQZ6" in (await client.preview(SkipAsk(**look))).lines[0].after
    cut = await client.preview(DisconnectAsk(symbol="NQ", **look))
    assert (cut.adds_risk, cut.lines[0].after) == (True, "+2 NQZ6 stays, apart")
    assert (await client.preview(OffAsk(close=True, **look))).lines[0].after == "flat, off"
    asks = (SkipAsk, {}), (DisconnectAsk, {"symbol": "NQZ6"}), (OffAsk, {"reason": "holiday"})
    for number, (kind, more) in enumerate(asks):
        assert (await client.send(kind(**{**look, "key": f"k{number}"}, **more))).state == "proven"
    office.clerk.step()
    view = await client.account("A")
    assert (view.mode, view.skips, view.legs[0].note) == ("automatic", ("NQZ6 skipped by ann",), "disconnected")
    assert view.why == "holiday by ann"
    (apart,) = (await client.status()).apart
    assert apart.startswith("A +2 NQZ6 by ann since")
    assert (await client.send(OnAsk(**{**look, "key": "k9"}))).lines[
        0
    ].text == "on, copying from the leader's next entry"
    await client.close()


async def test_a_pool_and_a_relationship_show_how_far_they_are(office: Office, hot: Hot) -> None:
    known = plan()
    limit = RelationshipPlan(max_loss=Decimal(100))
    followers = tuple(
        msgspec.structs.replace(one, sizing=Pooled(share=Decimal(1)), relationship=limit if one.account == A else None)
        for one in known.groups[0].followers
    )
    limits = PoolPlan(max_contracts=2, max_loss=Decimal(1_000), daily_loss=Decimal(500))
    group = msgspec.structs.replace(known.groups[0], followers=followers, pool=limits)
    hot.hear(DeskConfigured(at=hot.at, plan=msgspec.structs.replace(known, groups=(group,))))
    hot.answer(hot.lead(4))
    hot.hear(QuoteMarked(at=hot.at, symbol=NQ, bid=Decimal(19_990), ask=Decimal(19_990), last=Decimal(19_990)))
    office.clerk.step()
    client = EngineClient(office.url, office.token)
    view = await client.risk()
    (pool,) = view.pools
    assert (pool.result, pool.today, pool.max_contracts, pool.has_acted) == (Decimal(-410), Decimal(-410), 2, False)
    stopped = {one.account: bool(one.stopped) for one in pool.members}
    assert stopped == {"A": True, "B": False}
    (relation,) = view.relations
    assert (relation.result, relation.lost, relation.has_acted) == (Decimal(-205), Decimal(205), True)
    lines = [line.replace(MARK, "") for line in risk_card(view).lines]
    assert " Not traded by others: share of A" in lines
    assert "A copies -205, lost 205 of 100 stop" in lines
    await client.close()


def test_the_record_says_which_mode_was_in_force_when(hot: Hot) -> None:
    hot.begin()
    hot.lead(2)
    hot.seconds += 60
    hot.hear(DeskConfigured(at=hot.at, plan=asking(Discretion.SIGNAL)))
    hot.lead(2)
    day = Day(None)
    for record in read(hot.log.directory):
        day.fold(record)
    copies = [copy for copy in day.lineage.copies.values() if copy.leader]
    assert [copy.line("A", copy.symbol).mode for copy in copies] == ["automatic", "signal"]
    assert [mode for _, mode in day.modes["A"]] == ["automatic", "signal"]
    assert copies[1].line("A", copies[1].symbol).reason == "signal: this account is told, nothing is entered"
