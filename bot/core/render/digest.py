"""Digests as cards: the morning, the close of a day, the week; what is not known says so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from statistics import median

from bot.core.alertgroup import Group
from bot.core.card import Card, Column, Table, one_line
from bot.core.digest import Digest, Wishes
from bot.core.render.alert import heading
from bot.core.render.look import UNKNOWN, age, clock, money, plain_money, ticks, told, until
from bot.core.render.news import news_card
from bot.core.render.risk import WORDS
from engine.api import AccountState, AccountView, LimitView, NewsView, ReportLine, RiskView, Severity, StatusView, Value

NAMED = 12
LISTED = 6
NEAREST = 3
LOUD = (Severity.P1, Severity.P2)


class Answer(Value, frozen=True):
    """One group of alerts, and who acknowledged it first."""

    group: Group
    by: str = ""
    at: datetime | None = None

    @property
    def after_s(self) -> float | None:
        """How long it waited for somebody."""
        return None if self.at is None else max(0.0, (self.at - self.group.opened_at).total_seconds())


class Night(Value, frozen=True):
    """What the morning tells."""

    since: datetime
    fired: tuple[Group, ...]
    open: tuple[Group, ...]
    missed: tuple[tuple[datetime, str], ...]  # events of quiet hours
    oncall: tuple[tuple[str, str], ...]  # rank, name
    status: StatusView | None = None
    accounts: tuple[AccountView, ...] = ()
    risk: RiskView | None = None
    news: NewsView | None = None
    lacks: str = ""  # why the engine did not tell


class Record(Value, frozen=True):
    """What the close tells of one trade date. ``earned`` by account; None is not known."""

    day: date
    earned: dict[str, Decimal | None]
    leaders: frozenset[str]
    figures: tuple[ReportLine, ...]
    answers: tuple[Answer, ...]
    noted: tuple[tuple[datetime, str], ...]  # P5
    lacks: str = ""
    holiday: str = ""  # what the exchange makes of a day that is none of its own


class Week(Value, frozen=True):
    """What the week tells: profit by account and trade date."""

    days: tuple[date, ...]
    earned: dict[str, dict[date, Decimal]]
    leaders: frozenset[str]
    answers: tuple[Answer, ...]
    lacks: str = ""


# ---- morning -------------------------------------------------------------------------------------------------------


def morning_card(night: Night, now: datetime, zone: tzinfo) -> Card:
    """The night, and the day ahead."""
    oncall = ", ".join(f"{rank}: {one_line(name)}" for rank, name in night.oncall) or "nobody is on call: /oncall NAME"
    lines = [oncall[:1].upper() + oncall[1:]]
    if night.status is not None:
        view = night.status
        lines.append(f"{view.word} {view.copying} of {view.followers} · day {money(view.day_profit)}")
    lines += [
        f" {one.id} {one.state.value}" + (f": {told(one.why, now, zone)}" if one.why else "")
        for one in night.accounts
        if one.role == "follower" and one.state is not AccountState.LIVE
    ][:LISTED]
    if night.risk is not None:
        lines += _nearest(night.risk)
    lines += _fired(night, now, zone)
    if night.open:
        lines.append(f"Open {len(night.open)}:")
        lines += [
            f" {one.severity} {one.name} {heading(one)}: {_holder(one, now, zone)}" for one in night.open[:LISTED]
        ]
        lines += [f" … and {len(night.open) - LISTED} more: /alerts"] if len(night.open) > LISTED else []
    else:
        lines.append("Open: nothing")
    if night.missed:
        lines.append("Not told while quiet:")
        lines += [f" {clock(at, zone)[:5]} {told(text, at, zone)}" for at, text in night.missed[:LISTED]]
        lines += [f" … and {len(night.missed) - LISTED} more"] if len(night.missed) > LISTED else []
    if night.news is not None:
        news = news_card(night.news, now, zone)
        lines += [news.title, *(f" {line}" for line in news.lines), *filter(None, (news.footer,))]
    lines += _lacking(night.lacks)
    return Card(title=f"MORNING {now.astimezone(zone):%a %d %b}", lines=tuple(lines))


def _fired(night: Night, now: datetime, zone: tzinfo) -> list[str]:
    since = until(night.since, now, zone)
    if not night.fired:
        return [f"Since {since}: nothing fired"]
    lines = [f"Since {since}: {len(night.fired)} fired, {sum(not one.is_open for one in night.fired)} over"]
    over = sorted((one for one in night.fired if not one.is_open), key=lambda one: (one.severity, one.id))
    for one in over[:LISTED]:
        ended = clock(one.ended_at or one.last_at, zone)[:5]
        lines.append(f" {clock(one.began, zone)[:5]} {one.severity} {one.name} {heading(one)}: over {ended}")
    return [*lines, f" … and {len(over) - LISTED} more: /alerts all"] if len(over) > LISTED else lines


def _holder(group: Group, now: datetime, zone: tzinfo) -> str:
    if not group.holder:
        return "nobody has it"
    end = f" until {until(group.until, now, zone)}" if group.until is not None else ""
    return f"{one_line(group.holder)}{end}"


def _nearest(view: RiskView) -> list[str]:
    limits = [one for one in view.limits if one.limit != "daily_target"][:NEAREST]
    lines = [f"Nearest {_limit(one)}" if not number else f" {_limit(one)}" for number, one in enumerate(limits)]
    return lines + ([f"Limits not known: {', '.join(view.unknown)}"] if view.unknown else [])


def _limit(one: LimitView) -> str:
    acted = ", stopped" if one.has_acted else ""
    word = WORDS.get(one.limit, one.limit)
    return f"{one.account} {word} {one.used * 100:.0f} %, {plain_money(one.span - one.gone)} left{acted}"


# ---- close ---------------------------------------------------------------------------------------------------------


def close_card(record: Record, zone: tzinfo) -> Card:
    """One day: what was earned, how it was copied, what was raised."""
    figures = {one.account: one for one in record.figures}
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="DAY", right=True),
        Column(head="COPY", right=True),
        Column(head="WON", right=True),
        Column(head="SLIP", right=True),
    )
    names = list(dict.fromkeys((*record.earned, *figures)))
    rows = [_day_row(name, record.earned.get(name), figures.get(name)) for name in names[:NAMED]]
    followers = [name for name in names if name not in record.leaders]
    total = _total(record.earned.get(name) for name in followers)
    if len(followers) > 1:
        rows.append(("ALL", money(total), "", "", ""))
    lines = [*_copied([one for one in record.figures if not one.is_leader], record)]
    if len(names) > NAMED:
        lines.append(f"{len(names) - NAMED} more accounts: in the file")
    drills, real = _parted(record.answers)
    lines += _raised(real)
    lines += [f" {one.group.name} {heading(one.group)}: {_answered(one)}" for one in _loud(real)[:LISTED]]
    lines += _drilled(drills, zone)
    if record.noted:
        lines.append(f"For the record {len(record.noted)}:")
        lines += [f" {clock(at, zone)[:5]} {told(text, at, zone)}" for at, text in record.noted[:NAMED]]
        lines += [f" … and {len(record.noted) - NAMED} more"] if len(record.noted) > NAMED else []
    lines += _lacking(record.lacks)
    is_known = bool(figures) or any(one is not None for one in record.earned.values())
    table = Table(columns=columns, rows=tuple(rows)) if rows and is_known else None  # a table of n/a tells nothing
    return Card(title=f"CLOSE {record.day:%a %d %b} · {money(total)}", lines=tuple(lines), table=table)


def _day_row(name: str, earned: Decimal | None, line: ReportLine | None) -> tuple[str, ...]:
    if line is None:
        return name, money(earned), "", "", ""
    copies = "lead" if line.is_leader else str(line.copies)
    return name, money(earned), copies, f"{line.wins}/{line.trips}" if line.trips else "-", ticks(line.slip_ticks)


def _copied(lines: Sequence[ReportLine], record: Record) -> list[str]:
    special = [record.holiday[:1].upper() + record.holiday[1:]] if record.holiday else []
    if not lines:
        return special or [f"No copies are known of {record.day:%d %b}"]
    failed = sum(line.failed for line in lines)
    trips, wins = sum(line.trips for line in lines), sum(line.wins for line in lines)
    copies = f"{sum(line.copies for line in lines)} copies" + (f", {failed} failed" if failed else ", none failed")
    found = [*special, copies]
    if trips:
        found.append(f"{trips} trips flat to flat, {wins} won")
    known = [line.fees for line in lines if line.fees is not None]
    blind = [line.account for line in lines if line.fees is None and line.copies]
    fees = f"Fees {plain_money(sum(known, Decimal(0)))}" if known else "Fees not known"
    found.append(fees + (f", not known of {', '.join(blind[:4])}" if known and blind else ""))
    found.append(f"Slippage cost {plain_money(sum((line.slip_money for line in lines), Decimal(0)))}")
    return found


# ---- week ----------------------------------------------------------------------------------------------------------


def week_card(week: Week, zone: tzinfo) -> Card:
    """A week: what each account earned, what was raised and how fast somebody came, the drills."""
    followers = [name for name in week.earned if name not in week.leaders]
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="WEEK", right=True),
        Column(head="BEST", right=True),
        Column(head="WORST", right=True),
    )
    rows = [_week_row(name, list(week.earned[name].values())) for name in list(week.earned)[:NAMED]]
    daily = {day: _total(week.earned[name].get(day) for name in followers) for day in week.days}
    if len(followers) > 1:
        rows.append(_week_row("ALL", [one for one in daily.values() if one is not None]))
    total = _total(daily.values())
    lines = [" · ".join(f"{day:%a} {money(earned)}" for day, earned in daily.items())]
    if len(week.earned) > NAMED:
        lines.append(f"{len(week.earned) - NAMED} more accounts: in the file")
    drills, real = _parted(week.answers)
    lines += _raised(real)
    kinds = Counter(heading(one.group).partition(" · ")[0] for one in real)
    lines += [f" {count} {word}" for word, count in kinds.most_common(LISTED)]
    waits = [wait for one in _loud(real) if (wait := one.after_s) is not None]
    if _loud(real):
        middle = f", in the middle after {age(median(waits))}" if waits else ""
        lines.append(f"P1 and P2: {len(waits)} of {len(_loud(real))} acknowledged{middle}")
    lines += _drilled(drills, zone)
    lines += [] if drills else ["No drill: /drill shows who answers, and how fast"]
    lines += _lacking(week.lacks)
    first, last = week.days[0], week.days[-1]
    span = f"{first:%d %b}" if first == last else f"{first:%d %b} - {last:%d %b}"
    table = Table(columns=columns, rows=tuple(rows)) if any(week.earned.values()) else None
    return Card(title=f"WEEK {span} · {money(total)}", lines=tuple(lines), table=table)


def _week_row(name: str, days: Sequence[Decimal]) -> tuple[str, ...]:
    if not days:
        return name, UNKNOWN, "-", "-"
    return name, money(sum(days, Decimal(0))), money(max(days)), money(min(days))


# ---- parts of several ----------------------------------------------------------------------------------------------


def _total(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [one for one in values if one is not None]
    return sum(known, Decimal(0)) if known else None


def _parted(answers: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Drills, and what was real."""
    drills = [one for one in answers if one.group.code == "drill"]
    return drills, [one for one in answers if one.group.code != "drill"]


def _drilled(drills: Sequence[Answer], zone: tzinfo) -> list[str]:
    return [f"Drill {one.group.opened_at.astimezone(zone):%a %H:%M}: {_answered(one)}" for one in drills[:LISTED]]


def _loud(answers: Sequence[Answer]) -> list[Answer]:
    found = [one for one in answers if one.group.severity in LOUD]
    return sorted(found, key=lambda one: (one.group.severity, one.group.id))


def _raised(answers: Sequence[Answer]) -> list[str]:
    if not answers:
        return ["Alerts: none"]
    counted = Counter(one.group.severity for one in answers)
    levels = " · ".join(f"{counted[level]} {level}" for level in Severity if counted[level])
    open_ones = sum(one.group.is_open for one in answers)
    return [f"Alerts {levels}" + (f", {open_ones} open" if open_ones else ", all over")]


def _answered(one: Answer) -> str:
    if one.after_s is None:
        return "nobody acknowledged it"
    return f"{one_line(one.by)} after {age(one.after_s)}"


def _lacking(why: str) -> list[str]:
    return [f"Not all is known: {one_line(why)}"] if why else []


# ---- what is set ---------------------------------------------------------------------------------------------------


def wishes_card(wishes: Wishes, ahead: dict[Digest, datetime], zone: tzinfo) -> Card:
    """Which digests somebody gets, and when the next ones come."""
    fields = []
    for kind in Digest:
        wish = wishes.get(kind)
        comes = f"{wish.words(kind)}, next {_day_and_time(ahead[kind], zone)}" if wish is not None else "off"
        fields.append((kind.value, comes))
    footer = "Set: /digest morning 07:30. See one: /digest now close"
    return Card(title="DIGESTS in your private chats", fields=tuple(fields), footer=footer)


def _day_and_time(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %H:%M}"


def span_days(first: date, last: date) -> tuple[date, ...]:
    """Every day of a span."""
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))
