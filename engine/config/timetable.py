"""Timetables of a desk: each follower's own hours and news rules beside its firm's, worked out once."""

from datetime import time

from engine.domain.group import AccountPlan, DeskPlan
from engine.domain.guardplan import minute_of
from engine.domain.ids import AccountId
from engine.domain.timetable import (
    FlatBy,
    HoursPlan,
    NewsAction,
    NewsPlan,
    NewsRule,
    Timetable,
    faults,
    time_of,
    windows_of,
)
from engine.errors import ConfigError
from engine.rules.own import OWN, planned
from engine.rules.plan import News, Rules

AHEAD_MIN = 1  # a firm's news window in which nothing may be held is met so much earlier
ACTIONS = {News.FLAT: NewsAction.FLATTEN, News.NO_ORDERS: NewsAction.FLATTEN, News.NO_ENTRIES: NewsAction.PAUSE}


def timetables(desk: DeskPlan) -> dict[AccountId, Timetable]:
    """What each follower keeps to; none for one without times. Settings with faults, which are told elsewhere, give none."""
    followers = {follower.account: follower for group in desk.groups for follower in group.followers}
    found: dict[AccountId, Timetable] = {}
    for account in desk.accounts:
        follower = followers.get(account.id)
        if follower is None:
            continue
        hours, news = account.hours or follower.hours, account.news or follower.news
        if (not account.plan and hours is None and news is None) or faults(hours, news):
            continue
        hours = hours or HoursPlan()
        firm = _rules(account)
        closer = firm if _asks_flat(account) else None
        table = Timetable(windows=windows_of(hours), flat=_flat(hours, closer), news=_news(news, firm))
        if table != Timetable():
            found[account.id] = table
    return found


def _rules(account: AccountPlan) -> Rules | None:
    try:
        return planned(account.plan, account.overrides).rules if account.plan else None
    except ConfigError:
        return None


def _asks_flat(account: AccountPlan) -> bool:
    """Say whether its plan has a flat-by time: one of own figures has it only where it is written."""
    return account.plan != OWN or "flat_by" in account.overrides


def _flat(hours: HoursPlan, firm: Rules | None) -> tuple[FlatBy, ...]:
    own = time_of(minute_of(hours.flat_by)) if hours.flat_by else None
    wanted: tuple[tuple[time | None, str, str], ...] = (
        (firm.flat_by if firm else None, firm.zone if firm else "", "firm"),
        (own, hours.zone, "own"),
    )
    return tuple(
        FlatBy(at=at, zone=zone, ahead_min=hours.ahead_min, whose=whose) for at, zone, whose in wanted if at is not None
    )


def _news(own: NewsPlan | None, firm: Rules | None) -> tuple[NewsRule, ...]:
    rules: list[NewsRule] = []
    if firm is not None and firm.news in ACTIONS:
        action = ACTIONS[firm.news]
        ahead = AHEAD_MIN if action is NewsAction.FLATTEN else 0
        rules.append(
            NewsRule(
                events=firm.news_events,
                before_min=firm.news_before_min + ahead,
                after_min=firm.news_after_min,
                action=action,
                whose="firm",
            )
        )
    if own is not None:
        rules.append(NewsRule(events=own.events, before_min=own.before_min, after_min=own.after_min, action=own.action))
    return tuple(rules)
