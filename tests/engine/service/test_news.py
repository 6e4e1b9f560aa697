"""News over the control API: what the kept calendar says, and a pause that is planned around an event, once."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.api.requests import NewsPauseAsk
from engine.calendar.almanac import Reading
from engine.domain.ids import AccountId
from engine.domain.news import Coverage, EconomicEvent, Impact, NewsBook, Release
from engine.domain.timetable import NewsAction, NewsRule, Times, Timetable
from engine.service.news import NewsError, news_view, plan_of
from tests.engine.runtime.test_timing import copier
from tests.engine.service.conftest import Office
from tests.engine.service.hot import START, Hot

NOW = datetime(2026, 12, 10, 12, tzinfo=UTC)
CPI = NOW + timedelta(hours=1, minutes=30)
A = AccountId("A")


def reading(*, known: bool = True) -> Reading:
    event = EconomicEvent(at=CPI, title="CPI m/m", currency="USD", impact=Impact.HIGH, release=Release.CPI)
    oil = EconomicEvent(at=CPI + timedelta(hours=1), title="Crude Oil Inventories", currency="USD", impact=Impact.LOW)
    covers = Coverage(since=NOW - timedelta(days=1), until=NOW + timedelta(days=5), source="mine")
    book = NewsBook(events=(event, oil), coverage=(covers,)) if known else NewsBook()
    return Reading(calendar=None, book=book, fresh=timedelta(days=1))


def ask(**fields: object) -> NewsPauseAsk:
    return NewsPauseAsk(key="k", by="ann", **fields)  # type: ignore[arg-type]  # of the message


@pytest.mark.parametrize(
    ("fields", "at", "reason"),
    [
        ({}, CPI, "CPI m/m"),
        ({"event": "CPI"}, CPI, "CPI m/m"),
        ({"event": "crude oil"}, CPI + timedelta(hours=1), "Crude Oil Inventories"),
        ({"at": CPI + timedelta(minutes=3)}, CPI + timedelta(minutes=3), "planned pause"),
    ],
)
def test_an_event_is_found_by_name_by_a_word_of_its_title_or_by_its_time(fields, at, reason) -> None:
    plan = plan_of(ask(before_min=10, after_min=20, **fields), (A,), reading(), NOW)
    assert (plan.begins, plan.until, plan.reason) == (at - timedelta(minutes=10), at + timedelta(minutes=20), reason)


@pytest.mark.parametrize(
    ("fields", "known", "said"),
    [
        ({"event": "FOMC"}, True, 'no coming event "FOMC" is known; /news shows'),
        ({}, False, "no coming red event is known; the news calendar is unknown, so that proves nothing"),
        ({"at": NOW - timedelta(hours=1)}, True, "at: a time with its zone, within the next 14 days"),
        ({"before_min": -1}, True, "before_min: minutes from 0 to 1440"),
        ({"before_min": 0, "after_min": 0}, True, "both are 0"),
    ],
)
def test_what_cannot_be_planned_says_what_to_write(fields, known, said) -> None:
    with pytest.raises(NewsError) as caught:
        plan_of(ask(**fields), (A,), reading(known=known), NOW)
    assert said in str(caught.value)


def test_windows_of_accounts_and_events_without_a_plan_are_shown() -> None:
    one = copier(Timetable(news=(NewsRule(events="FOMC", before_min=5, after_min=5, action=NewsAction.FLATTEN),)))
    two = copier(Timetable(news=(NewsRule(events="CPI", before_min=5, after_min=5, action=NewsAction.FLATTEN),)), "B")
    assert isinstance(one.times, Times)
    (bare,) = news_view(reading(), [one], NOW, 1).lines
    assert (bare.action, bare.titles) == ("", ("CPI m/m",))
    (line,) = news_view(reading(), [one, two], NOW, 1).lines
    assert (line.action, line.accounts, line.begins) == ("flatten", ("B",), CPI - timedelta(minutes=5))
    blind = news_view(reading(known=False), [two], NOW, 1)
    assert (blind.knowledge, {line.is_guess for line in blind.lines}) == ("unknown", {True})
    assert {line.action for line in blind.lines} == {"pause"}, "on a guess nothing is closed"
    assert blind.doubts


async def test_a_pause_is_planned_shown_and_taken_back(office: Office, hot: Hot) -> None:
    office.clerk.now = lambda: START  # type: ignore[method-assign]  # the desk's own day
    at = (START + timedelta(hours=2)).isoformat()
    answer = await office.act(type="newspause", key="np-1", by="ann", scope="A", at=at, before_min=15, after_min=15)
    assert answer.status_code == 202, answer.text
    again = await office.act(type="newspause", key="np-1", by="ann", scope="A", at=at)
    assert again.json()["key"] == "np-1"
    assert len(hot.desk.state.copiers[A].planned) == 1
    (planned,) = (await office.get("/v1/news", days=7))["planned"]  # type: ignore[call-overload]  # a table
    assert (planned["plan"], planned["accounts"], planned["by"]) == ("np-1", ["A"], "ann")
    assert len((await office.get("/v1/accounts/A"))["planned"]) == 1  # type: ignore[call-overload]  # as above
    refused = await office.act(type="newspause", key="np-2", by="ann", scope="A", event="CPI")
    assert refused.status_code == 400
    assert "the news calendar is unknown" in refused.json()["error"]
    dropped = await office.act(type="unplan", key="un-1", by="ann", scope="A", plan="np-1")
    assert dropped.json()["state"] == "proven"
    assert hot.desk.state.copiers[A].planned == []
