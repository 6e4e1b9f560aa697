"""A window of the clock over the control API: planned, previewed, listed, taken back; what makes no sense says so."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from engine.api.requests import PlanAsk
from engine.domain.event import TimePassed
from engine.domain.hours import Window
from engine.domain.ids import AccountId
from engine.service.asked import AskError
from engine.service.plan import plan_of
from tests.engine.service.conftest import Office
from tests.engine.service.hot import START, Hot

A = AccountId("A")
CHICAGO = "America/Chicago"
NFP = {"type": "plan", "by": "ann", "opens": "13:25", "closes": "13:45", "zone": CHICAGO, "reason": "NFP"}
FIRST = datetime(2026, 11, 23, 19, 25, tzinfo=UTC)  # 13:25 in Chicago, on the Monday of START


def ask(**fields: object) -> PlanAsk:
    return PlanAsk(**{"key": "k", "by": "ann", "opens": "13:25", "closes": "13:45", "zone": CHICAGO, **fields})  # type: ignore[arg-type]  # of the message


async def preview(office: Office, **fields: object) -> dict:
    answer = await office.http.post("/v1/preview", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_ask_becomes_a_window_on_its_days() -> None:
    assert plan_of(ask(), (A,)).window == Window(opens=time(13, 25), closes=time(13, 45), zone=CHICAGO, weekdays=())
    assert plan_of(ask(days="mon,fri", weekly=True), (A,)).window.weekdays == (0, 4)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"opens": "25:00"}, 'opens, closes, days: write a time such as "08:30", not "25:00"'),
        ({"closes": "13:25"}, "closes: another time than 13:25"),
        ({"days": "someday"}, 'write days such as "mon-fri" or "mon,wed", not "someday"'),
        ({"zone": "Chicago"}, 'zone: write a time zone such as "America/Chicago", not "Chicago"'),
        ({"zone": ""}, "zone: write a time zone"),
    ],
)
def test_what_makes_no_sense_says_what_to_write(fields: dict[str, object], said: str) -> None:
    with pytest.raises(AskError) as caught:
        plan_of(ask(**fields), (A,))
    assert said in str(caught.value)


async def test_a_weekly_plan_is_shown_before_made_listed_while_it_holds_and_taken_back(
    office: Office, hot: Hot
) -> None:
    office.clerk.now = lambda: hot.at  # type: ignore[method-assign]  # the desk's own day
    looked = await preview(office, **NFP, key="p1", scope="all", weekly=True)
    (one, _) = looked["lines"]
    assert one["after"] == "pauses Mon 2026-11-23 13:25-13:45 in America/Chicago, every Mon"
    assert looked["adds_risk"] is False
    made = await office.act(**NFP, key="p1", scope="all", weekly=True)
    again = await office.act(**NFP, key="p1", scope="all", weekly=True)
    assert (made.status_code, again.status_code) == (202, 202), again.text
    assert again.json()["kind"] == "plan"
    assert len(hot.desk.state.copiers[A].planned) == 1
    (planned,) = (await office.get("/v1/news"))["planned"]  # type: ignore[call-overload]  # a table
    assert (planned["plan"], planned["accounts"], planned["by"], planned["reason"]) == ("p1", ["A", "B"], "ann", "NFP")
    assert (planned["weekly"], planned["zone"]) == ([0], CHICAGO)
    assert datetime.fromisoformat(planned["begins"]) == FIRST
    hot.seconds = (FIRST - START).total_seconds()
    hot.hear(TimePassed(at=hot.at))
    (planned,) = (await office.get("/v1/news"))["planned"]  # type: ignore[call-overload]  # as above
    assert (datetime.fromisoformat(planned["begins"]), planned["accounts"]) == (FIRST, ["A", "B"]), "it is under way"
    hot.seconds += 20 * 60
    hot.hear(TimePassed(at=hot.at))
    (planned,) = (await office.get("/v1/news"))["planned"]  # type: ignore[call-overload]  # as above
    begins = datetime.fromisoformat(planned["begins"])
    assert begins.astimezone(ZoneInfo(CHICAGO)).isoformat() == "2026-11-30T13:25:00-06:00"
    looked = await preview(office, type="unplan", key="d1", by="ann", scope="A,B", plan="p1")
    (one, _) = looked["lines"]
    assert one["after"] == "not paused 2026-11-30 19:25 UTC, nor the weeks after: NFP"
    assert looked["adds_risk"] is True
    dropped = await office.act(type="unplan", key="d1", by="ann", scope="A,B", plan="p1")
    assert dropped.json()["state"] == "proven"
    assert (await office.get("/v1/news"))["planned"] == []


async def test_a_window_that_is_refused_is_refused_in_one_line(office: Office) -> None:
    refused = await office.act(**{**NFP, "closes": "13:25"}, key="p1", scope="A")
    assert refused.status_code == 400
    assert refused.json()["error"] == "closes: another time than 13:25, at which it opens"
