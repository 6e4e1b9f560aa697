"""Routing: rooms that hear of a kind of alert instead of those that its severity names; pure, the rooms are handed in."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from bot.core.access import Room, RoomKind
from bot.core.taxonomy import KINDS
from engine.api import Severity, Value

T = TypeVar("T")

COPIES = "trade."  # the cards of copies, which are no alerts
UNASKED = frozenset({RoomKind.BROADCAST, RoomKind.AUDIT})  # nobody is told anything there unasked
HERE, OFF, TEST = "here", "off", "test"
_NAME = re.compile(r"#[a-z0-9_-]{1,24}")
_MENTION = re.compile(r"<#(\d{1,20})>")  # how Discord writes a channel that was picked


class Spot(Value, frozen=True):
    """A bound room and what it is called. ``why_lost`` says why nothing arrives there; empty where it does."""

    room: Room
    name: str = ""  # with its #
    why_lost: str = ""

    @property
    def words(self) -> str:
        """What it is called, else what it is for and where."""
        return self.name or f"{self.room.kind.value} {self.room.chat}"


def family_of(code: str) -> str:
    """The beginning that all codes of a family share, with its dot."""
    return code.partition(".")[0] + "."


def closest(known: Mapping[str, T], code: str) -> T | None:
    """What was set for a code, else for its family."""
    return known.get(code) or known.get(family_of(code))


def is_kind(code: str) -> bool:
    """Say whether something is raised under a code, or under codes that begin so."""
    return code in KINDS or code == COPIES or (code.endswith(".") and any(one.startswith(code) for one in KINDS))


def is_name(word: str) -> bool:
    """Say whether a room may be called so: a # and a word that means nothing else."""
    taken = {HERE, OFF, TEST, *(kind.value for kind in RoomKind)}
    return _NAME.fullmatch(word) is not None and word[1:] not in taken


def destined(
    severity: Severity, default: Sequence[str], named: Sequence[str], oncall: Sequence[str], ops: Sequence[str]
) -> tuple[str, ...]:
    """Chats that hear of something: the named ones, or the default where none of them can be reached.

    A P1 always reaches who is on call and operations as well; where the desk has neither, the default.
    """
    if not named:
        return tuple(default)
    always = ((*oncall, *ops) or tuple(default)) if severity is Severity.P1 else ()
    return tuple(dict.fromkeys((*named, *always)))


def spots_of(word: str, spots: Sequence[Spot]) -> list[Spot]:
    """Rooms that a word may mean: by name, by address, by a picked channel, or by what they are for."""
    wanted = word.lower()
    mention = _MENTION.fullmatch(word)
    if mention is not None:
        return [one for one in spots if one.room.chat.partition(":")[2] == mention[1]]
    name = f"#{wanted.removeprefix('#')}"
    exact = [one for one in spots if wanted in (one.room.chat, one.room.chat.partition(":")[2]) or name == one.name]
    return exact or [one for one in spots if f"#{one.room.kind.value}" == name]
