"""Which message leaves next: urgency first, budgets never broken, newest content only, one at a time for a chat."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.core.budget import Budget, Window
from bot.core.post import Post

BUDGET = Budget(chat=((1, 1.0), (20, 60.0)), platform=((30, 1.0),), shares={1: ((14, 60.0),), 3: ((1, 3.0), (6, 60.0))})


@dataclass(frozen=True)
class Item:
    id: int
    text: str = ""


def test_of_two_cards_for_one_place_the_newest_counts() -> None:
    post: Post[Item] = Post(Budget.boundless)
    post.add(Item(1, "old"), "tg:1", "act", 3)
    waiting = post.same("tg:1", "act")
    assert waiting is not None
    post.replace(Item(waiting.id, "new"), "tg:1", "act", 1)
    assert post.next(0.0) == ("tg:1", Item(1, "new"))
    assert post.next(0.0) is None


def test_an_urgent_one_overtakes_but_one_chat_has_one_under_way() -> None:
    post: Post[Item] = Post(Budget.boundless)
    for number in range(50):
        post.add(Item(number), "tg:1", "", 3)
    assert post.next(0.0) == ("tg:1", Item(0))
    post.add(Item(99), "tg:1", "", 0)
    assert post.next(0.0) is None
    post.done("tg:1")
    assert post.next(0.0) == ("tg:1", Item(99))


def test_a_chat_that_was_told_to_wait_delays_no_other() -> None:
    post: Post[Item] = Post(Budget.boundless)
    post.add(Item(1), "tg:1", "", 0)
    post.add(Item(2), "tg:2", "", 3)
    post.close("tg:1", 10.0, is_whole=False)
    assert post.next(0.0) == ("tg:2", Item(2))
    assert post.due(0.0) == 10.0
    assert post.next(9.9) is None
    assert post.next(10.0) == ("tg:1", Item(1))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.floats(0, 20)), max_size=80),
)
def test_no_rule_is_broken_and_everything_leaves(arrivals: list[tuple[str, int, float]]) -> None:
    post: Post[Item] = Post(lambda _: BUDGET)
    sent: list[tuple[float, str, int]] = []
    priorities = {}
    now = 0.0
    for number, (chat, priority, wait) in enumerate(arrivals):
        now += wait
        priorities[number] = priority
        post.add(Item(number), chat, "", priority)
    until = now + 60.0 * (len(arrivals) + 1)
    while len(post) and now < until:
        found = post.next(now)
        if found is None:
            due = post.due(now)
            assert due is not None
            now += max(due, 1e-6)
            continue
        chat, item = found
        sent.append((now, chat, priorities[item.id]))
        post.done(chat)
    assert len(sent) == len(arrivals)
    checked = [(BUDGET.platform, [at for at, _, _ in sent])]
    for chat in "abc":
        checked.append((BUDGET.chat, [at for at, where, _ in sent if where == chat]))
        for least, rules in BUDGET.shares.items():
            checked.append((rules, [at for at, where, priority in sent if where == chat and priority >= least]))
    for rules, times in checked:
        for count, seconds in rules:
            for first, over in zip(times, times[count:], strict=False):
                assert over - first >= seconds - 1e-6


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_a_window_is_free_as_soon_as_its_rules_allow(waits: list[float]) -> None:
    window, now, taken = Window([(3, 10.0)]), 0.0, []
    for wait in waits:
        now += wait
        if window.free_at() <= now:
            window.take(now)
            taken.append(now)
        else:
            assert sum(now - 10.0 < at for at in taken) >= 3


def test_chats_of_one_purse_spend_from_it_together_and_wait_together() -> None:
    post: Post[Item] = Post(lambda chat: Budget(purse=chat.partition("/")[0], chat=((1, 1.0),)))
    post.add(Item(1), "tg:1/7", "", 3)
    post.add(Item(2), "tg:1/8", "", 3)
    post.add(Item(3), "tg:2", "", 3)
    assert post.next(0.0) == ("tg:1/7", Item(1))
    assert post.next(0.0) == ("tg:2", Item(3))
    assert post.next(0.0) is None
    assert post.due(0.0) == 1.0
    post.close("tg:1", 5.0, is_whole=False)
    assert post.due(1.0) == 4.0
    assert post.next(5.0) == ("tg:1/8", Item(2))


def test_what_was_answered_late_counts_from_its_answer() -> None:
    post: Post[Item] = Post(lambda _: Budget(chat=((1, 1.0),)))
    post.add(Item(1), "tg:1", "", 3)
    post.add(Item(2), "tg:1", "", 3)
    assert post.next(0.0) == ("tg:1", Item(1))
    post.done("tg:1", 0.4)  # it may have been counted there as late as this
    assert post.next(1.3) is None
    assert post.next(1.4) == ("tg:1", Item(2))


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]), st.integers(0, 3), st.floats(0, 9)),
        max_size=60,
    )
)
def test_all_topics_and_threads_of_a_group_spend_from_one_purse_and_keep_their_order(
    arrivals: list[tuple[str, str, int, float]],
) -> None:
    shared = replace(BUDGET, purse="group")
    post: Post[Item] = Post(lambda _: shared)
    sent: list[tuple[float, str, int]] = []
    now = 0.0
    for number, (chat, lane, priority, wait) in enumerate(arrivals):
        now += wait
        post.add(Item(number), chat, "" if lane else "x", priority if not lane else 3, lane)
    while len(post):
        found = post.next(now)
        if found is None:
            now += max(post.due(now) or 0.0, 1e-6)
            continue
        name, item = found
        sent.append((now, name, item.id))
        post.done(name, now)
    assert len(sent) == len(arrivals)
    for count, seconds in (*BUDGET.chat, *BUDGET.platform):
        times = [at for at, _, _ in sent]
        assert all(over - first >= seconds - 1e-6 for first, over in zip(times, times[count:], strict=False))
    for name in {name for _, name, _ in sent if "#" in name}:
        numbers = [number for _, where, number in sent if where == name]
        assert numbers == sorted(numbers)
        if name.endswith("#x"):  # behind the card that it hangs on
            cards = [place for place, (_, where, _) in enumerate(sent) if where == name.partition("#")[0]]
            assert not cards or max(cards) < min(place for place, (_, where, _) in enumerate(sent) if where == name)
