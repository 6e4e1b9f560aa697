"""``lockstep calendar`` and ``lockstep news``: tables with their age, and what is unknown said aloud."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.calendar import sessions
from engine.cli import main
from engine.domain.hours import Calendar
from tests.engine.calendar.server import serving
from tests.engine.domain.sessions import equity


@pytest.fixture
def built(tmp_path):
    """A calendar that is known now, whenever this test runs within its year."""
    table = equity()
    now = datetime.now(UTC)
    days = (now - (table.since + timedelta(days=5))).days // 7 * 7  # whole weeks: the hours stay as they are
    moved = [
        type(session)(
            trade_date=session.trade_date + timedelta(days=days),
            spans=tuple(
                type(span)(
                    opens=span.opens + timedelta(days=days),
                    closes=span.closes + timedelta(days=days),
                    is_short=span.is_short,
                )
                for span in session.spans
            ),
            note="early close" if session.spans[-1].is_short else "",
        )
        for session in table.sessions
    ]
    shift = timedelta(days=days)
    later = type(table)(
        family=table.family, since=table.since + shift, until=table.until + shift, sessions=tuple(moved)
    )
    sessions.write(tmp_path, Calendar(built_at=now - timedelta(minutes=30), source="hand-made", tables=(later,)))
    return tmp_path


def test_calendar_without_a_build_says_unknown(tmp_path, capsys):
    assert main(["calendar", "--offline", "--home", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "Trading hours: unknown" in shown
    assert "Unknown is not closed and not open" in shown


def test_calendar_shows_state_age_and_what_is_unusual(built, capsys):
    assert main(["calendar", "--offline", "--days", "120", "--home", str(built)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Trading hours: known, 30 min old. From hand-made" in shown
    assert "unusual in the next 120 days" in shown
    assert "early close" in shown


def test_calendar_of_a_product_lists_sessions_and_months(built, capsys):
    assert main(["calendar", "--offline", "--product", "mnqz6", "--days", "5", "--home", str(built)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "MNQ (equity): " in shown
    assert "Front month MNQ" in shown
    assert shown.count(":00 to ") >= 3


def test_calendar_of_an_unknown_product_names_the_known_ones(built, capsys):
    assert main(["calendar", "--offline", "--product", "XX", "--home", str(built)]) == 2
    assert "known products: 6A" in capsys.readouterr().err
    assert main(["calendar", "--offline", "--product", "CL", "--home", str(built)]) == 0
    assert "CL: no hours in this build; unknown." in capsys.readouterr().out


def test_news_without_a_source_is_unknown_and_never_empty(tmp_path, capsys):
    (tmp_path / "calendar.toml").write_text("[news]\nurls = []\n", "utf-8")
    assert main(["news", "--week", "--home", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "News now: unknown. UNKNOWN IS NOT 'NO NEWS'." in shown
    assert "Nothing is known, so nothing can be listed." in shown
    assert "guess: calendar unknown" in shown
    assert "Calendar unknown from" in shown


def test_news_from_a_persons_file(tmp_path, capsys):
    today = datetime.now(UTC).date()
    first, last, soon = today - timedelta(days=2), today + timedelta(days=10), today + timedelta(days=2)
    (tmp_path / "calendar.toml").write_text("[news]\nurls = []\n", "utf-8")
    (tmp_path / "events.csv").write_text(
        f"# covers {first} {last}\ntitle,date,time,impact\nFOMC Statement,{soon},14:00,high\n"
        f"Budget,{soon},tentative,high\nSmall thing,{soon},10:00,low\n",
        "utf-8",
    )
    assert main(["news", "--week", "--home", str(tmp_path)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "News now: known." in shown
    assert "your own file" in shown
    assert "13:58 to 14:02 FOMC Statement" in shown
    assert "Budget has no time, so no window" in shown
    assert "Small thing" not in shown
    assert main(["news", "--week", "--all", "--rule", "CPI moves", "--home", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "Small thing" in told.out
    assert '"moves" are not understood' in told.err


async def test_news_tells_of_a_feed_that_refuses(tmp_path, capsys, monkeypatch):
    from engine.calendar import feed
    from engine.calendar.setting import load

    async with serving() as server:
        server.answer(429)
        (tmp_path / "calendar.toml").write_text(f'[news]\nurls = ["{server.base}/x.json"]\n', "utf-8")
        await feed.refresh(tmp_path, load(tmp_path).news, datetime.now(UTC))
    assert main(["news", "--offline", "--home", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "x.json: HTTP 429" in shown
    assert "unknown" in shown
