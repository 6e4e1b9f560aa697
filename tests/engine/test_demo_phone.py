"""Which phones a demo serves: by the tokens that are here, and by what a desk.toml says of them."""

import tomllib
from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.demo.phone import find_phones
from engine.errors import ConfigError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of a newcomer."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_TOKEN", "DISCORD_TOKEN", "LOCKSTEP_DESK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCKSTEP_HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_token_beside_is_all_that_is_needed(here: Path):
    (here / ".env").write_text("TELEGRAM_TOKEN=1:secret\n")
    phones = find_phones()
    assert phones.tables == {"telegram": {"token": "env:TELEGRAM_TOKEN"}}
    assert phones.env == {"TELEGRAM_TOKEN": "1:secret"}
    assert "secret" not in phones.toml()
    assert "secret" not in repr(phones)
    assert tomllib.loads(phones.toml()) == phones.tables


def test_a_token_in_the_data_directory_is_found_as_well(here: Path):
    (here / "home").mkdir()
    (here / "home" / ".env").write_text("DISCORD_TOKEN=hush\n")
    assert find_phones().env == {"DISCORD_TOKEN": "hush"}


def test_what_the_desk_says_of_a_platform_holds_and_the_rest_of_it_is_no_matter(here: Path):
    (here / ".env").write_text("MINE=1:secret\nDISCORD_TOKEN=hush\n")
    (here / "desk.toml").write_text(
        '[[connection]]\nid = "x"\n[chat]\nheartbeat = "env:NOT_SET"\n[telegram]\ntoken = "env:MINE"\n'
        'base_url = "http://127.0.0.1:1/ö"\n[discord]\nguild = 7\npatience_s = 2.5\n'
    )
    phones = find_phones()
    assert phones.env == {"MINE": "1:secret", "DISCORD_TOKEN": "hush"}
    assert tomllib.loads(phones.toml()) == {
        "telegram": {"token": "env:MINE", "base_url": "http://127.0.0.1:1/ö"},
        "discord": {"token": "env:DISCORD_TOKEN", "guild": 7, "patience_s": 2.5},
    }
    assert set(find_phones("discord").tables) == {"discord"}
    assert find_phones("discord").env == {"DISCORD_TOKEN": "hush"}


def test_no_token_is_one_line_that_says_what_to_write_where(here: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["demo", "--phone"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for word in ("TELEGRAM_TOKEN=…", "docs/telegram.md", "DISCORD_TOKEN=…", "docs/discord.md", str(here / ".env")):
        assert word in said
    assert main(["demo", "--phone", "telegram"]) == 2
    assert "DISCORD" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("desk", "said"),
    [
        ('[telegram]\ntoken = "env:MINE"\n', "MINE is not set; write MINE=… into"),
        ('[telegram]\ntoken = "1:secret"\n', 'never write a secret here; write "env:TELEGRAM_TOKEN"'),
        ("[telegram]\npoll_s = [1]\n", r"\[telegram\] poll_s: write a text or a number"),
        ("[telegram\n", "is not TOML"),
    ],
)
def test_a_wrong_table_stops_the_start(here: Path, desk: str, said: str):
    (here / "desk.toml").write_text(desk)
    with pytest.raises(ConfigError, match=said) as error:
        find_phones()
    assert "secret," not in str(error.value)
    assert "1:secret" not in str(error.value)


def test_a_story_needs_no_phone(here: Path, capsys: pytest.CaptureFixture[str]):
    (here / ".env").write_text("TELEGRAM_TOKEN=1:secret\n")
    assert main(["demo", "--phone", "--auto"]) == 2
    assert "leave --auto and --record out" in capsys.readouterr().err
