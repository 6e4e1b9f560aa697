"""Settings: what a trader writes becomes plans, and whatever is wrong becomes one line that says what to edit."""

import string
import time
from contextlib import suppress
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from engine.api.secret import Vault, parse_env
from engine.config import Secret, Settings, device, find, hidden, home, load, parse
from engine.domain.bond import Parting, RelationshipPlan
from engine.domain.group import Fixed, LeaderLost, LostAction, Multiplier, PoolPlan, Recovery, Rounding
from engine.domain.ids import AccountId
from engine.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "desk.toml"
SECRETS = {
    name: f"value-of-{name}"
    for name in (
        "LEADER_USER",
        "LEADER_PASSWORD",
        "FOLLOWER_USER",
        "FOLLOWER_PASSWORD",
        "TRADOVATE_CID",
        "TRADOVATE_SEC",
    )
}


def read(text: str | bytes, env: dict[str, str] | None = None) -> Settings:
    raw = text.encode() if isinstance(text, str) else text
    return parse(raw, Path("desk.toml"), Path("home"), Vault(SECRETS if env is None else env, [Path("nowhere/.env")]))


def complaint(text: str | bytes, env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, env)
    return str(caught.value).splitlines()


@pytest.fixture(scope="module")
def example() -> str:
    return EXAMPLE.read_text("utf-8")


def test_the_example_is_valid_and_gives_the_plans_that_it_says(example):
    settings = read(example)
    group = settings.desk.groups[0]
    alpha, bravo = group.followers
    assert (group.leader, alpha.account, bravo.account) == ("LEAD", "ALPHA", "BRAVO")
    assert alpha.sizing == bravo.sizing == Multiplier(ratio=Decimal("0.5"))
    assert bravo.symbols == {"NQ": "MNQ", "ES": "MES"}
    assert alpha.caps.order == 4
    assert settings.connections[0].secrets["password"] == "value-of-LEADER_PASSWORD"
    assert settings.connections[0].options.user == "value-of-LEADER_USER"


def test_the_env_example_names_every_secret_of_the_example(example):
    named = parse_env((EXAMPLE.parent / ".env.example").read_text("utf-8"), ".env.example")
    assert set(SECRETS) <= set(named)
    assert not any(named[name] for name in SECRETS)


def test_a_pool_and_a_relationship_have_limits_of_their_own(example):
    text = example.replace('sizing = "0.5x"', 'sizing = { mode = "pooled", share = 1 }')
    first = "[[group.follower]]"
    own = 'relationship = { max_loss = 1500, actions = ["flatten", "stop"] }\ndiscretion = "approve"\n'
    limits = "[group.pool]\nmax_contracts = 6\nmax_loss = 4000\n\n"
    head, tail = text.split(first, 1)
    group = read(f"{head}{limits}{first}\n{own}{tail.replace('symbols', '# symbols')}").desk.groups[0]
    assert group.pool == PoolPlan(max_contracts=6, max_loss=Decimal(4_000))
    bond = RelationshipPlan(max_loss=Decimal(1_500), actions=(Parting.FLATTEN, Parting.STOP))
    assert (group.followers[0].relationship, group.followers[0].discretion.value) == (bond, "approve")


def test_a_followers_own_keys_lie_over_the_defaults(example):
    changed = example.replace(
        'sizing = "0.5x"          #',
        'caps = { order = 1 }\nrounding = "up"\nrogue = "close"\nsizing = { mode = "fixed", contracts = 3 } #',
    )
    alpha = read(changed).desk.groups[0].followers[0]
    assert (alpha.caps.order, alpha.caps.symbol, alpha.rounding, alpha.sizing) == (
        1,
        8,
        Rounding.UP,
        Fixed(contracts=3),
    )
    assert alpha.rogue == "close"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("api_port = 7483", 'api_port = "x"', '[engine]: api_port: write a whole number, not text in "quotes"'),
        ("api_port = 7483", "api_port = 70000", "[engine]: api_port: write a port from 1024 to 65535, not 70000"),
        ("[engine]", "[engne]", 'the key "engne" is unknown; did you mean "engine"?'),
        (
            'environment = "demo"',
            'environment = "dmo"',
            "[[connection]] \"leader-login\": environment: unknown value 'dmo'; write one of: demo, live",
        ),
        (
            'sizing = "0.5x"',
            'sizing = "half"',
            (
                '[[group]] "MAIN", follower "ALPHA": sizing.mode: unknown value \'half\'; '
                "write one of: exact, multiplier, fixed, percentage, balance-scaled, room-scaled, pooled"
            ),
        ),
        (
            'sizing = "0.5x"',
            'sizing = { mode = "fixed", ratio = 1 }',
            '[[group]] "MAIN", follower "ALPHA": sizing: the key "ratio" is unknown; known here: contracts, mode',
        ),
        (
            'sizing = "0.5x"',
            'sizing = { mode = "multiplier", ratio = 0 }',
            "follower ALPHA: ratio must be above 0, not 0 (inverse copying is not offered)",
        ),
        (
            'sizing = "0.5x"',
            'sizing = { mode = "multiplier", ratio = "nan" }',
            '[[group]] "MAIN", follower "ALPHA": sizing.ratio: write a number of at least 0, not NaN',
        ),
        (
            'sizing = "0.5x"',
            'rounding = "down"',
            (
                '[[group]] "MAIN", follower "ALPHA": rounding: unknown value \'down\'; '
                "write one of: nearest, toward-zero, up"
            ),
        ),
        (
            'connection = "leader-login"',
            'connection = "x"',
            '[[account]] "LEAD": connection: there is no [[connection]] "x"; known: follower-login, leader-login',
        ),
        ('leader = "LEAD"', 'leader = "LED"', "group MAIN: leader LED is no account of this desk"),
        (
            'account = "BRAVO"',
            'account = "ALPHA"',
            "group MAIN: ALPHA already follows in MAIN; an account plays one role",
        ),
        (
            '"env:LEADER_PASSWORD"',
            '"hunter2"',
            (
                '[[connection]] "leader-login": password: never write a secret here; '
                'write "env:LEADER_LOGIN_PASSWORD" and its value in .env'
            ),
        ),
        (
            '"env:LEADER_PASSWORD"',
            '"env:NOPE"',
            f'[[connection]] "leader-login": password: NOPE is not set; write NOPE=… into {Path("nowhere/.env")}',
        ),
        (
            'name = "DEMO2000001"',
            'name = "DEMO2000001"\nlive = true',
            (
                '[[account]] "ALPHA": live: tradovate has never been proven with real money here, '
                'only as far as "sim"; write live = false and use a demo login'
            ),
        ),
        (
            'broker = "tradovate"',
            'broker = "rithmik"',
            '[[connection]] "leader-login": broker: broker "rithmik" is unknown; this build has: tradovate',
        ),
        (
            'database = "sqlite"',
            'database = "postgresql://me:pw@host/db"',
            '[engine]: database: write "sqlite", or "env:NAME" with the PostgreSQL URL in .env',
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_write(example, old, new, line):
    assert old in example
    assert f"desk.toml: {line}" in complaint(example.replace(old, new, 1))


def test_a_group_says_what_it_does_without_its_leader_and_how_far_it_repairs(example):
    text = example.replace('action = "hold", after_s = 60', 'action = "tighten", after_s = 5, stop_ticks = 8')
    text = text.replace("[group.defaults] ", "[group.defaults]\nrecovery = { max_ticks = 3 }\n# ")
    (group,) = read(text).desk.groups
    assert group.leader_lost == LeaderLost(action=LostAction.TIGHTEN, after_s=5, stop_ticks=8)
    assert {follower.recovery for follower in group.followers} == {Recovery(max_ticks=3)}
    assert "leader_lost.after_s" in complaint(example.replace("after_s = 60", "after_s = -1"))[0]
    assert "leader_lost.action" in complaint(example.replace('action = "hold"', 'action = "panic"'))[0]


def test_all_faults_are_told_at_once(example):
    wrong = example.replace("api_port = 7483", "api_prt = 1").replace('leader = "LEAD"', "leader = 5")
    assert len(complaint(wrong)) == 2


def test_a_name_that_differs_only_in_case_is_refused(example):
    wrong = example.replace('id = "BRAVO"', 'id = "alpha"').replace('account = "BRAVO"', 'account = "alpha"')
    assert any("used twice" in line for line in complaint(wrong))


def test_broken_toml_names_the_line_and_shows_no_value(example):
    (line,) = complaint(example.replace('"env:LEADER_PASSWORD"', "hunter2", 1))
    number = example[: example.index('"env:LEADER_PASSWORD"')].count("\n") + 1
    assert line.startswith(f"desk.toml, line {number}: ")
    assert line.endswith(": password")
    assert "hunter2" not in line


def test_a_secret_never_shows_in_a_repr_or_a_complaint(example):
    assert "value-of" not in repr(read(example))
    clear = example.replace('"env:LEADER_PASSWORD"', '"hunter2"', 1)
    assert "value-of-LEADER_PASSWORD" in hidden(read(example))
    assert not any("hunter2" in line for line in complaint(clear))
    assert not any("value-of" in line for line in complaint(example.replace("api_port", "api_prt")))


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "desk.toml", {}, tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {}, tmp_path)


def test_secrets_come_from_the_environment_then_beside_the_file_then_from_the_home(tmp_path, example):
    desk, kept = tmp_path / "desk", tmp_path / "home"
    desk.mkdir()
    kept.mkdir()
    (desk / "desk.toml").write_text(example, "utf-8")
    lines = "\n".join(f"{name}='{value}'" for name, value in SECRETS.items())
    (kept / ".env").write_text("LEADER_USER=home\nLEADER_PASSWORD=home\n" + lines.replace("LEADER", "X"), "utf-8")
    (desk / ".env").write_text("export LEADER_PASSWORD='beside'\nLEADER_USER=beside  # me\n", "utf-8")
    settings = load(desk / "desk.toml", {"LEADER_USER": "outside"}, kept)
    assert settings.connections[0].options.user == "outside"
    assert settings.connections[0].secrets["password"] == "beside"
    assert settings.connections[1].options.user == "value-of-FOLLOWER_USER"


def test_a_postgresql_url_is_a_secret(example):
    changed = example.replace('database = "sqlite"', 'database = "env:PG"')
    settings = read(changed, {**SECRETS, "PG": "postgresql://me:pw@host/db"})
    assert settings.database_url == "postgresql://me:pw@host/db"
    assert "pw@" not in repr(settings)
    assert read(example).database_url == "sqlite:///home/journal.db"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("export A = b # c", "b"),
        ("A='b # c' # d", "b # c"),
        ('A="b\\n\\"c"', 'b\n"c'),
        ("A=", ""),
        ("A=b#c", "b#c"),
        ("\ufeffA=b\r\n", "b"),
        ("A='$B'", "$B"),
    ],
)
def test_env_lines(text, value):
    assert parse_env(text, ".env") == {"A": value}


@pytest.mark.parametrize("text", ["A", "A='b", '= "b"', "1A=b", "A='b' c"])
def test_an_env_line_that_is_none_is_named_without_its_value(text):
    with pytest.raises(ConfigError, match=r"^\.env, line 2: ") as caught:
        parse_env("# first\n" + text, ".env")
    assert "b'" not in str(caught.value)


def test_the_home_is_where_each_system_keeps_such_things(tmp_path):
    assert home({"LOCKSTEP_HOME": str(tmp_path)}) == tmp_path
    assert home({"XDG_DATA_HOME": "/x"}, "linux") == Path("/x/lockstep")
    assert home({}, "darwin").parts[-3:] == ("Library", "Application Support", "Lockstep")
    assert home({"LOCALAPPDATA": "/l"}, "win32") == Path("/l/Lockstep")


def test_the_settings_file_is_looked_for_here_then_in_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = {"LOCKSTEP_HOME": str(tmp_path / "home")}
    assert find(env) == tmp_path / "desk.toml"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "desk.toml").touch()
    assert find(env) == tmp_path / "home" / "desk.toml"
    (tmp_path / "desk.toml").touch()
    assert find(env) == tmp_path / "desk.toml"
    assert find({**env, "LOCKSTEP_DESK": str(tmp_path / "other.toml")}) == tmp_path / "other.toml"


def test_a_machine_keeps_its_id(tmp_path):
    assert device(tmp_path / "a") == device(tmp_path / "a") != device(tmp_path / "b")


def test_a_desk_ten_times_as_large_takes_no_hundred_times_as_long(example):
    small, large = (_desk(example, followers) for followers in (20, 200))
    read(small)  # the broker's plug-in is imported once
    assert min(_seconds(large) for _ in range(5)) < 30 * min(_seconds(small) for _ in range(5))


def _desk(example: str, followers: int) -> str:
    head = example[: example.index("\n[[account]]") + 1]
    accounts = "".join(
        f'[[account]]\nid = "F{number}"\nconnection = "leader-login"\nname = "N{number}"\n'
        for number in range(followers + 1)
    )
    copies = "".join(
        f'[[group.follower]]\naccount = "F{number}"\nsizing = "0.5x"\n' for number in range(1, followers + 1)
    )
    return f'{head}{accounts}[[group]]\nid = "G"\nleader = "F0"\n{copies}'


def _seconds(text: str) -> float:
    start = time.process_time()
    read(text)
    return time.process_time() - start


LETTERS = string.printable + "é\u2028\x00😀"
KEYS = st.sampled_from(
    [
        "engine",
        "connection",
        "account",
        "group",
        "id",
        "broker",
        "name",
        "sizing",
        "mode",
        "ratio",
        "contracts",
        "caps",
        "order",
        "defaults",
        "follower",
        "leader",
        "roots",
        "symbols",
        "ratios",
        "password",
        "user",
        "tags",
        "live",
        "api_port",
        "database",
        "exit_reserve",
        "x",
    ]
) | st.text(LETTERS, max_size=6)
LEAVES = (
    st.integers(-(10**20), 10**20)
    | st.booleans()
    | st.floats().map(lambda number: Decimal(repr(number)))
    | st.sampled_from(
        ["tradovate", "a", "A", "0.5x", "exact", "multiplier", "env:LEADER_USER", "env:", "nan", "1e999999999"]
    )
    | st.text(LETTERS, max_size=8)
)
TREES = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4), max_leaves=25
)


def toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return str(value).lower().replace("infinity", "inf")
        case str():
            return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
        case list():
            return "[" + ",".join(map(toml, value)) + "]"
        case dict():
            return "{" + ",".join(f"{toml(key)}={toml(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def survives(raw: bytes) -> None:
    with suppress(ConfigError):
        read(raw)


@rules(deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=5))
def test_no_table_breaks_the_reading(table):
    survives("\n".join(f"{toml(key)} = {toml(value)}" for key, value in table.items()).encode())


@rules(deadline=None)
@given(st.binary(max_size=60) | st.text("[]{}=.\"'#\nab1-:ET_x", max_size=60).map(str.encode))
def test_no_bytes_break_the_reading(raw):
    survives(raw)


@rules(deadline=None)
@given(st.data())
def test_no_edit_of_the_example_breaks_the_reading(data):
    text = EXAMPLE.read_text("utf-8")
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 20))
    put = data.draw(st.text("[]{}=.\"'#\nab1-:_x", max_size=4) | LEAVES.map(toml) | TREES.map(toml))
    survives((text[:at] + put + text[at + cut :]).encode("utf-8", "surrogatepass"))


def test_deep_tables_are_refused():
    assert "too deep" in complaint("chat = " + "[" * 50 + "]" * 50)[0]
    assert "too deep" in complaint("chat = " + "[" * 100_000 + "]" * 100_000)[0]


def test_a_secret_is_a_text_that_hides_itself():
    assert Secret("pw") == "pw"
    assert "pw" not in repr({"password": Secret("pw")})


# ---- limits

LIMITED = 'name = "DEMO2000001"\n'


def test_a_named_plan_becomes_what_the_follower_must_keep_to(example):
    own = 'plan = "apex/eod-50k/evaluation/tradovate"\noverrides = { drawdown = 1800 }\nfloor = 48500\n'
    table = '\n[group.defaults.limits.daily_loss]\nact_at = 0.9\nactions = ["warn", "flatten", "lock-day"]\n'
    text = example.replace(LIMITED, LIMITED + own).replace("\n[[group.follower]]", f"{table}\n[[group.follower]]", 1)
    desk = read(text).desk
    assert list(desk.keepings) == ["ALPHA"], "an account without a plan keeps to nothing"
    kept = desk.keepings[desk.accounts[1].id]
    assert (kept.terms.start_balance, kept.terms.drawdown, kept.floor) == (50_000, 1_800, 48_500)
    assert kept.clock.zone == "America/New_York"
    assert kept.limits.daily_loss.act_at == Decimal("0.9")
    assert desk.groups[0].followers[1].limits == kept.limits


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('plan = "apex/eod-50k/evaluation/tradovat"', 'there is no plan "apex/eod-50k/evaluation/tradovat"; near it:'),
        (
            'plan = "apex/eod-50k/evaluation/tradovate"\noverrides = { drawdwon = 1 }',
            'the key "drawdwon" is unknown; did you mean "drawdown"?',
        ),
        ("floor = 100", "floor: write a plan too"),
        ("limits = { daily_loss = { act_at = 95 } }", "daily_loss.act_at: write a share above 0 and at most 1"),
        ("limits = { daily_loss = { actions = [] } }", "daily_loss.actions: write at least one action"),
        ("limits = { max_loss = { warn_at = [0.9, 0.7] } }", "max_loss.warn_at: write rising shares"),
        ('limits = { max_loss = { actions = ["flaten"] } }', "flaten"),
    ],
)
def test_a_wrong_limit_stops_the_start_with_a_line(example, written, said):
    assert any(said in line for line in complaint(example.replace(LIMITED, f"{LIMITED}{written}\n")))


# ---- times


def test_own_times_stand_beside_the_firms_and_an_override_loosens_it(example):
    plan = 'plan = "topstep/50k/combine"\n'
    own = (
        'hours = { windows = [{ opens = "08:30", closes = "15:00" }], flat_by = "14:55" }\n'
        'news = { events = "FOMC, CPI", before_min = 20 }\n'
    )
    tables = [
        read(example.replace(LIMITED, LIMITED + more)).desk.timetables
        for more in ("", plan, plan + own, plan + 'overrides = { flat_by = 15:09:00, news = "free" }\n')
    ]
    assert tables[0] == {}, "nobody keeps times that nobody set"
    firm, both, loose = (table[AccountId("ALPHA")] for table in tables[1:])
    assert [(rule.at, rule.zone, rule.whose) for rule in firm.flat] == [(clock(15, 10), "America/Chicago", "firm")]
    assert [rule.name for rule in firm.news] == ["firm pause: CPI -5/+5 min"]
    assert [(rule.at, rule.whose) for rule in both.flat] == [(clock(15, 10), "firm"), (clock(14, 55), "own")]
    assert [rule.name for rule in both.news] == ["firm pause: CPI -5/+5 min", "own pause: FOMC, CPI -20/+15 min"]
    (window,) = both.windows
    assert (window.opens, window.closes, window.weekdays) == (clock(8, 30), clock(15), (0, 1, 2, 3, 4))
    assert ([rule.at for rule in loose.flat], loose.news) == ([clock(15, 9)], ())


def test_a_firms_flat_window_is_met_a_minute_early_and_defaults_are_for_all(example):
    plan = 'plan = "lucid/daily-eod-50k/evaluation"\n'
    (rule,) = read(example.replace(LIMITED, LIMITED + plan)).desk.timetables[AccountId("ALPHA")].news
    assert rule.name == "firm flatten: USD high impact -2/+1 min"
    table = '\n[group.defaults.hours]\nflat_by = "15:10"\n'
    text = example.replace("\n[[group.follower]]", f"{table}\n[[group.follower]]", 1)
    assert list(read(text).desk.timetables) == ["ALPHA", "BRAVO"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('hours = { flat_by = "25:10" }', 'hours.flat_by: write a time such as "08:30", not "25:10"'),
        (
            'hours = { zone = "Chicago" }',
            'hours.zone: there is no time zone "Chicago"; write one such as America/Chicago',
        ),
        (
            'hours = { windows = [{ opens = "8", closes = "15:00" }] }',
            'hours.windows: write a time such as "08:30", not "8"',
        ),
        (
            'hours = { windows = [{ opens = "08:30", closes = "15:00", days = "monday" }] }',
            'hours.windows: write days such as "mon-fri"',
        ),
        ("hours = { ahead_min = 90 }", "hours.ahead_min: write minutes from 0 to 60, not 90"),
        ("hours = { windws = [] }", 'the key "windws" is unknown; did you mean "windows"?'),
        ('news = { events = "CPX" }', 'news.events: "CPX" is not understood; write "red", or names such as "FOMC, CPI'),
        ("news = { before_min = -1 }", "news.before_min: write minutes from 0 to 1440, not -1"),
        ("news = { before_min = 0, after_min = 0 }", "both before_min and after_min are 0"),
        ('news = { action = "stop" }', "unknown value 'stop'; write one of: flatten, none, pause"),
    ],
)
def test_a_wrong_time_stops_the_start_with_a_line(example, written, said):
    assert any(said in line for line in complaint(example.replace(LIMITED, f"{LIMITED}{written}\n")))


# ---- the guard

GUARD = """
[account.guard]
roots = ["NQ", "MNQ"]
hours = [{ opens = "08:30", closes = "15:00" }]
sizes = { NQ = { order = 5, position = 8 }, "*" = { order = 2 } }
burst = { count = 5, seconds = 10 }
refuses = ["product"]

[account.guard.profile]
hold_at = 2.5

[[account]]
id = "ALPHA"
"""


def test_a_guard_stands_under_its_leader(example):
    guard = read(example.replace('\n[[account]]\nid = "ALPHA"\n', GUARD)).desk.accounts[0].guard
    assert (guard.sizes["NQ"].position, guard.burst.seconds, guard.profile.hold_at) == (8, 10, Decimal("2.5"))
    assert guard.hold_s == 120


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("order = 5", "order = 0", "account LEAD: guard.sizes.NQ.order: write contracts above 0, not 0"),
        ('refuses = ["product"]', 'refuses = ["produkt"]', '[[account]] "LEAD": guard.refuses[0]: unknown value'),
        (
            "[account.guard.profile]",
            "[account.guard.profil]",
            'guard: the key "profil" is unknown; did you mean "profile"?',
        ),
        ("hold_at = 2.5", "hold_at = 1", "account LEAD: guard.profile.hold_at: write more than 1"),
    ],
)
def test_a_wrong_guard_is_told_in_one_line(example, old, new, told):
    (line,) = complaint(example.replace('\n[[account]]\nid = "ALPHA"\n', GUARD.replace(old, new)))
    assert told in line


def test_a_guard_of_a_follower_is_refused(example):
    (line,) = complaint(example.replace('tags = ["eval"]', 'guard = { max_away_ticks = 40 }\ntags = ["eval"]'))
    assert "account ALPHA: guard: it leads no group" in line
