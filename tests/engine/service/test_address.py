"""The API's address: loopback only, one clear line for a taken port, a token that stays."""

import json
import os
import stat
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.service.address import listen, publish
from engine.service.setting import ClerkSettings, from_environment


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_only_this_computer_is_served(host: str) -> None:
    with pytest.raises(ConfigError, match=r"engine\.api_host"):
        listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_is_bound(host: str) -> None:
    with listen(host, 0) as bound:
        assert bound.getsockname()[1] > 0


def test_a_taken_port_is_said_in_one_line() -> None:
    with listen("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"port {port} is taken by another program; set another one in desk\.toml"
        ):
            listen("127.0.0.1", port)


def test_the_token_is_made_once_and_readable_by_this_user_alone(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as bound:
        first = publish(tmp_path, bound)
    with listen("127.0.0.1", 0) as bound:
        second = publish(tmp_path, bound)
        assert second.url == f"http://127.0.0.1:{bound.getsockname()[1]}"
    assert first.token == second.token
    assert len(first.token) >= 32
    path = tmp_path / "api.json"
    assert json.loads(path.read_text()) == {"url": second.url, "token": second.token}
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", '{"url": "x", "token": "short"}', "[1"])
def test_a_spoilt_file_gets_a_new_token(tmp_path: Path, content: str) -> None:
    (tmp_path / "api.json").write_text(content)
    with listen("127.0.0.1", 0) as bound:
        assert len(publish(tmp_path, bound).token) >= 32


def test_the_clerks_log_hides_the_databases_password() -> None:
    settings = ClerkSettings(home="/d", link_port=1, link_token="t", database="postgresql://me:a%2Fb@host/desk")
    assert set(settings.hidden) == {"t", "postgresql://me:a%2Fb@host/desk", "a%2Fb", "a/b"}
    assert ClerkSettings(home="/d", link_port=1, link_token="t").hidden == ["t"]


def test_settings_travel_through_the_environment() -> None:
    settings = ClerkSettings(home="/data", link_port=1, link_token="t", database="postgresql://x", keep_days=3)
    assert from_environment({**settings.environment(), "LOCKSTEP_OTHER": "x"}) == settings
    with pytest.raises(ConfigError, match="link_port"):
        from_environment({"LOCKSTEP_HOME": "/data", "LOCKSTEP_LINK_PORT": "x", "LOCKSTEP_LINK_TOKEN": "t"})
    with pytest.raises(ConfigError, match="home"):
        from_environment({})
