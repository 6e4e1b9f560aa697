"""Plans from a chat: at once with Undo, listed and in /locks and /news, deleted after a look by the number that was seen."""

from datetime import timedelta

from msgspec.structs import replace

from engine.api import PlanAsk, PlannedView, UnplanAsk
from tests.bot.office import Office


def plan(office: Office, name: str, hours: float, *accounts: str, weekly: tuple[int, ...] = ()) -> PlannedView:
    begins = office.clock.now() + timedelta(hours=hours)
    return PlannedView(
        plan=name,
        begins=begins,
        ends=begins + timedelta(minutes=20),
        accounts=accounts,
        by="Ana",
        reason=f"why-{name}",
        weekly=weekly,
    )


def keep(office: Office, *plans: PlannedView) -> None:
    office.double.news = replace(office.double.news, planned=plans)


async def test_a_plan_is_sent_at_once_and_undo_takes_that_one_back() -> None:
    office = Office()
    await office.say("/plan pause 13:25-13:45 NFP weekly ALPHA", who="tess")
    (ask,) = office.sent
    assert isinstance(ask, PlanAsk)
    assert (ask.scope, ask.by, ask.zone, ask.weekly, ask.reason) == ("ALPHA", "Tess", "UTC", True, "NFP")
    await office.say("/undo", who="tess")
    assert isinstance(office.sent[-1], UnplanAsk)
    assert (office.sent[-1].plan, office.sent[-1].scope) == (ask.key, "ALPHA")


async def test_who_may_only_look_plans_nothing() -> None:
    office = Office()
    assert "trader" in await office.say("/plan pause 13:25-13:45 NFP", who="eve")
    assert office.sent == []


async def test_what_is_planned_is_listed_and_stands_in_locks_and_news() -> None:
    office = Office()
    assert "None is planned." in await office.say("/plan")
    keep(office, plan(office, "one", -0.1, "ALPHA"), plan(office, "two", 2, "ALPHA", "BRAVO", weekly=(4,)))
    listed = await office.say("/plan list")
    assert "1  now-" in listed
    assert "2  " in listed
    assert "ALPHA, BRAVO · every Fri · Ana" in listed
    locks = await office.say("/locks")
    assert "why-two every Fri" in locks
    assert "why-one" not in locks, "what is under way is a hold already"
    assert "why-two by Ana, every Fri" in await office.say("/news")


async def test_a_delete_is_looked_at_first_and_drops_what_was_seen_even_if_the_numbers_move() -> None:
    office = Office()
    keep(office, plan(office, "one", 1, "ALPHA"), plan(office, "two", 2, "ALPHA", "BRAVO"))
    shown = await office.say("/plan delete 2", who="tess")
    assert office.sent == []
    assert "why-two by Ana" in shown
    keep(office, plan(office, "two", 2, "ALPHA", "BRAVO"), plan(office, "three", 3, "ALPHA"))
    await office.say(handle=office.handle("y", "tg:@tess"), who="tess")
    (ask,) = office.sent
    assert isinstance(ask, UnplanAsk)
    assert (ask.plan, ask.scope, ask.by) == ("two", "ALPHA,BRAVO", "Tess")


async def test_a_number_that_is_not_there_shows_the_list_and_a_scope_drops_it_for_those_only() -> None:
    office = Office()
    keep(office, plan(office, "one", 1, "ALPHA", "BRAVO"))
    said = await office.say("/plan delete 2")
    assert "say its number in the list" in said
    assert "why-one" in said
    assert "LEAD" not in await office.say("/plan delete 1 BRAVO")
    await office.say(handle=office.handle("y"))
    assert [(ask.plan, ask.scope) for ask in office.sent if isinstance(ask, UnplanAsk)] == [("one", "BRAVO")]


async def test_a_freeze_stops_a_delete_and_no_plan() -> None:
    office = Office()
    keep(office, plan(office, "one", 1, "ALPHA"))
    await office.say("/freeze all 1h review", who="ana")
    assert "Ana has frozen" in await office.say("/plan delete 1", who="tess")
    await office.say("/plan pause 13:25-13:45 NFP", who="tess")
    assert [type(ask) for ask in office.sent] == [PlanAsk]
