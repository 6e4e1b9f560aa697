"""What a bot that runs for years leaves in its database."""

from datetime import timedelta

from sqlalchemy import func, select

from bot.core.card import Card
from bot.core.chat import Message
from bot.storage.outbox import OutboxStore
from bot.storage.table import ALERT, ALERT_GROUP, OUTBOX, POST, THREAD
from bot.storage.thread import Place, ThreadStore
from engine.api import Severity
from tests.bot.office import DESK, Office


async def test_rows_that_nobody_asks_for_any_more_go() -> None:
    office = Office()
    alerts, clock = office.controller.alerts, office.clock
    rows = OutboxStore(office.database)
    old = rows.put(Message(chat=DESK, card=Card(title="old", ref="old")), "tg", clock.now())
    rows.shown(old, "m1", "hash", clock.now())
    waiting = rows.put(Message(chat=DESK, card=Card(title="waits", ref="waits")), "tg", clock.now())
    ThreadStore(office.database).put(
        DESK, "alert:1", Place(place="tg:-1/9", name="A-1", is_shut=True, made=1), clock.now()
    )
    number = alerts.raise_own("copy.reject", Severity.P2, "refused", account="ALPHA")
    await office.say(f"/resolve A-{number} done")
    clock.jump(timedelta(days=100).total_seconds())
    for store in office.controller.sweeper._stores:
        store.sweep(clock.now())
    assert [one.id for one in rows.waiting("tg")] == [waiting.id]
    with office.database.begin() as connection:
        left = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (OUTBOX, POST, THREAD, ALERT, ALERT_GROUP)
        }
    assert left == {"outbox": 1, "post": 0, "thread": 0, "alert": 0, "alert_group": 0}
