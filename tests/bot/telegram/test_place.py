"""Addresses and what Telegram takes: a storm never breaks the service's rules, and what is urgent never waits for it."""

import itertools

import pytest

from bot.chats.telegram.place import Place, budget, place_of
from bot.core.chat import Priority, UnreachableError
from bot.core.post import Post
from engine.api import Value


class Item(Value, frozen=True):
    id: int


@pytest.mark.parametrize("address", ["telegram:@77", "telegram:-1001", "telegram:-1001/45"])
def test_an_address_is_read_as_it_is_written(address: str) -> None:
    assert place_of(address).address == address


def test_what_is_no_address_of_telegram_is_no_place() -> None:
    assert place_of("telegram:@77") == Place(chat=77)
    with pytest.raises(UnreachableError):
        place_of("telegram:desk")


def left(chat: str, seconds: int) -> list[tuple[float, int]]:
    """When what left, of a storm of everything with something urgent every twelve seconds."""
    post: Post[Item] = Post(budget)
    number, sent = itertools.count(1), []
    for number_of in range(200):
        post.add(Item(id=next(number)), chat, "", (Priority.ANSWER, Priority.STATUS, Priority.REST)[number_of % 3])
    urgent: dict[int, float] = {}
    for tick in range(seconds * 10):
        now = 1000 + tick / 10
        if tick % 120 == 50:
            item = Item(id=next(number))
            urgent[item.id] = now
            post.add(item, chat, "", Priority.URGENT)
        found = post.next(now)
        if found is not None:
            sent.append((now, found[1].id))
            post.done(chat)
            if found[1].id in urgent:
                assert now - urgent[found[1].id] <= 1.2
    assert len([one for one in sent if one[1] in urgent]) == len(urgent)
    return sent


@pytest.mark.parametrize(("chat", "a_minute"), [("telegram:-1001", 20), ("telegram:@77", 60)])
def test_a_storm_stays_within_the_rules_and_lets_the_urgent_through(chat: str, a_minute: int) -> None:
    times = [at for at, _ in left(chat, 180)]
    assert all(after - before >= 1.0 for before, after in itertools.pairwise(times))
    for start in times:
        assert sum(start <= at < start + 60 for at in times) <= a_minute
