"""What the rows of approvals hold."""

from contextlib import suppress
from datetime import UTC, datetime

from bot.core.dialogue import Intent, Seat
from bot.storage.approval import NAME, Approval, ApprovalStore, Waiting
from bot.storage.database import Database
from bot.storage.table import APPROVAL

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
REASONED = "break-glass: the firm raised the limit by telephone"


def test_whoever_ended_it_fits_its_column_in_every_database() -> None:
    store = ApprovalStore(Database("sqlite://"))
    asked = Approval(
        id="R1",
        intent=Intent(),
        preview=None,
        seat=Seat(person="luis", chat="tg:@luis"),
        asker="Luis",
        reason="",
        state=Waiting.ASKED,
        made_at=AT,
        due=AT,
    )
    store.put(asked)
    assert store.end(asked, Waiting.DENIED, REASONED)
    assert not store.end(asked, Waiting.EXPIRED, "Ana")
    with store.database.begin() as connection:
        kept = connection.execute(APPROVAL.select()).one().ended_by
    assert (NAME, len(kept)) == (getattr(APPROVAL.c.ended_by.type, "length", 0), NAME)


def test_a_transaction_within_another_is_a_part_of_it() -> None:
    store = ApprovalStore(Database("sqlite://"))
    with suppress(ZeroDivisionError), store.database.begin():
        with store.database.begin() as connection:
            connection.exec_driver_sql("insert into pref (owner, key, value) values ('a', 'b', 'c')")
        assert 1 / 0
    with store.database.begin() as connection:
        assert connection.exec_driver_sql("select count(*) from pref").scalar_one() == 0
