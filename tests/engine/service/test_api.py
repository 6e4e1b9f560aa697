"""The control API over real sockets: rights, refusals, acts once, the event stream."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
import structlog
from msgspec.structs import replace
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.api.client import EngineClient, EngineError
from engine.api.notices import ActTold, CopyTold, Message, Notice, Snapshot, StatusTold
from engine.api.requests import FlattenAsk, PauseAsk, SizeAsk
from engine.api.views import ActState
from engine.cli.whatif import text
from engine.domain.decision import Severity
from engine.errors import ConfigError, TransientError
from engine.runtime.clock import SystemClock
from engine.runtime.link import LinkServer
from engine.service import stream as stream_module
from engine.service.address import listen
from engine.service.clerk import log_notices
from engine.service.run import serve
from tests.clock import HandClock
from tests.engine.service.conftest import Office, heard
from tests.engine.service.hot import TOKEN, A, Hot


async def test_a_trade_that_nobody_made(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    view = await office.get("/v1/whatif", side="sell", quantity=3, symbol="nq", stop="120t")
    assert (view["symbol"], view["quantity"], view["leaders"][0]["after"]) == ("NQZ6", -3, -1)
    assert (view["distance"], view["leaders"][0]["stop"]) == ("30.00", "20030.00")
    cells = {line["account"]: (line["has"], line["exact"], line["send"], line["later"]) for line in view["lines"]}
    assert cells == {"A": (2, "-1.0000", -2, -1), "B": (1, "-0.5000", -1, 0)}
    assert office.clerk.projection.state.leaders["LEAD"].stands["NQZ6"].net == 2
    client = EngineClient(office.url, office.token)
    typed = await client.whatif("buy", 1, "NQ", "30", "B")
    assert [(line.account, line.send, line.at_risk) for line in typed.lines] == [("B", 0, 600)]
    for query, said in (
        ({"side": "hold"}, "side"),
        ({"quantity": 0}, "quantity"),
        ({"stop": "far"}, "stop far: write points such as 30, or ticks such as 120t"),
        ({"symbol": "GC"}, "symbol GC: no contract of it was traded here yet"),
        ({"scope": "nobody"}, "no account, group or #tag named 'nobody'"),
    ):
        asked = {"side": "buy", "quantity": 1, "symbol": "NQ", **query}
        response = await office.http.get("/v1/whatif", params=asked)
        assert response.status_code == 400
        assert said in response.json()["error"]
    await client.close()
    shown = "\n".join(text(typed))
    assert "B        NQZ6    +1     1.5   +0     +1    600" in shown
    assert shown.endswith("at risk to the stop in all: 600\nNothing was sent.")


async def test_the_first_look_after_a_copy(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    hot.link.pulse(hot.pulse())
    async with office.stream() as line:
        while (await heard(line, "snapshot"))["status"]["seq"] < 13:
            break
    office.clerk.step()
    status = await office.get("/v1/status")
    assert (status["word"], status["copying"], status["followers"]) == ("COPYING", 2, 2)
    assert status["leaders"] == ["LEAD  long 2 NQZ6"]
    assert status["day_profit"] == "-15.00"
    (copy,) = await office.get("/v1/copies")
    assert copy["what"] == "BUY 2 NQZ6"
    lines = {line["account"]: line for line in copy["lines"]}
    assert (lines["A"]["status"], lines["A"]["filled"], lines["B"]["filled"]) == ("ok", 2, 1)
    assert lines["A"]["slip_ticks"] == "1.00"
    assert lines["A"]["lag_ms"] in (0.15, 0.16)
    assert lines["A"]["ack_ms"] == pytest.approx(50, abs=0.3)
    assert await office.get("/v1/copies", failed=True) == []
    assert [view["id"] for view in await office.get("/v1/accounts", scope="#tA")] == ["A"]
    assert (await office.get("/v1/accounts/A"))["legs"][0]["have"] == 2
    assert await office.get("/v1/orders") == []
    text = (await office.get(f"/v1/receipts/{lines['A']['client']}"))["text"]
    assert "leader +2 gives +2" in text
    assert "slippage 1.00 ticks worse" in text


REFUSALS = [
    ("/v1/status?scope=nobody", 400, "there are LEAD, A, B, MAIN"),
    ("/v1/accounts/Z", 404, "no account is named Z"),
    ("/v1/copies?limit=0", 400, "limit"),
    ("/v1/copies?limit=9999", 400, "limit"),
    ("/v1/acts/none", 404, "no act has the key none"),
    ("/v1/receipts/none", 404, "no order and no copy"),
    ("/v1/nothing", 404, "Not Found"),
]


async def test_a_refusal_is_one_line(office: Office) -> None:
    for path, status, word in REFUSALS:
        response = await office.http.get(path)
        assert response.status_code == status, path
        assert list(response.json()) == ["error"]
        assert word in response.json()["error"]
        assert "\n" not in response.json()["error"]


WRONG = [
    ({"type": "dance", "key": "k", "by": "ann"}, "dance"),
    ({"type": "pause", "key": "k", "by": "ann", "untill": None}, "untill"),
    ({"type": "pause", "key": "", "by": "ann"}, "key"),
    ({"type": "pause", "key": "k", "by": "ann", "who": "x" * 121}, "who"),
    ({"type": "pause", "key": "k", "by": ""}, "by"),
    ({"type": "pause", "key": "k", "by": "ann", "until": "2020-01-01T00:00:00Z"}, "until"),
    ({"type": "size", "key": "k", "by": "ann", "factor": "-1"}, "factor"),
    ({"type": "size", "key": "k", "by": "ann", "factor": "NaN"}, "factor"),
    ({"type": "close", "key": "k", "by": "ann", "quantity": 0}, "quantity"),
    ({"type": "close", "key": "k", "by": "ann", "symbol": "NQ"}, "nobody in the scope holds NQ"),
    ({"type": "pause", "key": "k", "by": "ann", "scope": "LEAD"}, "acts are for followers"),
    ({"type": "pause", "key": "k", "by": "eve"}, "not Eve"),
]


async def test_a_wrong_ask_changes_nothing(office: Office, hot: Hot) -> None:
    before = hot.log.next_seq
    for ask, word in WRONG:
        response = await office.act(**ask)
        assert response.status_code == 400, response.text
        assert word in response.json()["error"]
    assert hot.log.next_seq == before


async def test_only_who_knows_the_token_is_let_in(office: Office) -> None:
    async with httpx.AsyncClient(base_url=office.url, trust_env=False) as stranger:
        for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": office.token}):
            response = await stranger.get("/v1/status", headers=headers)
            assert response.status_code == 401
            assert "api.json" in response.json()["error"]
        assert (await stranger.post("/v1/acts", json={})).status_code == 401
        assert (await stranger.get("/schema")).status_code == 200
        document = (await stranger.get("/v1/openapi.json")).json()
        assert "/v1/acts" in document["paths"]
        assert "POST /v1/acts" in (await stranger.get("/schema")).text
    url = office.url.replace("http", "ws") + "/v1/events"
    with pytest.raises(InvalidStatus):
        await connect(url, proxy=None)


async def test_another_sites_name_for_this_computer_is_refused(office: Office) -> None:
    response = await office.http.get("/v1/status", headers={"Host": "evil.example:7483"})
    assert response.status_code == 421
    port = office.url.rsplit(":", 1)[1]
    assert (await office.http.get("/v1/status", headers={"Host": f"localhost:{port}"})).status_code == 200


async def test_an_act_happens_once_for_each_key(office: Office, hot: Hot) -> None:
    asks = [office.act(type="pause", key="k1", by="ann", scope="MAIN", reason="news") for _ in range(5)]
    answers = await asyncio.gather(*asks)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    view = answers[0].json()
    assert (view["state"], view["scope"], view["reason"]) == ("proven", "MAIN", "news")
    assert [act.key for act in hot.acts] == ["k1"]
    assert (await office.act(type="pause", key="k1", by="bob")).json()["by"] == "ann"
    other = await office.act(type="flatten", key="k1", by="ann")
    assert other.status_code == 409
    assert "use a new key" in other.json()["error"]
    assert await office.get("/v1/acts/k1") == view


async def test_two_people_of_one_name_have_a_pause_each(office: Office) -> None:
    for who, until in (("p1", "2036-01-01T10:00:00Z"), ("p2", "2036-01-01T09:00:00Z")):
        await office.act(type="pause", key=who, by="Luis", who=who, scope="A", until=until)
    holds = (await office.get("/v1/accounts/A"))["holds"]
    assert [(one["by"], one["who"], one["until"]) for one in holds] == [
        ("Luis", "p1", "2036-01-01T10:00:00Z"),
        ("Luis", "p2", "2036-01-01T09:00:00Z"),
    ]


async def test_an_act_of_an_earlier_life_is_not_run_again(office: Office, hot: Hot, tmp_path: Path) -> None:
    await office.act(type="pause", key="k1", by="ann")
    while office.clerk.drain.stored_seq < hot.log.next_seq - 1:
        await asyncio.to_thread(office.clerk.drain.step)
    await office.close()
    hot.log.checkpoint(hot.desk.checkpoint())
    await hot.link.close()
    hot.link = LinkServer(TOKEN, hot.take)
    again = Office(tmp_path, hot)
    await again.open()
    assert again.token == office.token
    assert (await again.act(type="pause", key="k1", by="ann")).json()["state"] == "proven"
    again.clerk.projection.acts.acts.clear()  # as if it were long ago
    before = hot.log.next_seq
    view = (await again.act(type="pause", key="k1", by="ann")).json()
    assert (view["state"], view["key"]) == ("proven", "k1")
    assert (await again.get("/v1/acts/k1"))["state"] == "proven"
    assert hot.log.next_seq == before
    await again.close()


async def test_a_version_that_is_stale_for_the_scope_is_refused(office: Office, hot: Hot) -> None:
    seen = (await office.get("/v1/status"))["version"]
    assert (await office.act(type="pause", key="k1", by="ann", scope="A", version=seen)).status_code == 202
    stale = await office.act(type="flatten", key="k2", by="ann", scope="A", version=seen)
    assert stale.status_code == 409
    assert "look again" in stale.json()["error"]
    assert (await office.act(type="size", key="k3", by="ann", scope="B", version=seen, factor="0.5")).status_code == 202
    assert [act.key for act in hot.acts] == ["k1", "k3"]
    fresh = (await office.http.post("/v1/preview", json={"type": "flatten", "key": "x", "by": "ann"})).json()
    assert (await office.act(type="flatten", key="k4", by="ann", version=fresh["version"])).status_code == 202


async def test_previews_change_nothing(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    before = hot.log.next_seq
    flat = (await office.http.post("/v1/preview", json={"type": "flatten", "key": "x", "by": "ann"})).json()
    assert (flat["contracts"], flat["open_profit"], flat["adds_risk"]) == (3, "-15.00", False)
    assert flat["lines"][0] == {
        "account": "A",
        "before": "+2 NQZ6",
        "after": "flat, paused",
        "note": "",
        "orders": ["SELL 2 NQZ6 at market"],
    }
    close = await office.http.post(
        "/v1/preview", json={"type": "close", "key": "x", "by": "a", "symbol": "NQ", "quantity": 1, "scope": "A"}
    )
    assert (close.json()["contracts"], close.json()["lines"][0]["after"]) == (1, "+1 NQZ6")
    size = (await office.http.post("/v1/preview", json={"type": "size", "key": "x", "by": "a", "factor": "2"})).json()
    assert (size["adds_risk"], size["lines"][1]["before"], size["lines"][1]["after"]) == (True, "0.5x", "1x")
    assert hot.log.next_seq == before


async def test_who_is_off_and_the_exact_orders_that_would_mend_it(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    assert (await office.get("/v1/desync")) == {"lines": [], "followers": 2, "offline": []}
    hot.fill(A, -4, "20000.00")
    office.clerk.step()
    (line,) = (await office.get("/v1/desync?scope=A"))["lines"]
    assert (line["account"], line["want"], line["have"], line["state"]) == ("A", 2, -2, "needs a person")
    assert (line["owner"], line["why"]) == ("nobody yet", "desync: holds -2, by hand")
    (leg,) = (await office.get("/v1/accounts/A"))["legs"]
    assert (leg["sync"], leg["owner"]) == ("needs a person", "nobody yet")
    sync = {"type": "sync", "key": "x", "by": "ann", "scope": "A"}
    previews = [
        (await office.http.post("/v1/preview", json={**sync, **way})).json()
        for way in ({}, {"close": True}, {"adopt": True})
    ]
    assert [preview["lines"][0]["orders"] for preview in previews] == [
        ["BUY 4 NQZ6 at market"],
        ["BUY 2 NQZ6 at market"],
        [],
    ]
    assert [preview["adds_risk"] for preview in previews] == [True, False, True]
    wrong = await office.http.post("/v1/preview", json={**sync, "adopt": True, "close": True})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "sync: either adopt or close, not both")
    client = EngineClient(office.url, office.token)
    assert [line.have for line in (await client.desync()).lines] == [-2]
    await client.close()


async def test_the_typed_client_understands_every_answer(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    client = EngineClient(office.url, office.token)
    assert (await client.status()).word == "COPYING"
    assert [view.role for view in await client.accounts()] == ["leader", "follower", "follower"]
    assert (await client.account("A")).size == "1x"
    assert await client.orders() == ()
    assert len(await client.copies()) == 1
    assert (await client.health()).database == "ok"
    assert (await client.preview(FlattenAsk(key="x", by="ann"))).contracts == 3
    assert (await client.send(SizeAsk(key="k", by="ann", factor=0))).state is ActState.PROVEN
    assert (await client.act("k")).kind == "size"
    assert "RECEIPT" in await client.receipt("LEAD:f1")
    with pytest.raises(EngineError, match="look again") as caught:
        await client.send(PauseAsk(key="k9", by="ann", version=1))
    assert caught.value.is_stale
    await client.close()


async def test_the_stream_begins_with_a_snapshot_and_goes_on(office: Office, hot: Hot) -> None:
    async with office.stream() as line:
        first = msgspec.json.decode(await line.recv(), type=Message)
        assert isinstance(first, Snapshot)
        hot.answer(hot.lead(1))
        copy = await heard(line, "copy")
        assert copy["copy"]["what"] == "BUY 1 NQZ6"
        while copy["copy"]["lines"][-1]["status"] != "refused" and not all(
            item["status"] in ("ok", "skipped") for item in copy["copy"]["lines"]
        ):
            copy = await heard(line, "copy")
        await office.act(type="pause", key="k1", by="ann")
        assert (await heard(line, "act"))["act"]["state"] == "proven"
        assert (await heard(line, "status"))["status"]["seq"] > first.seq


async def everything(office: Office, since: int) -> list[Message]:
    """What a reader who resumes is told, to the status that ends the past."""
    async with office.stream(since) as line:
        told: list[Message] = []
        while not told or not isinstance(told[-1], StatusTold):
            told.append(msgspec.json.decode(await asyncio.wait_for(line.recv(), 5), type=Message))
        return told


async def test_a_reader_that_resumes_misses_nothing_wherever_it_was_cut(office: Office, hot: Hot) -> None:
    hot.answer(hot.lead(2))
    await office.act(type="pause", key="k1", by="ann")
    hot.answer(hot.lead(-1))
    office.clerk.step()
    told = await everything(office, 0)
    kinds = [type(message) for message in told]
    assert kinds.count(Notice) == 1
    assert kinds.count(CopyTold) == 2
    assert kinds.count(ActTold) == 1
    assert [message.seq for message in told] == sorted(message.seq for message in told)
    for cut in range(len(told) - 1):
        rest = await everything(office, told[cut].seq)
        missing = [m for m in told[cut + 1 : -1] if msgspec.structs.replace(m, seq=0) not in
                   [msgspec.structs.replace(r, seq=0) for r in rest]]  # fmt: skip
        assert missing == []
    beyond = await office.stream(10_000)
    assert json.loads(await beyond.recv())["type"] == "snapshot"
    await beyond.close()


async def test_a_slow_reader_is_dropped_and_nobody_waits(
    office: Office, hot: Hot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "MOST", 20)
    async with office.stream() as quick:
        await heard(quick, "snapshot")
        before = set(office.clerk.stream.readers)
        slow = await office.stream()
        assert json.loads(await slow.recv())["type"] == "snapshot"
        slow.transport.pause_reading()
        notice = Notice(seq=1, at=hot.at, code="x", severity="P5", text="x" * 200_000)
        for _ in range(300):
            office.clerk.stream.tell([notice])
            await heard(quick, "notice")
            if office.clerk.stream.readers == before:
                break
        assert office.clerk.stream.readers == before
        slow.transport.resume_reading()
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(drained(slow), 5)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4008
        await slow.close()


async def drained(line: ClientConnection) -> None:
    while True:
        await line.recv()


async def test_when_the_hot_process_is_away_the_api_says_so_and_ends(office: Office, hot: Hot) -> None:
    office.clerk.link.close()
    office.clerk.link.lost.set()
    response = await office.http.get("/v1/status")
    assert response.status_code == 503
    assert "hot process is away" in response.json()["error"]
    assert office.running is not None
    await asyncio.wait_for(office.running, 5)
    office.running = None
    await office.http.aclose()


async def test_a_taken_port_names_the_setting(office: Office, hot: Hot) -> None:
    port = int(office.url.rsplit(":", 1)[1])
    settings = msgspec.structs.replace(office.settings, api_port=port)
    with pytest.raises(ConfigError, match=rf"engine\.api_port: port {port} is taken"):
        await serve(settings, SystemClock(), "1", patience_s=0)


async def test_a_port_that_the_clerk_before_us_still_leaves_is_waited_for(office: Office) -> None:
    clock = HandClock()
    with listen("127.0.0.1", 0) as before:
        settings = msgspec.structs.replace(office.settings, api_port=before.getsockname()[1])
        waiting = asyncio.create_task(serve(settings, clock, "1"))
        await clock.turn(1.0)
        assert not waiting.done()
    await clock.turn(0.2)
    async with asyncio.timeout(10):
        while office.clerk.link.is_up:  # the new clerk has taken its place  # noqa: ASYNC110
            await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_hot_process_that_is_not_there_is_transient(tmp_path: Path, office: Office) -> None:
    settings = msgspec.structs.replace(office.settings, link_port=1, api_port=0)
    with pytest.raises(TransientError, match="does not answer"):
        await serve(settings, SystemClock(), "1")


async def test_a_database_that_is_away_is_said_in_health_and_stops_nothing(
    office: Office, hot: Hot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise TransientError("the database does not answer: gone")

    monkeypatch.setattr(office.clerk.store, "put", away)
    hot.answer(hot.lead(2))
    await asyncio.to_thread(office.clerk.drain.step)
    office.clerk.step()
    health = await office.get("/v1/health")
    assert health["database"] == "the database does not answer: gone"
    assert health["journal_seq"] > health["stored_seq"]
    assert len(await office.get("/v1/copies")) == 1


async def test_a_fault_of_ours_is_one_line_outside_and_whole_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(office.clerk, "status", broken)
    with structlog.testing.capture_logs() as said:
        response = await office.http.get("/v1/status")
    assert response.status_code == 500
    assert response.json() == {"error": "a fault in the control API: ZeroDivisionError; see the log"}
    assert isinstance(next(line for line in said if line["event"] == "fault")["exc_info"], ZeroDivisionError)


def test_what_people_should_know_stands_in_the_log_as_well() -> None:
    """Without a terminal there is no card: a refused login is one line of the log. What was told long ago is not said again."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    worst = Notice(seq=1, at=now, code="broker.down", severity=Severity.P1, text="apex: login refused", account="A")
    mild = Notice(seq=2, at=now, code="broker.up", severity=Severity.P4, text="apex is back")
    old = replace(worst, at=now - timedelta(hours=1))
    with capture_logs() as logs:
        log_notices([old, worst, mild], now - timedelta(seconds=30))
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("apex: login refused", "error"),
        ("apex is back", "info"),
    ]
