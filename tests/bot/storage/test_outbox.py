"""The outbox's rows: nothing is lost by a restart, and a card knows its message."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.card import Card
from bot.core.chat import Message, Priority
from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from engine.api import ConfigError

AT = datetime(2026, 11, 23, 14, 30, 0, 123456, tzinfo=UTC)


def test_what_was_not_shown_for_sure_is_there_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'bot.db').as_posix()}"
    base = Database(url)
    store = OutboxStore(base)
    waiting, leased, sent, dead = (
        store.put(Message(chat="telegram:1", card=Card(title=f"card {n}", ref=f"r{n}")), "telegram", AT)
        for n in range(4)
    )
    store.lease(leased)
    store.lease(sent)
    store.shown(sent, "77", "hash", AT)
    store.end(dead, "dead", "kicked", AT)
    store.put(Message(chat="discord:1", card=Card(title="elsewhere")), "discord", AT)
    base.close()

    again = OutboxStore(Database(url))
    left = again.waiting("telegram")
    assert [(parcel.id, parcel.is_doubtful, parcel.attempts) for parcel in left] == [
        (waiting.id, False, 0),
        (leased.id, True, 1),
    ]
    assert left[0].message == waiting.message
    assert left[0].made_at == AT
    assert again.post_of("telegram:1", "r2") == ("77", "hash")
    assert again.ref_of("telegram:1", "77") == "r2"
    assert again.dead() == 1


def test_a_chat_that_moved_takes_its_messages_along_and_shows_cards_anew(tmp_path: Path) -> None:
    store = OutboxStore(Database(f"sqlite:///{(tmp_path / 'bot.db').as_posix()}"))
    shown = store.put(Message(chat="telegram:-1", card=Card(title="a", ref="a")), "telegram", AT)
    store.shown(shown, "5", "hash", AT)
    store.put(Message(chat="telegram:-1", card=Card(title="b"), priority=Priority.URGENT), "telegram", AT)
    store.moved("telegram:-1", "telegram:-100")
    assert store.post_of("telegram:-1", "a") is None
    with store._database.begin() as connection:
        assert connection.exec_driver_sql("select chat from outbox where state = 'waiting'").scalars().all() == [
            "telegram:-100"
        ]


def test_an_address_that_is_none_is_said_in_one_line() -> None:
    with pytest.raises(ConfigError, match="not a sqlite:/// or postgresql:// address"):
        Database("nonsense")


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_secret_is_not_kept_once_it_was_shown_or_given_up(is_shown: bool) -> None:
    database = Database("sqlite://")
    rows = OutboxStore(database)
    now = AT
    for is_secret in (True, False):
        message = Message(chat="tg:@luis", card=Card(title="JBSWY3DPEHPK3PXP"), is_secret=is_secret)
        parcel = rows.put(message, "tg", now)
        assert rows.waiting("tg")[0].message == message
        if is_shown:
            rows.shown(parcel, "7", "", now)
        else:
            rows.end(parcel, "dead", "gone", now)
    with database.begin() as connection:
        kept = [bytes(row.payload) for row in connection.execute(text("select payload from outbox order by id"))]
    assert [b"JBSWY3DPEHPK3PXP" in one for one in kept] == [False, True]
