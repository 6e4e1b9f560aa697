"""Frames in, facts out, on a line that is made of nothing; and snapshots that come in parts."""

import json

import msgspec
import pytest

from engine.brokers.tradovate.entity import COLLECTIONS
from engine.brokers.tradovate.ledger import Ledger
from engine.brokers.tradovate.stream import Stream
from engine.brokers.tradovate.survey import Sync
from engine.domain.event import AccountRestricted, OrderChanged, OrderFilled, PositionReported, SnapshotTaken
from engine.domain.ids import AccountId
from engine.errors import TransientError
from tests.clock import HandClock
from tests.engine.brokers.tradovate import frames
from tests.engine.brokers.tradovate.frames import answer, entity, event, frame

NAMES = {"DEMO31": AccountId("LEAD")}


class Line:
    """Keeps why it was ended."""

    def __init__(self):
        self.ended = []

    def end(self, reason):
        self.ended.append(reason)


class Desk:
    """Knows one order of ours, number 5."""

    def answer(self, number, status, raw):
        return [] if number == 5 else None

    def is_awaiting(self, account):
        return False

    def recognised(self, account, client, order):
        return []


class Questions:
    def __init__(self):
        self.heard = []

    def answer(self, number, status, raw):
        self.heard.append(number)


@pytest.fixture
async def at():
    class At:
        line, questions, calls = Line(), Questions(), []

        def __init__(self):
            self.ledger = Ledger(NAMES, Desk().is_awaiting)
            self.stream = Stream(self.ledger, Desk(), self.questions, HandClock(), self.calls.append)
            self.stream.attach(self.line)

        def live(self):
            self.stream.go_live([entity("account"), entity("contract"), entity("position")], ["LEAD"])
            return self

    At.line, At.questions, At.calls = Line(), Questions(), []
    return At()


async def test_fills_are_told_before_the_rest_of_their_frame_is_read(at):
    at.live()
    at.calls.clear()
    parts = [
        event("position", netPos=4),
        event("order", "Updated", ordStatus="Filled"),
        event("fill"),
        event("executionReport"),
    ]
    at.stream.on_frame(frame(*parts))
    assert [[type(fact) for fact in call] for call in at.calls] == [[OrderFilled], [OrderChanged, PositionReported]]


async def test_events_before_the_snapshot_are_told_after_it(at):
    at.ledger.take(entity("account"))
    at.ledger.take(entity("contract"))
    at.stream.on_frame(frame(event("order"), event("fill")))
    assert at.calls == []
    at.live()
    assert [type(fact) for call in at.calls for fact in call] == [
        SnapshotTaken,
        AccountRestricted,
        OrderFilled,
        OrderChanged,
    ]


async def test_a_held_fill_that_the_snapshot_holds_is_told_once(at):
    at.stream.on_frame(frame(event("fill")))
    found = [entity(kind) for kind in ("account", "contract", "order", "fill", "position")]
    at.stream.go_live(found, ["LEAD"])
    taken = at.calls[0][0]
    assert taken.fills == ("88001",)
    assert not [fact for call in at.calls for fact in call if isinstance(fact, OrderFilled)]


@pytest.mark.parametrize(
    "bad",
    [b"a[{", b'a{"i":1}', b"a[1]", frame(event("fill", qty="x")), frame(answer(1), event("order", accountId=None))],
)
async def test_what_cannot_be_understood_ends_the_line(at, bad):
    at.live().stream.on_frame(bad)
    assert at.line.ended == ["frame not understood"]


@pytest.mark.parametrize(
    "odd",
    [
        b"h",
        b"x",
        b"",
        frame(),
        frame({"e": "clock", "d": "{}"}),
        frame({"e": "props", "d": {"entityType": "userAchievement", "eventType": "Created", "entity": {"x": 1}}}),
        frame(event("cashBalance", amount="lots of")),
        frame(event("marginSnapshot", totalUsedMargin={})),
    ],
)
async def test_what_does_not_matter_is_passed_over(at, odd):
    at.live()
    at.calls.clear()
    at.stream.on_frame(odd)
    assert at.line.ended == at.calls == []


async def test_answers_go_to_the_desk_or_to_whoever_asked(at):
    at.live().stream.on_frame(frame(answer(5, {"orderId": 1}), answer(6, {}), answer(7, "x", 500)))
    assert at.questions.heard == [6, 7]


async def test_shutdown_and_a_lost_slot_say_why(at):
    at.live().stream.on_frame(frame({"e": "shutdown", "d": {"reasonCode": "Maintenance"}}))
    assert at.stream.shutdown == "Maintenance"
    at.stream.on_frame(frame(answer(6, "slot", 408)))
    assert at.stream.shutdown == "ConnectionQuotaReached"
    at.stream.on_frame(b'c[3000,"Go away!"]')
    assert at.line.ended[-1] == "closed by the server: 3000 Go away!"


async def test_a_name_is_asked_for_as_soon_as_a_fill_waits_for_it(at):
    asked = []
    at.live().stream.on_unnamed = lambda: asked.append(set(at.ledger.unnamed))
    at.stream.on_frame(frame(event("order", contractId=5000), event("fill", contractId=5000)))
    assert asked == [{5000}]
    at.calls.clear()
    at.stream.take([entity("contract", id=5000, name="ESZ6")])
    assert [fact.symbol for call in at.calls for fact in call] == ["ESZ6", "ESZ6"]


def part(**collections):
    return msgspec.Raw(json.dumps({"users": [], "contractGroups": [], **collections}).encode())


async def test_a_split_snapshot_is_whole_when_all_that_was_asked_for_is_there():
    sync = Sync(HandClock(), frozenset(COLLECTIONS))
    names = sorted(COLLECTIONS)
    sync.part(part(**{name: [] for name in names[:6]}))
    assert not sync.done.done()
    sync.part(part(**{name: [] for name in names[6:]}))
    assert sync.done.done()


async def test_without_an_end_mark_quiet_is_the_end():
    clock = HandClock()
    sync = Sync(clock, frozenset(COLLECTIONS))
    sync.tick(1.5)
    sync.part(part(orders=[frames.raw("order")]))
    await clock.turn(1)
    sync.part(part(positions=[], marginSnapshots=[{"id": {}}]))
    await clock.turn(1)
    sync.tick(1.5)
    assert not sync.done.done(), "quiet counts from the last part"
    await clock.turn(1)
    sync.tick(1.5)
    assert sync.done.result() is None
    assert len(sync.found) == 1


@pytest.mark.parametrize(
    "payload", [part(orders=[]), part(errorText="no"), part(fills=[{"id": "?"}]), msgspec.Raw(b"[]")]
)
async def test_a_partial_snapshot_is_none(payload):
    clock = HandClock()
    sync = Sync(clock, frozenset(COLLECTIONS))
    sync.part(payload)
    await clock.turn(5)
    sync.tick(1.5)
    with pytest.raises(TransientError):
        sync.done.result()
