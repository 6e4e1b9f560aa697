"""Holds: whose they are is told by the person, not by the name that is shown; who has none is told by the name, as ever."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.command import Command, Flatten, Off, Pause, PlanPause, Resume
from engine.domain.due import NewsBegan, NewsEnded
from engine.domain.event import PersonActed
from engine.domain.hold import Hold
from engine.domain.timetable import NewsAction
from tests.engine.domain.model import Stage
from tests.engine.domain.test_timed import A, answer, staged

LUIS, OTHER = "p-1", "p-2"  # two people, both called Luis


def act(stage: Stage, who: str, command: Command, key: str = "", by: str = "Luis") -> None:
    wish: Any = msgspec.structs.replace(command, who=who) if who else command
    stage.count += 1
    stage.tell(PersonActed(at=stage.at, key=key or f"act{stage.count}", by=by, command=wish))


def ends(stage: Stage) -> list[tuple[object, object]]:
    return [(hold.who, hold.until) for hold in stage.copier(A).holds]


def test_two_people_of_one_name_have_a_pause_each() -> None:
    stage = staged()
    late, soon = stage.at + timedelta(hours=1), stage.at + timedelta(minutes=15)
    act(stage, LUIS, Pause(accounts=(A,), until=late, reason="lunch"))
    act(stage, OTHER, Pause(accounts=(A,), until=soon), "soon")
    assert answer(stage, "soon").startswith("act.proven: paused until")
    assert ends(stage) == [(LUIS, late), (OTHER, soon)]
    assert [hold.by for hold in stage.copier(A).holds] == ["Luis", "Luis"]
    act(stage, OTHER, Pause(accounts=(A,)), "for good")
    assert (LUIS, late) in ends(stage)
    act(stage, LUIS, Pause(accounts=(A,), until=soon), "shorter", by="Luis + Ana")
    assert "paused already until" in answer(stage, "shorter")
    act(stage, OTHER, Resume(accounts=(A,)))
    assert ends(stage) == []


def test_flattens_and_offs_of_two_people_of_one_name_stand_beside_each_other() -> None:
    stage = staged()
    for who in (LUIS, OTHER):
        act(stage, who, Off(accounts=(A,), reason=f"off {who}"))
        act(stage, who, Flatten(accounts=(A,), reason=f"out {who}"))
    assert sorted(hold.reason for hold in stage.copier(A).holds) == ["off p-1", "off p-2", "out p-1", "out p-2"]


@given(st.lists(st.tuples(st.sampled_from([LUIS, OTHER]), st.none() | st.integers(1, 600)), min_size=1, max_size=6))
def test_nobody_ends_a_pause_of_another_by_asking_for_one(asked: list[tuple[str, int | None]]) -> None:
    stage = staged()
    for who, minutes in asked:
        act(stage, who, Pause(accounts=(A,), until=minutes and stage.at + timedelta(minutes=minutes)))
    for who in {who for who, _ in asked}:
        mine = [minutes for one, minutes in asked if one == who]
        (until,) = (end for one, end in ends(stage) if one == who)
        longest = None if None in mine else stage.at + timedelta(minutes=max(filter(None, mine)))
        assert until == longest


def test_a_person_called_as_the_news_calendar_keeps_the_pause_that_they_made() -> None:
    stage = staged()
    act(stage, LUIS, Pause(accounts=(A,), reason="mine"), by="news")
    until = stage.at + timedelta(minutes=15)
    stage.tell(
        NewsBegan(
            at=stage.at, accounts=(A,), due=stage.at, rule="r", until=until, titles=("CPI",), action=NewsAction.PAUSE
        )
    )
    assert sorted(hold.kind for hold in stage.copier(A).holds) == ["news", "person"]
    stage.tell(NewsEnded(at=stage.at, accounts=(A,), due=stage.at, rule="r"))
    assert [hold.reason for hold in stage.copier(A).holds] == ["mine"]


def test_a_planned_pause_stays_the_planners() -> None:
    stage = staged()
    begins = stage.at + timedelta(minutes=5)
    act(stage, LUIS, PlanPause(accounts=(A,), begins=begins, until=begins + timedelta(minutes=5)))
    assert [hold.who for hold in stage.copier(A).planned] == [LUIS]


def test_what_names_nobody_is_written_as_before() -> None:
    hold = Hold("Luis", "person", "lunch", staged().at)
    assert b"who" not in msgspec.msgpack.encode(hold)
    assert b"who" not in msgspec.msgpack.encode(Pause(accounts=(A,)))
    assert b"who" in msgspec.msgpack.encode(Pause(accounts=(A,), who=LUIS))
