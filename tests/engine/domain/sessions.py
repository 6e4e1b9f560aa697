"""A hand-made year and a half of equity sessions, to test hours without any calendar library."""

from datetime import date, datetime, time, timedelta

from engine.domain.hours import Family, Session, SessionTable, Span, instant

CHICAGO = "America/Chicago"
FIRST, LAST = date(2026, 10, 1), date(2027, 12, 31)
CLOSED = {date(2026, 12, 25), date(2027, 1, 1), date(2027, 12, 24)}
HALTS = {  # no trade date of their own: halted at noon, counted with the next day
    date(2026, 11, 26),
    date(2027, 1, 18),
    date(2027, 2, 15),
    date(2027, 5, 31),
    date(2027, 7, 5),
    date(2027, 9, 6),
    date(2027, 11, 25),
}
EARLY = {date(2026, 11, 27): time(12, 15), date(2026, 12, 24): time(12, 15), date(2027, 11, 26): time(12, 15)}


def ct(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """UTC of a wall-clock time in Chicago."""
    return instant(date(year, month, day), time(hour, minute), CHICAGO)


def equity() -> SessionTable:
    """Sunday 17:00 to Friday 16:00 with an hour's rest each day, halts and early closes as above."""
    sessions: list[Session] = []
    spans: list[Span] = []
    day = FIRST
    while day <= LAST:
        if day.weekday() < 5 and day not in CLOSED:
            closes = time(12) if day in HALTS else EARLY.get(day, time(16))
            spans.append(
                Span(
                    opens=instant(day - timedelta(days=1), time(17), CHICAGO),
                    closes=instant(day, closes, CHICAGO),
                    is_short=closes < time(16),
                )
            )
            if day not in HALTS:
                sessions.append(Session(trade_date=day, spans=tuple(spans)))
                spans = []
        day += timedelta(days=1)
    return SessionTable(
        family=Family.EQUITY,
        since=sessions[0].opens,
        until=instant(date(2028, 1, 2), time(17), CHICAGO),
        sessions=tuple(sessions),
    )
