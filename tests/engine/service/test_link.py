"""The link between the two processes, over a real socket."""

import asyncio
from datetime import UTC, datetime

import pytest

from engine.domain.command import Pause
from engine.domain.ids import AccountId
from engine.errors import TransientError
from engine.runtime.link import Act, Acted, Declined, Hello, LinkServer, Pulse, frame
from engine.service.link import LinkClient

PAUSE = Pause(accounts=(AccountId("A"),))
PULSE = Pulse(at=datetime(2026, 11, 23, tzinfo=UTC), run="r", version="1", up_s=1, seq=5, loop_ms=0.1, events_per_s=0)


class Hot:
    """A hot process that takes every act but those of Eve."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.server = LinkServer("secret", self.take)

    def take(self, act: Act) -> Acted | Declined:
        self.acts.append(act)
        return Declined(ask=act.ask, error="not Eve") if act.by == "eve" else Acted(ask=act.ask, seq=len(self.acts))


@pytest.fixture
async def hot():
    hot = Hot()
    yield hot
    await hot.server.close()


async def joined(hot: Hot, token: str = "secret") -> tuple[LinkClient, asyncio.Queue[Pulse]]:
    pulses: asyncio.Queue[Pulse] = asyncio.Queue()
    client = LinkClient(token, pulses.put_nowait)
    await client.connect(await hot.server.start())
    return client, pulses


async def test_acts_go_up_and_answers_and_pulses_come_down(hot: Hot) -> None:
    client, pulses = await joined(hot)
    answers = await asyncio.gather(client.act("k1", "ann", PAUSE), client.act("k2", "eve", PAUSE))
    assert answers == [Acted(ask=1, seq=1), Declined(ask=2, error="not Eve")]
    assert [(act.key, act.by, act.command) for act in hot.acts] == [("k1", "ann", PAUSE), ("k2", "eve", PAUSE)]
    assert hot.server.is_up
    assert hot.server.pulse(PULSE)
    assert await asyncio.wait_for(pulses.get(), 2) == PULSE
    client.close()


async def test_the_end_of_the_hot_process_is_known_at_once(hot: Hot) -> None:
    client, _ = await joined(hot)
    await client.act("k", "ann", PAUSE)
    await hot.server.close()
    await asyncio.wait_for(client.lost.wait(), 2)
    assert not client.is_up
    with pytest.raises(TransientError, match="hot process is away"):
        await client.act("k", "ann", PAUSE)


async def test_an_answer_that_does_not_come_is_none(hot: Hot) -> None:
    client, _ = await joined(hot)
    await client.act("k", "ann", PAUSE)
    hot.server.asked = lambda act: Acted(ask=0, seq=0)  # an answer to another question
    assert await client.act("k2", "ann", PAUSE, patience_s=0.05) is None
    waiting = asyncio.create_task(client.act("k3", "ann", PAUSE))
    await asyncio.sleep(0)
    client.close()
    assert await waiting is None


@pytest.mark.parametrize(
    "opening",
    [
        frame(Hello(token="guess")),
        frame(Act(ask=1, key="k", by="eve", command=PAUSE)),
        b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x01\xc1",
    ],
)
async def test_a_stranger_is_hung_up_on(hot: Hot, opening: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", await hot.server.start())
    writer.write(opening)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 2)
    assert hot.acts == []
    assert not hot.server.is_up
    writer.close()


async def test_a_new_clerk_takes_the_place_of_the_old(hot: Hot) -> None:
    port = await hot.server.start()
    old, new = LinkClient("secret", lambda _: None), LinkClient("secret", lambda _: None)
    await old.connect(port)
    await old.act("k", "ann", PAUSE)
    await new.connect(port)
    await new.act("k2", "ann", PAUSE)
    await asyncio.wait_for(old.lost.wait(), 2)
    assert hot.server.is_up
    new.close()


async def test_frames_may_arrive_in_any_pieces(hot: Hot) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", await hot.server.start())
    for byte in frame(Hello(token="secret")) + frame(Act(ask=7, key="k", by="ann", command=PAUSE)):
        writer.write(bytes([byte]))
        await writer.drain()
    length = int.from_bytes(await asyncio.wait_for(reader.readexactly(4), 2), "big")
    assert await reader.readexactly(length) == frame(Acted(ask=7, seq=1))[4:]
    writer.close()


async def test_pulses_are_dropped_for_a_clerk_that_does_not_read(hot: Hot) -> None:
    assert not hot.server.pulse(PULSE)
    reader, writer = await asyncio.open_connection("127.0.0.1", await hot.server.start())
    writer.write(frame(Hello(token="secret")) + frame(Act(ask=7, key="k", by="ann", command=PAUSE)))
    await reader.readexactly(4)
    writer.transport.pause_reading()
    fat = Pulse(**{name: getattr(PULSE, name) for name in PULSE.__struct_fields__} | {"journal": "x" * 2**18})
    assert False in {hot.server.pulse(fat) for _ in range(200)}
    writer.close()
