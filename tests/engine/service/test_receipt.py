"""Receipts: the same journal gives the same bytes, from the log or from the database, by any name."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.domain.command import Pause
from engine.domain.event import DeskConfigured, OrderAnswered, PersonActed, RefusalKind, Refused, TimePassed, Unclear
from engine.domain.group import Pooled
from engine.service.receipt import UnknownReceiptError, find
from engine.storage.drain import Drain
from engine.storage.store import Store
from tests.engine.service.hot import A, B, Hot, plan

EXPECTED = """\
RECEIPT LEAD:f1
2026-11-23 14:30:01.000 UTC, journal entry 8
Leader LEAD in MAIN: BUY 2 NQZ6 at 20000.00, net now +2
Exchange 2026-11-23 14:30:00.995, heard 5 ms later

A NQZ6
  size     multiplier 1: leader +2 gives +2, rounded toward-zero
"""


@pytest.fixture
async def hot(tmp_path: Path):
    hot = Hot(tmp_path, segment_bytes=8192)
    hot.begin()
    yield hot
    await hot.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'journal.db'}")
    yield store
    store.close()


def stored(hot: Hot, store: Store) -> None:
    drain = Drain(hot.log.directory, store)
    while drain.step():
        pass
    assert drain.fault == ""
    drain.close()


async def test_the_story_of_one_order(hot: Hot) -> None:
    sends = hot.lead(2)
    hot.answer(sends)
    client = next(lot[0] for lot in sends.lots if lot[1] == A)
    text = find(hot.log.directory, None, client)
    assert text.startswith(EXPECTED)
    assert "B NQZ6" not in text
    for words in (
        f"order    {client}: BUY 2 NQZ6",
        "sent, entry 9",
        "+50.000 ms   accepted as b-",
        "filled +2 at 20000.25",
        "result   ok: +2 of +2 at 20000.25",
        "slippage 1.00 ticks worse: leader 20000.00, follower 20000.25",
        "sent to filled 59.8",
    ):
        assert words in text
    assert "checks   passed: follower" in text
    hot.seconds += 1
    out = hot.lead(-2, "20000")
    hot.answer(out, "20000")
    flat = find(hot.log.directory, None, out.cause)
    assert "checks   none: an exit always passes" in flat
    assert "at 20000\n" in flat
    whole = find(hot.log.directory, None, sends.cause)
    assert "A NQZ6" in whole
    assert "B NQZ6" in whole


async def test_a_pool_members_receipt_says_how_fair_its_price_is(hot: Hot) -> None:
    """Each member's distance from the average of the whole pool stands on its receipt, in ticks."""
    pool = plan()
    members = [replace(f, sizing=Pooled(share=Decimal(1))) for f in pool.groups[0].followers]
    group = replace(pool.groups[0], followers=tuple(members))
    hot.hear(DeskConfigured(at=hot.at, plan=replace(pool, groups=(group,))))
    sends = hot.lead(2)
    for place, (client, account, _, quantity) in enumerate(sends.lots):
        hot.fill(account, quantity, ("20000.25", "20000.75")[place], client)
    text = find(hot.log.directory, None, sends.cause)
    assert "pool     2 members filled +2 at 20000.5 on average, this one 1.00 ticks better" in text
    assert "pool     2 members filled +2 at 20000.5 on average, this one 1.00 ticks worse" in text


async def test_log_and_database_give_the_same_bytes_also_from_a_checkpoint(hot: Hot, store: Store) -> None:
    hot.answer(hot.lead(2))
    hot.log.checkpoint(hot.desk.checkpoint())
    sends = hot.lead(-4)
    hot.answer(sends)
    stored(hot, store)
    names = [sends.cause, *(lot[0] for lot in sends.lots)]
    from_log = [find(hot.log.directory, None, name) for name in names]
    assert [find(hot.log.directory, store, name) for name in names] == from_log
    nowhere = hot.log.directory / "nowhere"
    nowhere.mkdir()
    assert [find(nowhere, store, name) for name in names] == from_log
    assert [find(hot.log.directory, store, name) for name in names] == from_log


async def test_the_second_half_of_a_flip_tells_the_whole_story(hot: Hot, store: Store) -> None:
    hot.answer(hot.lead(2))
    first = hot.lead(-4)
    hot.answer(first)
    second = list(hot.desk.state.copiers[A].flights)[-1]
    assert second not in {lot[0] for lot in first.lots}
    stored(hot, store)
    text = find(hot.log.directory, store, second)
    assert text == find(hot.log.directory, None, second)
    assert text.startswith(f"RECEIPT {first.cause}")
    assert text.count("  order    ") == 2


async def test_what_was_not_copied_says_why(hot: Hot) -> None:
    hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=Pause(accounts=(A,), reason="news")))
    sends = hot.lead(2)
    client = sends.lots[0][0]
    hot.hear(OrderAnswered(at=hot.at, account=B, client=client, outcome=Unclear(reason="timeout")))
    no = Refused(kind=RefusalKind.ORDER, reason="Margin")
    hot.hear(OrderAnswered(at=hot.at, account=B, client=client, outcome=no))
    hot.hear(TimePassed(at=hot.at))
    text = find(hot.log.directory, None, sends.cause)
    assert "news by ann" in text
    assert "+2 not copied" in text
    assert "unclear: timeout" in text
    assert "refused (order): Margin" in text
    assert "result   refused: +0 of +1" in text


async def test_a_name_that_is_none_is_said(hot: Hot, store: Store) -> None:
    hot.answer(hot.lead(2))
    stored(hot, store)
    for source in (None, store):
        with pytest.raises(UnknownReceiptError, match="no order and no copy is named 'nothing'"):
            find(hot.log.directory, source, "nothing")
