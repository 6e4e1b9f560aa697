"""Settings of the bot: its tables of desk.toml, the data directory, and where the engine is."""

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from engine.api import ConfigError, Value
from engine.api.client import Address
from engine.api.place import DESK, find
from engine.api.place import home as home_of

API_FILE = "api.json"


class ChatSettings(Value, frozen=True, forbid_unknown_fields=True):
    """The ``[chat]`` table: what holds for every platform."""

    zone: str = ""  # an IANA name such as America/Chicago; the machine's own when empty
    name: str = ""  # how the person at the console is called; the login's name when empty


class Settings(Value, frozen=True):
    """Everything that the bot needs to know before it starts. ``chats`` holds the platforms' own tables, unread."""

    home: Path
    chat: ChatSettings = ChatSettings()
    chats: dict[str, dict[str, Any]] = {}
    api: str = ""
    token: str = ""
    venue: str = ""
    venue_token: str = ""

    @property
    def zone(self) -> tzinfo:
        """The reader's time zone."""
        if not self.chat.zone:
            return datetime.now(UTC).astimezone().tzinfo or UTC
        try:
            return ZoneInfo(self.chat.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigError(f"[chat] zone: no time zone {self.chat.zone!r}; write one like America/Chicago") from None

    def find_engine(self) -> Address | None:
        """Where the engine is: what was set, else what it wrote into the data directory; None when it wrote nothing."""
        written = _written(self.home / API_FILE)
        if not self.api:
            return written
        return Address(url=self.api, token=self.token or (written.token if written is not None else ""))


def _written(path: Path) -> Address | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        return None


def find_desk(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The engine's settings file; None where there is none and nobody named one."""
    found = find(environ)
    return found if environ.get(DESK) or found.is_file() else None


def read_settings(
    desk: Path | None = None, *, home: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Settings from the bot's tables of ``desk`` and from the environment, which wins.

    Raises: ConfigError with one line that says what to edit.
    """
    tables = _tables(desk) if desk is not None else {}
    try:
        chat = msgspec.convert(tables.get("chat", {}), ChatSettings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{desk}: [chat] {error}") from None
    return Settings(
        home=home or home_of(environ),
        chat=chat,
        chats={name: table for name, table in tables.items() if isinstance(table, dict) and name != "chat"},
        api=environ.get("LOCKSTEP_API", ""),
        token=environ.get("LOCKSTEP_TOKEN", ""),
        venue=environ.get("LOCKSTEP_VENUE", ""),
        venue_token=environ.get("LOCKSTEP_VENUE_TOKEN", ""),
    )


def _tables(desk: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(desk.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{desk} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{desk} is not TOML: {error}") from None
