"""Refusals that pile up: counted by whoever was refused, news at three and at every doubling, forgotten after ten minutes."""

from datetime import UTC, datetime, timedelta

from bot.core.denial import LONGEST, MOST, Denials

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def take(denials: Denials, *seconds: float, who: str = "max") -> list[int]:
    return [denials.take(who, NOW + timedelta(seconds=at)) for at in seconds]


def test_the_third_is_news_and_then_every_doubling() -> None:
    assert take(Denials(), *range(13)) == [0, 0, 3, 0, 0, 6, 0, 0, 0, 0, 0, 12, 0]


def test_what_is_ten_minutes_old_does_not_count() -> None:
    assert take(Denials(), 0, 1, 600) == [0, 0, 0]
    assert take(Denials(), 0, 1, 599) == [0, 0, 3]
    assert take(Denials(), 0, 1, 2, 700, 701, 702) == [0, 0, 3, 0, 0, 3]


def test_each_person_is_counted_alone() -> None:
    denials = Denials()
    assert take(denials, 0, 1) + take(denials, 2, 3, who="eve") + take(denials, 4) == [0, 0, 0, 0, 3]


def test_a_crowd_of_strangers_fills_no_memory() -> None:
    denials = Denials()
    for number in range(MOST * 3):
        denials.take(f"tg:{number}", NOW)
    take(denials, *[0] * LONGEST * 2)
    assert len(denials._times) == MOST
    assert max(map(len, denials._times.values())) == LONGEST
