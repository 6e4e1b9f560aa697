"""Scopes: what a person may write, and what is said where it names nothing."""

import msgspec
import pytest

from engine.service.scope import ScopeError, accounts_of, followers_of, led_of
from tests.engine.service.hot import plan


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("all", ("LEAD", "A", "B")),
        ("B", ("B",)),
        ("b, a", ("A", "B")),
        ("main", ("LEAD", "A", "B")),
        ("#tA", ("A",)),
        ("#ta,B", ("A", "B")),
        ("LEAD", ("LEAD",)),
    ],
)
def test_words_name_accounts_in_the_desks_order(scope: str, found: tuple[str, ...]) -> None:
    assert accounts_of(plan(), scope) == found


@pytest.mark.parametrize("scope", ["", " , ", "C", "#none", "A,C"])
def test_a_word_that_names_nothing_is_refused_with_what_there_is(scope: str) -> None:
    with pytest.raises(ScopeError, match=r"^scope: "):
        accounts_of(plan(), scope)


def test_acts_are_for_followers() -> None:
    assert followers_of(plan(), "all") == ("A", "B")
    with pytest.raises(ScopeError, match="LEAD follows nobody; acts are for followers"):
        followers_of(plan(), "LEAD")


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [("all", {"A", "B"}), ("LEAD", {"A", "B"}), ("main", {"A", "B"}), ("B", {"B"}), ("LEAD,A", {"A"})],
)
def test_a_leader_alone_stands_for_all_who_follow_him(scope: str, wanted: set[str]) -> None:
    assert led_of(plan(), scope) == (("LEAD",), frozenset(wanted))


def test_a_trade_reaches_somebody() -> None:
    lonely = msgspec.structs.replace(plan(), groups=())
    with pytest.raises(ScopeError, match="nobody in it follows; name a group, its leader or a follower"):
        led_of(lonely, "LEAD")
