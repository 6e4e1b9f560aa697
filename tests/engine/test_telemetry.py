"""Logs: where they go, and that no secret is in them, however it got there."""

import json
import logging
import os
import stat

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.telemetry import REDACTED, Redaction, configure

PASSWORD = "correct-horse"  # known by its value
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def log(tmp_path):
    """Restores what ``configure`` changes for the whole process."""
    root = logging.getLogger()
    before = list(root.handlers), root.level, logging.raiseExceptions
    for handler in before[0]:
        root.removeHandler(handler)
    configure(tmp_path, "info", [PASSWORD])

    def lines() -> list[dict[str, object]]:
        return [json.loads(line) for line in (tmp_path / "logs" / "engine.log").read_text("utf-8").splitlines()]

    yield lines
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(before[1])
    logging.raiseExceptions = before[2]
    structlog.reset_defaults()


def test_a_line_is_json_with_time_level_and_what_was_bound(log):
    structlog.get_logger("engine.test").bind(follower="ALPHA").info("copied", quantity=2)
    logging.getLogger("engine.plain").warning("a %s line", "plain")
    first, second = log()
    assert (first["event"], first["follower"], first["quantity"], first["level"]) == ("copied", "ALPHA", 2, "info")
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"]) == ("a plain line", "engine.plain")


def test_debug_stays_out_and_so_do_talkative_libraries(log):
    structlog.get_logger("engine.test").debug("nothing")
    logging.getLogger("websockets.client").info("> authorize")
    logging.getLogger("httpx").info("GET")
    assert log() == []


def test_a_secret_in_a_traceback_is_blotted_out(log, capsys):
    def fail() -> None:
        raise ValueError(f"cannot sign in with {PASSWORD} and Bearer {TOKEN}")

    try:
        fail()
    except ValueError:
        structlog.get_logger("engine.test").exception("failed", accessToken=TOKEN)
    text = json.dumps(log()) + capsys.readouterr().err
    assert "cannot sign in with" in text
    assert PASSWORD not in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f'{{"name":"me","password":"{PASSWORD}"}}',
        f"{{'accessToken': '{PASSWORD}'}}",
        f"https://host/x?token={PASSWORD}&y=1",
        f"postgresql://me:{PASSWORD}@host/db",
        f"authorize\n0\n\n{PASSWORD}",
        f'"p-ticket":"{PASSWORD}"',
        f"sec={PASSWORD}",
        f"got {TOKEN} back",
    ],
)
def test_what_looks_like_a_secret_is_blotted_out_unknown_as_it_is(text):
    shown = Redaction().text(text)
    assert REDACTED in shown
    assert PASSWORD not in shown
    assert TOKEN not in shown


def test_ordinary_words_stay():
    for text in ("token bucket is empty", "second 5 of sector", "order 12 accepted", "key: LS0123", "code 2 ended"):
        assert Redaction().text(text) == text


@pytest.mark.parametrize(
    "name", ["password", "api_key", "accessToken", "client_secret", "Authorization", "sec", "p-ticket"]
)
def test_fields_with_a_secret_name_are_blotted_out_at_any_depth(name):
    shown = Redaction()(None, "info", {"event": "x", "inside": [{"deep": {name: "abc"}}], name: "abc"})
    assert "abc" not in repr(shown)


@settings(deadline=None)
@given(st.text(min_size=4, max_size=12), st.text(max_size=10), st.text(max_size=10))
def test_a_known_secret_never_shows(secret, before, after):
    shown = Redaction([secret])(
        None, "info", {"event": before + secret + after, "list": [secret], "map": {"a": secret}}
    )
    assert secret in REDACTED or secret not in "\n".join([shown["event"], *shown["list"], *shown["map"].values()])


def test_a_data_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        configure(tmp_path / "file")


def test_a_new_data_directory_is_for_its_owner_alone(tmp_path, log):  # log gives the process back
    """The journal names accounts and positions; nobody else on the computer has to read them."""
    configure(tmp_path / "data")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
