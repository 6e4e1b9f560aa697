"""Monitoring of a running engine over real sockets: metrics that a scraper reads, and whether all is well."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from engine.domain.command import Pause
from engine.domain.event import LineLost, OrderAnswered, PersonActed, RefusalKind, Refused
from engine.domain.ids import AccountId, ConnectionId
from engine.service import trouble
from engine.service.metric import AT_ONCE, gather
from tests.engine.service.conftest import Office
from tests.engine.service.hot import Hot
from tests.monitoring import Samples, exported, labelled, labels_of, of, read, tabled


async def scrape(office: Office) -> Samples:
    office.clerk.step()
    response = await office.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(response.text)


async def beat(office: Office, hot: Hot, **changed: object) -> None:
    """A pulse that has arrived."""
    pulse = replace(hot.pulse(), **changed)
    hot.link.pulse(pulse)
    async with asyncio.timeout(5):
        while office.clerk.projection.pulse != pulse:  # noqa: ASYNC110  another socket brings it
            await asyncio.sleep(0.005)


async def test_a_scrape_of_a_running_engine_after_copies(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    hot.answer(hot.lead(-1))
    await beat(office, hot)
    found = await scrape(office)
    assert of(found, "lockstep_engine_up") == 1
    assert of(found, "lockstep_accounts", role="follower", state="live") == 2
    assert of(found, "lockstep_accounts", role="leader", state="live") == 1
    assert of(found, "lockstep_copies_total", result="ok") == len(office.clerk.projection.lineage.orders)
    assert of(found, "lockstep_last_order_seconds_count") == 2
    assert of(found, "lockstep_last_order_seconds_bucket", le="0.0002") == 2  # 160 µs and 150 µs
    assert of(found, "lockstep_copy_stage_seconds_bucket", stage="answer", le="0.05") >= 2
    assert of(found, "lockstep_copy_stage_seconds_bucket", stage="answer", le="0.025") == 0
    assert of(found, "lockstep_connection_up", connection="line", broker="paper") == 1
    assert of(found, "lockstep_connection_round_trip_seconds", connection="line", broker="paper") == 0.012
    assert of(found, "lockstep_engine_loop_delay_seconds") == pytest.approx(0.0002)
    assert of(found, "lockstep_journal_seq") == hot.log.next_seq - 1
    assert of(found, "lockstep_journal_behind_entries") == 0
    assert of(found, "lockstep_journal_bytes") > 1000
    assert of(found, "lockstep_leaders_lost") == 0


async def test_a_refusal_is_counted_by_its_kind_and_its_order_as_refused(office: Office, hot: Hot) -> None:
    client, account, *_ = hot.lead(2).lots[0]
    no = Refused(kind=RefusalKind.ORDER, reason="margin", text="")
    hot.hear(OrderAnswered(at=hot.at, account=account, client=client, outcome=no))
    found = await scrape(office)
    assert of(found, "lockstep_refusals_total", kind="order") == 1
    assert of(found, "lockstep_copies_total", result="refused") == 1
    assert of(found, "lockstep_notices_total", severity="P2") >= 1


async def test_what_an_earlier_clerk_counted_is_not_counted_again(tmp_path: Path, hot: Hot) -> None:
    hot.begin()
    hot.answer(hot.lead(2))
    later = Office(tmp_path, hot)
    await later.open()
    try:
        found = await scrape(later)
        assert not [name for name, _ in found if name == "lockstep_copies_total"]
        hot.answer(hot.lead(1))
        found = await scrape(later)
        assert of(found, "lockstep_copies_total", result="ok") >= 1
    finally:
        await later.close()


async def test_metrics_want_the_token_and_health_tells_details_only_with_it(office: Office, hot: Hot) -> None:
    await beat(office, hot)
    async with httpx.AsyncClient(base_url=office.url, trust_env=False) as stranger:
        for headers in ({}, {"Authorization": "Bearer guess"}):
            assert (await stranger.get("/metrics", headers=headers)).status_code == 401
            answer = await stranger.get("/healthz", headers=headers)
            assert (answer.status_code, answer.text) == (200, "ok\n")
        assert (await stranger.get("/metrics", headers={"Host": "evil.example"})).status_code == 421
        assert (await stranger.get("/healthz", headers={"Host": "evil.example"})).status_code == 421
        line = replace(hot.pulse().lines[0], up=False, text="signed out")
        await beat(office, hot, lines=(line,))
        answer = await stranger.get("/healthz")
        assert (answer.status_code, answer.text) == (503, "1 troubles; ask with the token to read them\n")
        told = await office.http.get("/healthz")
        assert (told.status_code, told.text) == (503, "broker: line (paper) is down: signed out\n")


async def test_every_metric_stands_in_the_table_and_the_other_way_round(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    await beat(office, hot, pid=os.getpid())
    office.clerk.step()
    text = (await office.http.get("/metrics")).text
    assert exported(text) == tabled("Engine")
    table = labels_of("Engine")
    assert all(table[name] == labels for name, labels in labelled(text).items())


async def test_every_trouble_has_its_line(office: Office, hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    await beat(office, hot, loop_ms=1400.0, journal="no disk space for the next journal segment", seq=90_000)
    hot.hear(LineLost(at=hot.at, connection=ConnectionId("line"), reason="gone"))
    hot.seconds += 30
    hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=Pause(accounts=(AccountId("A"),))))
    while office.clerk.step():
        pass
    monkeypatch.setattr(trouble, "LEAST_FREE", 2**70)
    office.clerk.drain.fault = "the database is away"
    lines = trouble.troubles(office.clerk)
    assert [line.partition(":")[0] for line in lines] == ["engine", "leader", "journal", "journal", "database", "disk"]
    assert lines[0] == "engine: its loop stood still for 1.4 s"
    assert lines[1] == "leader: LEAD cannot be heard"
    office.clerk.beat_at -= trouble.STALL_S
    assert trouble.troubles(office.clerk)[0] == "engine: it has said nothing for 5 s"
    found = await scrape(office)
    assert of(found, "lockstep_engine_up") == 0
    assert of(found, "lockstep_leaders_lost") == 1
    assert of(found, "lockstep_accounts", role="leader", state="offline") == 1


async def test_a_thousand_accounts_are_walked_without_holding_the_clerk_up(tmp_path: Path, hot: Hot) -> None:
    names = [AccountId(f"F{number:04}") for number in range(1000)]
    hot.begin(names)
    hot.lead(2)
    office = Office(tmp_path, hot)
    await office.open()
    try:
        while office.clerk.step():
            pass
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        working = asyncio.create_task(other())
        figures = await gather(office.clerk)
        working.cancel()
        assert sum(figures.accounts.values()) == 1001
        assert turns >= 1001 // AT_ONCE - 1  # whoever else wants the clerk has it after a few accounts each time
    finally:
        await office.close()
