"""Copies: what one leader event became, whatever order the facts come in."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.api.views import CopyLine, CopyView
from engine.domain.command import Close, Pause
from engine.domain.decision import SendLots
from engine.domain.entry import decode_entry
from engine.domain.event import (
    Absent,
    Accepted,
    FillBusted,
    OrderAnswered,
    OrderChanged,
    OrderSeen,
    OrdersSent,
    OrderStatus,
    PersonActed,
    RefusalKind,
    Refused,
    SnapshotTaken,
    TimePassed,
    Unclear,
)
from engine.domain.ids import BrokerOrderId, FillId
from engine.service.lineage import Lineage
from engine.storage.tail import read
from tests.engine.service.hot import NQ, A, B, Hot


@pytest.fixture
async def hot(tmp_path: Path):
    hot = Hot(tmp_path)
    hot.begin()
    yield hot
    await hot.close()


def folded(hot: Hot) -> Lineage:
    lineage = Lineage()
    for record in read(hot.log.directory):
        lineage.fold(decode_entry(record.payload))
    return lineage


def newest(hot: Hot) -> CopyView:
    return next(iter(folded(hot).newest())).view()


def line(hot: Hot, account: str = "A") -> CopyLine:
    return next(found for found in newest(hot).lines if found.account == account)


async def test_a_copy_from_the_first_byte_to_the_last_fill(hot: Hot) -> None:
    sends = hot.lead(2)
    assert (line(hot).status, line(hot).sent, line(hot).filled) == ("sent", 2, 0)
    hot.answer(sends, "20000.75")
    done = line(hot)
    assert (done.status, done.filled, done.price, done.slip_ticks) == ("ok", 2, Decimal("20000.75"), Decimal(3))
    assert done.ack_ms == pytest.approx(50, abs=1)
    assert done.fill_ms == pytest.approx(60, abs=1)
    view = newest(hot)
    assert (view.leader, view.net, view.what, view.price) == ("LEAD", 2, "BUY 2 NQZ6", Decimal("20000.00"))


async def test_selling_higher_than_the_leader_is_better(hot: Hot) -> None:
    hot.answer(hot.lead(-2), "20000.50")
    assert line(hot).slip_ticks == Decimal(-2)


async def test_what_a_follower_skips_is_said_with_its_figures(hot: Hot) -> None:
    hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=Pause(accounts=(A,), reason="news")))
    hot.lead(2)
    skipped = line(hot)
    assert (skipped.status, skipped.wanted, skipped.sent) == ("skipped", 2, 0)
    assert "news by ann" in skipped.reason


async def test_refusals_unclear_answers_and_parts(hot: Hot) -> None:
    sends = hot.lead(2)
    by = {lot[1]: lot[0] for lot in sends.lots}
    no = Refused(kind=RefusalKind.ORDER, reason="Margin", text="not enough")
    hot.hear(OrderAnswered(at=hot.at, account=A, client=by[A], outcome=no))
    hot.hear(OrderAnswered(at=hot.at, account=B, client=by[B], outcome=Unclear(reason="timeout")))
    assert (line(hot).status, line(hot).reason) == ("refused", "Margin not enough")
    assert (line(hot, "B").status, line(hot, "B").reason) == ("unclear", "timeout")
    hot.hear(OrderAnswered(at=hot.at, account=B, client=by[B], outcome=Accepted(order=BrokerOrderId("7"))))
    assert line(hot, "B").status == "sent"
    hot.fill(B, 1, "20000.25", by[B])
    assert line(hot, "B").status == "ok"
    sends = hot.lead(2)
    client = next(lot[0] for lot in sends.lots if lot[1] == A)
    hot.fill(A, 1, "20001", client)
    changed = OrderChanged(
        at=hot.at, account=A, order=BrokerOrderId("8"), symbol=NQ, status=OrderStatus.CANCELED, filled=1, client=client
    )
    hot.hear(changed)
    part = line(hot)
    assert (part.status, part.filled, part.reason) == ("part", 1, "canceled")
    lost = next(lot[0] for lot in hot.lead(2).lots if lot[1] == A)
    hot.seconds += 10
    hot.hear(OrderAnswered(at=hot.at, account=A, client=lost, outcome=Absent()))
    assert (line(hot).status, line(hot).reason) == ("refused", "never reached the broker")


async def test_a_snapshot_settles_what_no_fill_told(hot: Hot) -> None:
    sends = hot.lead(2)
    client = next(lot[0] for lot in sends.lots if lot[1] == A)
    seen = OrderSeen(
        order=BrokerOrderId("9"), symbol=NQ, status=OrderStatus.FILLED, quantity=2, filled=2, client=client
    )
    hot.hear(SnapshotTaken(at=hot.at, account=A, holdings=(), orders=(seen,), fills=()))
    assert (line(hot).status, line(hot).filled, line(hot).price) == ("ok", 2, None)


async def test_both_halves_of_a_flip_belong_to_the_leaders_one_fill(hot: Hot) -> None:
    hot.answer(hot.lead(2))
    first = hot.lead(-4)
    hot.answer(first)
    second = [o for o in folded(hot).orders.values() if o.account == "A"][-1]
    assert second.client not in {lot[0] for lot in first.lots}
    hot.seconds += 0.2
    hot.fill(A, second.quantity, "20000.00", second.client)
    flipped = line(hot)
    assert (newest(hot).cause, flipped.sent, flipped.filled, flipped.status) == ("LEAD:f4", -4, -4, "ok")


async def test_an_exit_that_is_tried_again_counts_once(hot: Hot) -> None:
    hot.answer(hot.lead(2))
    sends = hot.lead(-2)
    client = next(lot[0] for lot in sends.lots if lot[1] == A)
    no = Refused(kind=RefusalKind.ORDER, reason="Busy")
    hot.hear(OrderAnswered(at=hot.at, account=A, client=client, outcome=no))
    assert line(hot).status == "refused"
    hot.seconds += 5
    decisions = hot.hear(TimePassed(at=hot.at))
    retry = next(lot for d in decisions if isinstance(d, SendLots) for lot in d.lots if lot[1] == A)
    assert line(hot).status == "sent"
    hot.fill(A, -2, "20000.00", retry[0])
    done = line(hot)
    assert (newest(hot).cause, done.wanted, done.sent, done.filled, done.status) == (sends.cause, -2, -2, -2, "ok")


async def test_an_act_that_trades_is_a_copy_without_a_leader(hot: Hot) -> None:
    hot.answer(hot.lead(2))
    hot.seconds += 1
    hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=Close(accounts=(A,))))
    view = newest(hot)
    assert (view.leader, view.what, view.group, view.cause) == ("", "close by ann", "MAIN", "act:k")
    assert (view.lines[0].account, view.lines[0].sent) == ("A", -2)


async def test_fan_outs_of_one_act_each_keep_their_own_times(hot: Hot) -> None:
    hot.answer(hot.lead(2))
    hot.seconds += 1
    wish = Close(accounts=(A, B))
    sends = [d for d in hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=wish)) if isinstance(d, SendLots)]
    assert len(sends) == 2
    for number, one in enumerate(sends, 1):
        sent_at = hot.at + timedelta(milliseconds=number)
        hot.hear(OrdersSent(at=sent_at, cause=one.cause, heard_at=hot.at, offsets_us=(0,)))
    assert [found.lag_ms for found in newest(hot).lines] == [1.0, 2.0]


async def test_a_busted_fill_is_taken_back_and_a_doubled_one_counts_once(hot: Hot) -> None:
    sends = hot.lead(2)
    hot.answer(sends)
    lineage = folded(hot)
    fill = next(iter(next(o for o in lineage.orders.values() if o.account == "A").fills))
    hot.hear(FillBusted(at=hot.at, account=A, fill=FillId(fill), symbol=NQ, quantity=2, price=Decimal("20000.25")))
    assert line(hot).filled == 0


async def test_old_copies_are_forgotten_with_their_orders(hot: Hot) -> None:
    for _ in range(6):
        hot.answer(hot.lead(1))
        hot.seconds += 1
    lineage = Lineage(kept=3)
    for record in read(hot.log.directory):
        lineage.fold(decode_entry(record.payload))
    assert len(lineage.copies) == 3
    assert {order.copy for order in lineage.orders.values()} <= set(lineage.copies)
    assert next(iter(lineage.newest())).at - hot.at <= timedelta()
