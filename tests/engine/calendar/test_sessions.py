"""The file of trading hours: replaced whole, kept when a build fails, and honest about its age."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from engine.calendar import __main__ as process
from engine.calendar import sessions
from engine.calendar.kept import keep
from engine.calendar.setting import FILE as SETTING_FILE
from engine.calendar.setting import load
from engine.domain.hours import Calendar, Knowledge
from engine.errors import ConfigError
from tests.engine.domain.sessions import equity

BUILT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CALENDAR = Calendar(built_at=BUILT, source="hand-made", tables=(equity(),))
DAY = timedelta(days=1)


def read(home, now=BUILT):
    return sessions.read(home, now)


def test_nothing_built_yet_is_unknown(tmp_path):
    found = read(tmp_path)
    assert (found.knowledge, found.calendar, found.age_s) == (Knowledge.UNKNOWN, None, None)
    assert found.is_due
    assert "never built" in found.complaint


@pytest.mark.parametrize(
    ("age", "known", "due"),
    [
        (timedelta(), Knowledge.KNOWN, False),
        (timedelta(hours=20), Knowledge.KNOWN, True),
        (timedelta(days=3), Knowledge.KNOWN, True),
        (timedelta(days=3, seconds=1), Knowledge.STALE, True),
        (timedelta(days=395), Knowledge.STALE, True),
        (timedelta(days=500), Knowledge.UNKNOWN, True),  # beyond the last session
        (timedelta(minutes=-30), Knowledge.KNOWN, True),
        (timedelta(hours=-2), Knowledge.STALE, True),  # the clock was set back
        (timedelta(days=-90), Knowledge.UNKNOWN, True),
    ],
)
def test_its_age_decides_what_it_is_worth(tmp_path, age, known, due):
    sessions.write(tmp_path, CALENDAR)
    found = read(tmp_path, BUILT + age)
    assert (found.knowledge, found.is_due) == (known, due)
    assert found.age_s == age.total_seconds()
    assert found.calendar == CALENDAR
    assert bool(found.complaint) == (known is not Knowledge.KNOWN)


def test_a_failed_build_keeps_the_last_good_file_and_leaves_word(tmp_path, capsys):
    sessions.write(tmp_path, CALENDAR)
    (tmp_path / SETTING_FILE).write_text("[[override]]\ndate = 2026-11-27\n", "utf-8")
    assert process.main(["--home", str(tmp_path)]) == 1
    assert "ConfigError: calendar.toml" in capsys.readouterr().err
    found = read(tmp_path, BUILT + DAY)
    assert found.calendar == CALENDAR
    assert found.age_s == DAY.total_seconds()
    assert "the newest build failed" in found.complaint
    sessions.write(tmp_path, CALENDAR)
    assert read(tmp_path).complaint == ""


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"built_at": 3}', b"\xff\xfe"])
def test_a_spoiled_file_is_unknown_and_says_so(tmp_path, content):
    (tmp_path / sessions.FILE).write_bytes(content)
    found = read(tmp_path)
    assert found.knowledge is Knowledge.UNKNOWN
    assert "cannot be read" in found.complaint


def test_an_unsound_table_is_neither_written_nor_believed(tmp_path):
    table = equity()
    crossed = msgspec.structs.replace(table, sessions=tuple(reversed(table.sessions)))
    broken = Calendar(built_at=BUILT, source="crossed", tables=(crossed,))
    sessions.write(tmp_path, CALENDAR)
    with pytest.raises(ValueError, match="equity"):
        sessions.write(tmp_path, broken)
    assert read(tmp_path).calendar == CALENDAR
    keep(tmp_path / sessions.FILE, msgspec.json.encode(broken))
    assert read(tmp_path).knowledge is Knowledge.UNKNOWN


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    keep(tmp_path / "deep" / "one.json", b"old")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        keep(tmp_path / "taken", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "taken"], "nothing half-written is left"
    assert (tmp_path / "deep" / "one.json").read_bytes() == b"old"


async def test_a_process_of_its_own_builds_and_this_one_reads(tmp_path):
    (tmp_path / SETTING_FILE).write_text(
        '[[override]]\ndate = 2026-12-09\nfamilies = ["equity"]\nclosed = true\nsource = "mine"\nchecked = 2026-11-22\n',
        "utf-8",
    )
    assert await sessions.rebuild(tmp_path, "--today", "2026-11-22") == ""
    calendar = msgspec.json.decode((tmp_path / sessions.FILE).read_bytes(), type=Calendar)
    assert date(2026, 12, 9) not in {session.trade_date for session in calendar.table("MNQ").sessions}
    assert date(2026, 12, 9) in {session.trade_date for session in calendar.table("CL").sessions}
    assert calendar.table("XYZ") is None


async def test_a_process_that_fails_or_hangs_says_so_in_one_line(tmp_path):
    (tmp_path / SETTING_FILE).write_text("[news]\nurl = 3\n", "utf-8")
    assert "calendar.toml" in await sessions.rebuild(tmp_path)
    assert "gave no answer" in await sessions.rebuild(tmp_path, patience_s=0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[news]\nurls = 3", "urls"),
        ("[news]\nevery_min = 1", "every_min"),
        ("[news]\nfresh_hours = 0", "fresh_hours"),
        ('[news]\nurls = ["ftp://x"]', "no http address"),
        ("[nws]\n", "nws"),
        ("[news", "calendar.toml"),
        ('[[override]]\ndate = 2026-11-27\nfamilies = ["equities"]\nsource = "x"\nchecked = 2026-11-22', "equities"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_edit(tmp_path, text, told):
    (tmp_path / SETTING_FILE).write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=told) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
