"""Settings: tables, environment, the data directory, the engine's own file."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from bot.app import console_options
from bot.config import ChatSettings, Settings, read_settings
from engine.api import ConfigError
from engine.api.place import home

DESK = """
[console]
colour = "never"
venue = "http://127.0.0.1:7001"

[chat]
zone = "America/Chicago"
name = "Luis"

[connections.sim]
broker = "tradovate"
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bots_tables_are_read_and_the_engines_left_alone(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path / "desk.toml", DESK), home=tmp_path, environ={})
    assert (settings.chat.name, str(settings.zone)) == ("Luis", "America/Chicago")
    assert console_options(settings).venue == "http://127.0.0.1:7001"


def test_whoever_sits_at_the_console_has_the_logins_name_as_one_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Lea Smith")
    assert Settings(home=tmp_path).name == "Lea-Smith"
    assert Settings(home=tmp_path, chat=ChatSettings(name="Luis")).name == "Luis"


def test_the_environment_wins(tmp_path: Path) -> None:
    environ = {
        "LOCKSTEP_HOME": str(tmp_path),
        "LOCKSTEP_API": "http://127.0.0.1:1",
        "LOCKSTEP_VENUE": "http://127.0.0.1:2",
    }
    settings = read_settings(written(tmp_path / "desk.toml", DESK), environ=environ)
    assert settings.home == tmp_path
    assert console_options(settings).venue == "http://127.0.0.1:2"
    written(tmp_path / "api.json", '{"url": "http://127.0.0.1:3", "token": "t"}')
    found = settings.find_engine()
    assert found is not None
    assert (found.url, found.token) == ("http://127.0.0.1:1", "t")


def test_the_engines_file_says_where_it_is(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.find_engine() is None
    written(tmp_path / "api.json", "{half")
    assert settings.find_engine() is None
    written(tmp_path / "api.json", '{"url": "http://127.0.0.1:3", "token": "t", "later": 1}')
    found = settings.find_engine()
    assert found is not None
    assert found.url == "http://127.0.0.1:3"


@pytest.mark.parametrize(
    ("text", "said"),
    [('[chat]\nzoen = "x"', "zoen"), ("[chat", "not TOML"), ('[chat]\nzone = "Mars/Database"', "Mars/Database")],
)
def test_a_wrong_file_is_one_line_that_says_what_to_edit(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as wrong:
        _ = read_settings(written(tmp_path / "desk.toml", text), home=tmp_path, environ={}).zone
    assert "\n" not in str(wrong.value)


def test_a_typo_in_the_console_table_is_said() -> None:
    with pytest.raises(ConfigError, match="color"):
        console_options(Settings(home=Path(), chats={"console": {"color": "never"}}))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "none.toml", environ={})


@pytest.mark.parametrize(
    ("platform", "environ", "end"),
    [
        ("linux", {}, ".local/share/lockstep"),
        ("linux", {"XDG_DATA_HOME": "/x"}, "x/lockstep"),
        ("darwin", {}, "Library/Application Support/Lockstep"),
        ("win32", {"LOCALAPPDATA": "/appdata"}, "appdata/Lockstep"),
        ("win32", {"LOCKSTEP_HOME": "/mine"}, "mine"),
    ],
)
def test_the_data_directory_follows_the_system(platform: str, environ: dict[str, str], end: str) -> None:
    assert home(environ, platform).as_posix().endswith(end)


def test_every_setting_of_chat_stands_on_its_page_and_in_the_example() -> None:
    page = Path("docs/phone.md").read_text(encoding="utf-8").partition("## Settings for every platform")[2]
    example = Path("desk.toml").read_text(encoding="utf-8").partition("# [chat]\n")[2]
    names = {field.name for field in msgspec.structs.fields(ChatSettings)}
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == names
    assert set(re.findall(r"^# (\w+) =", example, re.MULTILINE)) == names
    told = tomllib.loads("\n".join(line.removeprefix("# ") for line in example.splitlines()))
    assert msgspec.convert(told, ChatSettings).dead_man == "10m"
