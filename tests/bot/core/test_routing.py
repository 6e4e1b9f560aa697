"""Routing: what was named hears it, nothing is lost, and a P1 cannot be kept from those who must hear it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import Room, RoomKind
from bot.core.route import Mode, Wishes
from bot.core.routing import Spot, closest, destined, is_kind, is_name, spots_of
from bot.core.taxonomy import KINDS
from engine.api import Severity

P1 = Severity.P1
CHATS = st.lists(st.sampled_from([f"tg:-{number}" for number in range(9)]), unique=True).map(tuple)
CODES = st.sampled_from(sorted(KINDS))
FAMILIES = st.sampled_from(sorted({code.partition(".")[0] + "." for code in KINDS}))


@given(st.sampled_from(Severity), CHATS, CHATS, CHATS, CHATS)
def test_what_hears_of_it(
    severity: Severity, default: tuple[str, ...], named: tuple[str, ...], oncall: tuple[str, ...], ops: tuple[str, ...]
) -> None:
    told = destined(severity, default, named, oncall, ops)
    assert len(told) == len(set(told))
    if not named:
        assert told == default
        return
    assert told[: len(named)] == named
    if severity is not P1:
        assert told == named
        return
    assert {*oncall, *ops} <= {*told}
    if not oncall and not ops:
        assert {*default} <= {*told}
    assert not default or told  # whatever is routed where: somebody hears of a P1


@given(CODES, st.dictionaries(CODES | FAMILIES, st.integers(1, 9)))
def test_the_closest_wins(code: str, known: dict[str, int]) -> None:
    family = code.partition(".")[0] + "."
    expected = known[code] if code in known else known.get(family)
    assert closest(known, code) == expected


@given(CODES, st.dictionaries(CODES | FAMILIES, st.sampled_from(Mode)))
def test_a_wish_and_a_route_match_alike(code: str, modes: dict[str, Mode]) -> None:
    assert Wishes(modes=modes).mode(code) is (closest(modes, code) or Mode.ON)


def test_what_may_be_routed() -> None:
    assert all(is_kind(code) and is_kind(code.partition(".")[0] + ".") for code in KINDS if "." in code)
    assert is_kind("trade.")
    assert not any(is_kind(word) for word in ("", ".", "copy", "trade.open", "nothing.", "test", "here"))


@pytest.mark.parametrize(
    ("word", "is_good"),
    [
        ("#trades", True),
        ("#a-1_b", True),
        ("trades", False),
        ("#", False),
        ("#Ü", False),
        ("#ops", False),
        ("#off", False),
    ],
)
def test_what_a_room_may_be_called(word: str, is_good: bool) -> None:
    assert is_name(word) is is_good


def test_a_room_by_name_by_address_by_channel_and_by_what_it_is_for() -> None:
    trades = Spot(room=Room(chat="tg:-1/7", kind=RoomKind.TEAM), name="#trades")
    team = Spot(room=Room(chat="dc:55", kind=RoomKind.TEAM))
    ops = Spot(room=Room(chat="dc:5", kind=RoomKind.OPS))
    spots = (trades, team, ops)
    for word in ("#trades", "trades", "TRADES", "tg:-1/7", "-1/7"):
        assert spots_of(word, spots) == [trades]
    assert spots_of("<#5>", spots) == [ops]
    assert spots_of("ops", spots) == spots_of("#ops", spots) == [ops]
    assert spots_of("team", spots) == [trades, team]
    assert spots_of("nobody", spots) == []
