"""The journal in SQL: one contract for SQLite and PostgreSQL."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, select

from engine.domain.decision import SendLots
from engine.domain.event import OrdersSent
from engine.domain.ids import order_id
from engine.errors import ConfigError, TransientError
from engine.storage.store import Store
from engine.storage.table import FILLS, JOURNAL, METADATA, ORDERS, RETIRED
from engine.storage.tail import Checkpoint, Record
from tests.engine.storage.facts import CAUSE, NQ, OA, OB, STORY, A, B, at, records


def dump(store: Store) -> dict[str, list[Any]]:
    with store._engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in METADATA.sorted_tables
        }


def test_entries_come_back_as_they_were(store: Store) -> None:
    assert store.stored_seq() == 0
    store.put(records())
    assert store.stored_seq() == len(STORY)
    assert list(store.read()) == records()
    assert list(store.read(3, 5)) == records()[2:5]
    assert store.entry(2) == records()[1].payload
    assert store.entry(99) is None
    assert store.act_seq("k1") == 10
    assert store.act_seq("k2") is None


def test_several_databases_are_prepared_at_once(tmp_path: Path) -> None:
    """Whatever prepares them has one state for the whole process."""
    stores = [Store(f"sqlite:///{(tmp_path / f'{number}.db').as_posix()}") for number in range(8)]
    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(Store.prepare, stores))
    assert [store.stored_seq() for store in stores] == [0] * len(stores)
    for store in stores:
        store.close()


def test_orders_and_fills_can_be_read_by_sql(store: Store) -> None:
    store.put(records()[:-1])
    with store._engine.connect() as connection:
        a, b = (connection.execute(select(ORDERS).where(ORDERS.c.client == client)).one() for client in (OA, OB))
        fills = connection.execute(select(FILLS).order_by(FILLS.c.seq)).all()
        kinds = connection.execute(select(JOURNAL.c.kind, JOURNAL.c.account, JOURNAL.c.at)).all()
    assert (a.cause, a.account, a.symbol, a.quantity, a.filled) == (CAUSE, "A", "NQZ6", 2, 2)
    assert (a.decided_at, a.sent_at, a.answered_at, a.filled_at) == (at(1), at(1.00115), at(1.1), at(1.5))
    assert (a.outcome, a.reason, a.seq, a.last_seq) == ("accepted", "", 2, 9)
    assert (b.outcome, b.reason, b.sent_at, b.filled_at) == ("refused", "Margin", at(1.00117), None)
    assert [(row.fill, row.price) for row in fills] == [
        ("1", Decimal("20000.25")),
        ("2", Decimal("20000.50")),
        ("3", Decimal("20000.75")),
    ]
    assert kinds[1] == ("OrderFilled", "LEAD", at(1))
    assert store.root(OB) == store.root(CAUSE) == 2
    assert store.root("nothing") is None
    store.put(records()[-1:])
    with store._engine.connect() as connection:
        assert connection.execute(select(ORDERS.c.filled).where(ORDERS.c.client == OA)).scalar() == 1


def test_money_stays_exact(store: Store) -> None:
    story = list(STORY)
    tiny = Decimal("0.1000000000000000055511151231257827")
    from msgspec.structs import replace

    story[1] = (replace(STORY[1][0], price=tiny), [])
    store.put(records(story))
    with store._engine.connect() as connection:
        assert connection.execute(select(FILLS.c.price).where(FILLS.c.fill == "1")).scalar() == tiny


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.tuples(st.integers(0, len(STORY)), st.integers(1, 6)), max_size=6))
def test_draining_the_same_entries_again_changes_nothing(store: Store, cuts: list[tuple[int, int]]) -> None:
    everything = records()
    with store._engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    for wish, count in cuts:  # batches that begin anywhere at or before the mark
        start = min(wish, store.stored_seq())
        store.put(everything[start : start + count])
    for record in everything[store.stored_seq() :]:
        store.put([record])
    once = dump(store)
    store.put(everything)
    store.put(everything[3:6])
    assert dump(store) == once
    assert [row[0] for row in once["journal"]] == [record.seq for record in everything]
    assert [row[:2] for row in once["fills"]] == [("A", "2"), ("A", "3"), ("LEAD", "1")]


def test_checkpoints_are_found_by_what_they_hold(store: Store) -> None:
    assert store.checkpoint(100) is None
    store.put([], Checkpoint(3, b"three"))
    store.put(records(), Checkpoint(7, b"seven"))
    store.put([], Checkpoint(7, b"again"))
    assert store.checkpoint(100) == (7, b"seven")
    assert store.checkpoint(6) == (3, b"three")
    assert store.checkpoint(2) is None


def test_an_entry_of_a_newer_version_is_kept_as_it_is(store: Store) -> None:
    odd = Record(1, b"\x93\x01\x91\xa5Never\x90")
    store.put([odd])
    assert list(store.read()) == [odd]
    with store._engine.connect() as connection:
        assert connection.execute(select(JOURNAL.c.kind, JOURNAL.c.at)).one() == ("unreadable", None)


def test_what_the_log_lost_is_set_aside(store: Store) -> None:
    store.put(records(), Checkpoint(10, b"late"))
    assert store.retire(6) == len(STORY) - 5
    assert store.stored_seq() == 5
    assert list(store.read()) == records()[:5]
    assert store.checkpoint(100) is None
    store.put(records()[5:7])
    with store._engine.connect() as connection:
        assert len(connection.execute(select(RETIRED)).all()) == len(STORY) - 5


def test_migrations_make_the_tables_that_the_code_names(store: Store) -> None:
    store.prepare()  # a second start changes nothing
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found = [step for step in compare_metadata(context, METADATA) if "alembic_version" not in str(step)]
        assert found == []
        reflected = MetaData()
        reflected.reflect(connection)
        for table in METADATA.sorted_tables:
            assert [c.name for c in reflected.tables[table.name].columns] == [c.name for c in table.columns]


def test_a_database_that_is_away_is_transient_and_tells_no_secret() -> None:
    store = Store("postgresql://lockstep:hunter2@127.0.0.1:1/none")
    with pytest.raises(TransientError) as caught:
        store.stored_seq()
    assert "does not answer" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    store.close()


def test_a_locked_sqlite_file_is_transient(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'journal.db'}?timeout=0.05")
    store.prepare()
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransientError, match="locked"):
        store.put(records())
    other.execute("ROLLBACK")
    other.close()
    store.put(records())
    assert store.stored_seq() == len(STORY)
    store.close()


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite-but-not:///x", "postgresql://h:port/x"])
def test_an_address_that_is_none_says_what_to_edit(url: str) -> None:
    with pytest.raises(ConfigError, match=r"storage\.database"):
        Store(url)


def test_a_second_order_is_traced_to_the_fill_that_began_it(store: Store) -> None:
    story = list(STORY[:7])
    second, third = order_id("fill:2#1", A), order_id("end:x#2", A)
    story[5] = (story[5][0], [SendLots(cause="fill:2#1", lots=((second, A, NQ, -3),))])
    story[6] = (story[6][0], [SendLots(cause=f"end:{second}#2", lots=((third, A, NQ, -3),))])
    store.put(records(story))
    assert store.root(third) == store.root(second) == store.root(CAUSE) == 2


def test_fan_outs_that_share_a_cause_are_sent_in_their_order(store: Store) -> None:
    sends = [SendLots(cause="act:k#1", lots=((order_id("act:k#1", name), name, NQ, 1),)) for name in (B, A)]
    told = [
        OrdersSent(at=at(2 + number), cause="act:k#1", heard_at=at(2), offsets_us=(5,)) for number in range(len(sends))
    ]
    store.put(records([(STORY[9][0], [*sends]), *((one, []) for one in told)]))
    with store._engine.connect() as connection:
        rows = connection.execute(select(ORDERS.c.account, ORDERS.c.sent_at).order_by(ORDERS.c.sent_at)).all()
    assert rows == [("B", at(2.000005)), ("A", at(3.000005))]
