"""Plan: a pause in a window of the clock as a person asks for it, and the planned pauses of a desk."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from engine.api.news import PlannedView
from engine.api.requests import PlanAsk
from engine.domain.command import PlanWindow
from engine.domain.copier import Copier
from engine.domain.guardplan import Window as Words
from engine.domain.hold import Hold
from engine.domain.hours import Window
from engine.domain.ids import AccountId
from engine.service.asked import AskError


def plan_of(ask: PlanAsk, accounts: tuple[AccountId, ...]) -> PlanWindow:
    """The wish of an ask.

    Raises: AskError.
    """
    try:
        opens, closes, weekdays = Words(opens=ask.opens, closes=ask.closes, days=ask.days or "mon-sun").span()
    except ValueError as error:
        raise AskError(f"opens, closes, days: {error}") from error
    if opens == closes:
        raise AskError(f"closes: another time than {ask.opens}, at which it opens")
    try:
        datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(ask.zone))
    except (KeyError, ValueError, OSError) as error:  # zoneinfo raises each of them, by what is wrong with the name
        raise AskError(f'zone: write a time zone such as "America/Chicago", not "{ask.zone[:40]}"') from error
    window = Window(
        opens=_time(opens), closes=_time(closes), zone=ask.zone, weekdays=tuple(sorted(weekdays)) if ask.days else ()
    )
    return PlanWindow(accounts=accounts, window=window, is_weekly=ask.weekly, reason=ask.reason)


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def dropped(copier: Copier, plan: str) -> str:
    """What an account loses with a plan, in words."""
    found = next(
        (hold for hold in (*copier.holds, *copier.planned) if hold.kind == "planned" and hold.key == plan), None
    )
    if found is None:
        return "no such pause is planned here"
    weekly = ", nor the weeks after" if found.weekly is not None else ""
    return f"not paused {found.since:%Y-%m-%d %H:%M} UTC{weekly}: {found.reason}"


def planned_views(copiers: Iterable[Copier]) -> tuple[PlannedView, ...]:
    """Every pause that people have planned, with the accounts that it is for; what is under way or next comes first."""
    found: dict[str, tuple[Hold, dict[str, None]]] = {}
    for copier in copiers:
        under_way = (hold for hold in copier.holds if hold.kind == "planned")
        for hold in (*under_way, *copier.planned):
            first, names = found.setdefault(hold.key, (hold, {}))
            names[copier.account] = None
            if hold.since < first.since:
                found[hold.key] = hold, names
    return tuple(
        PlannedView(
            plan=key,
            begins=hold.since,
            ends=hold.until or hold.since,
            accounts=tuple(names),
            by=hold.by,
            reason=hold.reason,
            weekly=hold.weekly.weekdays if hold.weekly is not None else (),
            zone=hold.weekly.zone if hold.weekly is not None else "",
        )
        for key, (hold, names) in sorted(found.items(), key=lambda pair: (pair[1][0].since, pair[0]))
    )
