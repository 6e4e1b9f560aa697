"""Pace: who left his own usual range is told once, noise is not, and a new clerk says the same."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.notices import Notice
from engine.domain.decision import Severity
from engine.domain.event import Accepted, OrderAnswered
from engine.domain.ids import AccountId, BrokerOrderId
from engine.runtime.clock import SystemClock
from engine.service.clerk import Clerk
from engine.service.pace import FILE, OFTEN, Kept, Pace
from engine.service.projection import Projection
from engine.service.setting import ClerkSettings
from engine.service.usual import KEPT, LAST, LEAST, Usual, upper
from engine.storage.tail import Record, read
from tests.engine.service.conftest import Office
from tests.engine.service.hot import A, B, Hot

THREE = (A, B, AccountId("C"))


# ---- one measure


def feed(usual: Usual, values: list[float], measure: str = "fill") -> int:
    return sum(usual.take(measure, value) for value in values)


def steady(count: int = LEAST + LAST, around: float = 40.0) -> list[float]:
    return [around + place % 7 for place in range(count)]


def test_nothing_is_said_on_too_little() -> None:
    assert feed(Usual(), [40.0] * (LEAST - 1) + [900.0] * LAST) == 0
    assert feed(Usual(), [40.0] * LEAST + [900.0] * LAST) == 1


def test_it_is_told_once_until_it_is_over_and_what_was_slow_is_not_usual() -> None:
    usual = Usual()
    assert feed(usual, steady()) == 0
    before = usual.bound("fill")
    for _ in range(5):
        assert feed(usual, [300.0, 310.0]) == 0, "two late copies are none"
        assert feed(usual, [305.0] * 8) == 1
        assert feed(usual, steady(LEAST)) == 0
    assert usual.bound("fill") <= before


def test_what_lasts_becomes_usual() -> None:
    usual = Usual()
    feed(usual, steady())
    assert feed(usual, [300.0 + place % 7 for place in range(LEAST + LAST)]) == 1
    assert not usual.is_slow
    assert feed(usual, [300.0 + place % 7 for place in range(20)]) == 0
    assert feed(usual, [900.0] * 3) == 1


def test_what_is_not_worth_a_word_is_not_said() -> None:
    assert feed(Usual(), steady(LEAST + LAST, 0.2) + [24.0] * LAST) == 0
    assert feed(Usual(), [0.0] * (LEAST + LAST) + [1.0] * LAST, "slip") == 0
    assert feed(Usual(), [0.0] * (LEAST + LAST) + [2.0] * LAST, "slip") == 1


SHAPES: dict[str, Callable[[random.Random], float]] = {
    "bell": lambda dice: dice.gauss(200, 30),
    "exponential": lambda dice: dice.expovariate(1 / 200),
    "heavy": lambda dice: 50 * dice.paretovariate(1.2),
    "log": lambda dice: dice.lognormvariate(5, 0.7),
    "two humps": lambda dice: dice.choice([40, 40, 40, 900]) + dice.random(),
    "ticks": lambda dice: float(dice.choice([0, 0, 0, 1, 1, 2, 4])),
}


@settings(max_examples=3, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def test_noise_of_any_shape_says_something_at_most_once_in_two_thousand_copies(seed: int) -> None:
    dice, count = random.Random(seed), 2_000
    found = {}
    for shape, draw in SHAPES.items():
        usual = Usual()
        found[shape] = feed(usual, [draw(dice) for _ in range(count)], "slip" if shape == "ticks" else "fill")
        assert len(usual.usual) == KEPT
    assert sum(found.values()) <= len(SHAPES), found


@given(st.lists(st.floats(0, 1e5), max_size=300))
def test_memory_is_bounded_and_the_bound_is_never_below_the_middle(values: list[float]) -> None:
    usual = Usual()
    feed(usual, values)
    assert len(usual.usual) <= KEPT
    assert len(usual.aside) < LEAST
    assert not usual.usual or usual.bound("fill") >= upper(usual.usual, 25.0)


# ---- the journal


class Desk(Hot):
    """A hot process whose brokers are as slow as the test says."""

    def copy(self, fill_ms: dict[AccountId, float]) -> None:
        sends = self.lead(1 if self.fills % (2 + 2 * len(fill_ms)) < 1 + len(fill_ms) else -1)
        before = self.seconds
        for client, account, _, quantity in sorted(sends.lots, key=lambda lot: fill_ms[lot[1]]):
            self.seconds = before + 0.01
            taken = Accepted(order=BrokerOrderId(f"b-{client}"))
            self.hear(OrderAnswered(at=self.at, account=account, client=client, outcome=taken))
            self.seconds = before + fill_ms[account] / 1000
            self.fill(account, quantity, "20000", client)
        self.seconds = before + 5


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "journal")
    desk.begin(THREE)
    return desk


def slow(*names: AccountId, ms: float = 400.0) -> dict[AccountId, float]:
    return {name: ms if name in names else 40.0 for name in THREE}


def told(records: list[Record], pace: Pace | None = None) -> tuple[list[Notice], Pace]:
    projection = Projection(pace)
    for record in records:
        projection.fold(record)
    found = [message for message in projection.take() if isinstance(message, Notice) and message.code == "copy.slow"]
    return found, projection.pace


def test_one_slow_account_is_told_by_name_and_a_login_by_its_own(desk: Desk) -> None:
    for _ in range(LEAST + LAST):
        desk.copy(slow())
    for _ in range(6):
        desk.copy(slow(A))
    (alone,), _ = told([*read(desk.log.directory, 1)])
    assert (alone.account, alone.severity) == (A, Severity.P3)
    assert alone.text == (
        "A: to the fill 399.8 ms in the middle of its last 5 copies, usually 39.84, normal up to 64.84 (53 copies)"
    )
    for _ in range(6):
        desk.copy(slow(*THREE))
    for _ in range(6):
        desk.copy(slow())
    _, together = told([*read(desk.log.directory, 1)])[0]
    assert together.account is None
    assert together.text.startswith("login line: 2 of 3 accounts are slow, as ")


def test_often_is_urgent(desk: Desk) -> None:
    for _ in range(LEAST + LAST):
        desk.copy(slow())
    for place in range(OFTEN):
        for _ in range(4):
            desk.copy(slow(THREE[place % 3]))
        for _ in range(LAST):
            desk.copy(slow())
    found, _ = told([*read(desk.log.directory, 1)])
    assert [notice.severity for notice in found] == [Severity.P3] * (OFTEN - 1) + [Severity.P2]
    assert found[-1].at - found[0].at <= timedelta(minutes=10)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_a_new_clerk_tells_the_same_with_the_same_numbers(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = Desk(tmp_path_factory.mktemp("home") / "journal")
    desk.begin(THREE)
    for _ in range(LEAST + LAST):
        desk.copy(slow())
    for names in data.draw(st.lists(st.sets(st.sampled_from(THREE)), max_size=30)):
        desk.copy(slow(*names))
    records = [*read(desk.log.directory, 1)]
    desk.log.close()
    whole, pace = told(records)
    kept_at = data.draw(st.integers(1, len(records)), label="kept at")
    _, early = told(records[:kept_at])
    content = msgspec.msgpack.encode(early.kept)
    again, late = told(records, Pace(msgspec.msgpack.decode(content, type=Kept)))
    assert again == whole
    assert late.kept == pace.kept


async def test_a_notice_outlives_the_clerk_and_is_not_told_twice(tmp_path: Path) -> None:
    hot = Desk(tmp_path)
    office = Office(tmp_path, hot)
    hot.begin()
    await office.open()
    for place in range(LEAST + LAST + 3):
        hot.copy(dict.fromkeys((A, B), 40.0) | ({A: 400.0} if place >= LEAST + LAST else {}))
    while office.clerk.step():
        pass
    (first,) = [
        told for told in office.clerk.projection.missed(0) if isinstance(told, Notice) and told.code == "copy.slow"
    ]
    await office.close()
    assert (tmp_path / FILE).is_file()
    clerk = Clerk(office.settings, office.clerk.clock)
    for record in read(hot.log.directory, 1):
        clerk.projection.fold(record)
    again = [told for told in clerk.projection.missed(first.seq - 1) if isinstance(told, Notice)]
    assert first in again
    assert first not in clerk.projection.missed(first.seq)
    clerk.store.close()
    await hot.close()


def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xc1nonsense")
    clerk = Clerk(ClerkSettings(home=str(tmp_path), link_port=1, link_token="x"), SystemClock())
    assert clerk.projection.pace.kept == Kept()
    clerk.close()
