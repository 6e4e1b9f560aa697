"""Settings of the bot: its tables of desk.toml, their secrets, the data directory, and where the engine is."""

import getpass
import importlib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from bot.chats.console import CHAT as CONSOLE
from bot.chats.console import Options
from bot.core.chat import Chat, ChatSpec, Clock
from engine.api import ConfigError, Value
from engine.api.client import Address
from engine.api.place import DESK, find
from engine.api.place import home as home_of
from engine.api.secret import Vault, env_files, is_reference

API_FILE = "api.json"
SHORTEST_S, LONGEST_S = 120, 86_400  # of a dead man's deadline
_SPAN = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?")
PLATFORMS = ("telegram", "discord")


class Unanswered(StrEnum):
    """What the desk does about a P1 that nobody has answered for ten minutes."""

    NOTHING = "nothing"
    PAUSE = "pause"  # entries of what it concerns; exits go on


class Noise(StrEnum):
    """When the desk's own computer makes a noise."""

    UNHEARD = "unheard"  # for a P1 that no platform delivers, and when none hears us any more
    P1 = "p1"  # for every P1
    OFF = "off"


class ChatSettings(Value, frozen=True, forbid_unknown_fields=True):
    """The ``[chat]`` table: what holds for every platform."""

    zone: str = ""  # an IANA name such as America/Chicago; the machine's own when empty
    name: str = ""  # how the person at the console is called; the login's name when empty
    unanswered: Unanswered = Unanswered.NOTHING
    heartbeat: str = ""  # env:NAME of a URL that is got while all is well; whoever is there rings when it is not
    desktop: Noise = Noise.UNHEARD
    dead_man: str = ""  # 10m: entries are paused once nobody could be reached for so long; never when empty
    heartbeat_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 60
    threads: bool = True  # each P1 has a thread, or a topic, of its own beside its card in a room
    database: str = ""  # env:NAME of a PostgreSQL URL; a file in the data directory when empty
    metrics: int | None = None  # port of /metrics and /healthz on this computer; absent: none of them


class Settings(Value, frozen=True):
    """Everything that the bot needs to know before it starts. ``chats`` holds the platforms' own tables, unread."""

    home: Path
    chat: ChatSettings = ChatSettings()
    chats: dict[str, dict[str, Any]] = {}
    api: str = ""
    token: str = ""
    venue: str = ""
    has_desk: bool = False  # a desk.toml was read: what it does not say is meant so
    venue_token: str = ""
    vault: Vault | None = None

    @property
    def name(self) -> str:
        """How the person at the console is called; a login of two words, as Windows has them, is made a name of one."""
        try:
            return self.chat.name or "-".join(getpass.getuser().split())
        except (OSError, KeyError, ImportError):
            return "console"

    @property
    def database(self) -> str:
        """Where the bot keeps what it must not forget.

        Raises: ConfigError for a reference that leads nowhere.
        """
        if not self.chat.database:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            return f"sqlite:///{(self.home / 'bot.db').as_posix()}"
        if self.vault is None or not is_reference(self.chat.database):
            raise ConfigError('[chat] database: write "env:NAME" with a PostgreSQL URL in .env, or leave it out')
        return self.vault.read(self.chat.database)

    @property
    def heartbeat(self) -> str:
        """The URL of the outside heartbeat, empty where there is none. A secret: it holds a key.

        Raises: ConfigError for a reference that leads nowhere, or to something that is no URL.
        """
        if not self.chat.heartbeat:
            return ""
        if self.vault is None or not is_reference(self.chat.heartbeat):
            raise ConfigError('[chat] heartbeat: never write the URL here; write "env:NAME" and its value in .env')
        url = self.vault.read(self.chat.heartbeat)
        if not url.startswith(("https://", "http://")):
            raise ConfigError("[chat] heartbeat: its value in .env is no URL that begins with https://")
        return url

    @property
    def dead_man_s(self) -> int:
        """Seconds without anybody who can be reached until entries are paused; 0 for never.

        Raises: ConfigError for something that is no such time.
        """
        if not self.chat.dead_man:
            return 0
        match = _SPAN.fullmatch(self.chat.dead_man.strip().lower())
        seconds = (
            sum(int(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60), strict=True)) if match else 0
        )
        if not SHORTEST_S <= seconds <= LONGEST_S:
            raise ConfigError(f"[chat] dead_man: write 10m or 1h30m, from 2m to 24h, not {self.chat.dead_man!r}")
        return seconds

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
    if chat.metrics is not None and not 1 <= chat.metrics <= 65_535:
        raise ConfigError(f"{desk}: [chat] metrics: write a port from 1024 to 65535, not {chat.metrics}")
    return Settings(
        home=home or home_of(environ),
        chat=chat,
        chats={name: table for name, table in tables.items() if isinstance(table, dict) and name != "chat"},
        api=environ.get("LOCKSTEP_API", ""),
        token=environ.get("LOCKSTEP_TOKEN", ""),
        venue=environ.get("LOCKSTEP_VENUE", ""),
        has_desk=desk is not None,
        venue_token=environ.get("LOCKSTEP_VENUE_TOKEN", ""),
        vault=Vault(environ, env_files(desk, home or home_of(environ)) if desk is not None else ()),
    )


def console_options(settings: Settings) -> Options:
    """The ``[console]`` table; the environment's venue wins."""
    options = _options(settings.chats.get(CONSOLE.name, {}), CONSOLE.name, Options)
    if not settings.venue:
        return options
    return msgspec.structs.replace(options, venue=settings.venue, venue_token=settings.venue_token)


def connect(settings: Settings, name: str, clock: Clock) -> tuple[ChatSpec, Chat]:
    """A platform by its table; nothing is sent yet.

    Raises: ConfigError with one line that says what to edit.
    """
    spec, options = plug(settings, name)
    return spec, spec.connect(options, clock)


def plug(settings: Settings, name: str) -> tuple[ChatSpec, Value]:
    """A platform and what its table says, secrets looked up.

    Raises: ConfigError with one line that says what to edit.
    """
    spec: ChatSpec = importlib.import_module(f"bot.chats.{name}").CHAT
    table = dict(settings.chats[name])
    for key in spec.secrets:
        value = table.get(key)
        if isinstance(value, str) and is_reference(value) and settings.vault is not None:
            table[key] = settings.vault.read(value)
        elif value:
            raise ConfigError(f'[{name}] {key}: never write a secret here; write "env:NAME" and its value in .env')
    return spec, _options(table, name, spec.options)


T = TypeVar("T")


def _options(table: dict[str, Any], name: str, type_: type[T]) -> T:
    try:
        return msgspec.convert(table, type_)
    except msgspec.ValidationError as error:
        raise ConfigError(f"desk.toml: [{name}] {error}") from None


def _tables(desk: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(desk.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{desk} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{desk} is not TOML: {error}") from None
