"""The client over real sockets: typed answers, one-line errors, a stream that resumes."""

import asyncio
from decimal import Decimal

import pytest

from engine.api import ActState, CopyTold, PauseAsk, SizeAsk, Snapshot, StatusTold
from engine.api.client import Address, EngineClient, EngineError, EngineSilentError, age_text
from tests.bot.double import TOKEN, EngineDouble

PATIENCE_S = 10.0
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens


async def no_wait(_: float) -> None:
    await asyncio.sleep(0)


async def test_every_request_is_typed() -> None:
    double = EngineDouble()
    double.copy("c1", 2)
    async with double.serve() as url:
        client = EngineClient(url, TOKEN)
        assert (await client.status()).word == "COPYING"
        assert [view.id for view in await client.accounts("ALPHA,BRAVO")] == ["ALPHA", "BRAVO"]
        assert (await client.account("ALPHA")).balance == Decimal(50_000)
        assert await client.orders() == ()
        assert (await client.copies(1, "all", failed=False))[0].cause == "c1"
        assert (await client.health()).database == "ok"
        assert (await client.receipt("c1/2 ü")).startswith("receipt of c1/2 ü")
        preview = await client.preview(SizeAsk(key="k", by="Ana", scope="ALPHA", factor=Decimal(2)))
        assert (preview.adds_risk, preview.version) == (True, 1)
        assert client.heard_s is not None
        await client.close()


async def test_the_same_key_is_the_same_act() -> None:
    double = EngineDouble()
    async with double.serve() as url:
        client = EngineClient(url, TOKEN)
        ask = PauseAsk(key="k1", by="Ana")
        first, second = await client.send(ask), await client.send(ask)
        assert (first.key, first.state) == (second.key, ActState.ACKED)
        assert len(double.sent) == 1
        assert (await client.act("k1")).kind == "pause"
        await client.close()


async def test_a_refusal_is_one_line_with_its_status() -> None:
    double = EngineDouble()
    async with double.serve() as url:
        client = EngineClient(url, TOKEN)
        with pytest.raises(EngineError, match="no account nobody") as no:
            await client.account("nobody")
        assert (no.value.status, no.value.is_stale, no.value.may_have_arrived) == (404, False, False)
        with pytest.raises(EngineError, match="changed since") as stale:
            await client.send(PauseAsk(key="k", by="Ana", version=99))
        assert stale.value.is_stale
        await client.close()
        stranger = EngineClient(url, "wrong-token")
        with pytest.raises(EngineError) as refused:
            await stranger.status()
        assert refused.value.status == 401
        assert "wrong-token" not in str(refused.value)
        await stranger.close()


@pytest.mark.parametrize("url", [NOWHERE, ""])
async def test_an_engine_that_is_not_there_is_its_own_error(url: str) -> None:
    client = EngineClient(url, TOKEN)
    with pytest.raises(EngineSilentError, match="no answer yet") as silent:
        await client.status()
    assert silent.value.age_s is None
    assert not silent.value.may_have_arrived
    await client.close()


async def test_the_age_of_the_last_answer_is_told() -> None:
    now = [100.0]
    double = EngineDouble()
    async with double.serve() as url:
        client = EngineClient(url, TOKEN, monotonic=lambda: now[0])
        await client.status()
    now[0] += 12
    with pytest.raises(EngineSilentError, match="last answer 12 s ago"):
        await client.status()
    await client.close()


async def test_a_moved_engine_is_found_again() -> None:
    double = EngineDouble()
    async with double.serve() as url:
        client = EngineClient(NOWHERE, "old", find=lambda: Address(url=url, token=TOKEN))
        assert (await client.status()).word == "COPYING"
        stale = EngineClient(url, "old", find=lambda: Address(url=url, token=TOKEN))
        assert (await stale.status()).word == "COPYING"
        await client.close()
        await stale.close()


async def test_the_stream_begins_with_a_snapshot_and_resumes_after_a_break() -> None:
    double = EngineDouble()
    heard: list[str] = []
    lost: list[str] = []
    found: list[None] = []
    more, back = asyncio.Event(), asyncio.Event()

    async def listen() -> None:
        client = EngineClient(double.url, TOKEN, sleep=no_wait)
        async for message in client.events(found=lambda: found.append(None), lost=lost.append):
            match message:
                case Snapshot():
                    heard.append("snapshot")
                case CopyTold():
                    heard.append(message.copy.cause)
                    more.set()
                case StatusTold():
                    back.set()
                    break
        await client.close()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        async with double.serve():
            group.create_task(listen())
            await double.listened.wait()
            double.copy("c1", 1)
            await more.wait()
            seen = double.seq
        double.copy("c2", 1)  # while nobody listened
        async with double.serve():
            await double.listened.wait()
            double.tell(StatusTold(seq=0, status=double.status()))
            await back.wait()
    assert heard == ["snapshot", "c1", "c2"]
    assert double.asked_from == [None, seen]
    assert lost
    assert len(found) == 2


def test_ages_are_short() -> None:
    assert [age_text(age) for age in (0.4, 12, 119, 300, 9000)] == ["0 s", "12 s", "119 s", "5 min", "2 h"]
