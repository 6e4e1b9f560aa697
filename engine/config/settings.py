"""desk.toml as one checked value. Every fault is found in one reading and told in one line each."""

import os
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from engine.api.place import find
from engine.api.place import home as home_of
from engine.api.secret import Secret, Vault, env_files, is_reference
from engine.brokers import load as load_broker
from engine.config.complaint import complain, unknown
from engine.config.file import LARGEST_NUMBER, Table, read, tables
from engine.config.limit import limited
from engine.config.timetable import timetables
from engine.domain.group import AccountPlan, DeskPlan, FollowerPlan, GroupPlan, LeaderLost, PoolPlan, Setting, faults
from engine.domain.ids import AccountId, ConnectionId, GroupId, Root
from engine.domain.tradedate import TURN
from engine.domain.value import Value
from engine.errors import ConfigError
from engine.ports import BrokerSpec, ConnectContext
from engine.service.setting import KEEP_DAYS

T = TypeVar("T")
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TIMES = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)x")
_CHATS = ("chat", "console", "discord", "telegram")  # the bot's tables; it checks them itself
_TABLES = sorted(("account", "connection", "engine", "group", *_CHATS))
_MERGED = (
    "caps",
    "symbols",
    "ratios",
    "bracket",
    "limits",
    "hours",
    "news",
    "recovery",
)  # tables of the defaults that a follower's own keys are laid over


class EngineTable(Setting, frozen=True):
    """The [engine] table."""

    api_port: int = 7483  # 0 takes any free port; the bot reads the true one from the data directory
    awake_s: int = (
        5  # seconds after a leader's move in which the loop does not sleep: one busy core for less delay; 0 never
    )
    journal_sync: Literal["process", "power"] = "process"  # what a record survives before an order leaves
    database: str = "sqlite"  # or env:NAME of a PostgreSQL URL
    keep_days: int = KEEP_DAYS  # how long a stored log segment stays on disk
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Connection(Value, frozen=True):
    """One login: its broker, the broker's options, and its secrets by option name."""

    id: ConnectionId
    broker: str
    options: Value
    secrets: Mapping[str, str]


class Settings(Value, frozen=True):
    """Everything that a person set, checked."""

    path: Path
    home: Path
    engine: EngineTable
    database_url: str  # a Secret where it holds a password
    connections: tuple[Connection, ...]
    desk: DeskPlan
    chat: Mapping[str, Any]  # the bot's own tables by name, as written


def hidden(settings: Settings) -> list[str]:
    """Every secret value, for logs to blot out."""
    found = [value for login in settings.connections for value in login.secrets.values()]
    return [*found, settings.database_url] if isinstance(settings.database_url, Secret) else found


def context(settings: Settings, connection: str, device: str) -> ConnectContext:
    """What the broker of one login is given."""
    found = next(known for known in settings.connections if known.id == connection)
    return ConnectContext(
        connection=found.id,
        accounts=tuple(account for account in settings.desk.accounts if account.connection == found.id),
        options=found.options,
        secrets=found.secrets,
        device=device,
    )


class _ConnectionHead(Value, frozen=True):
    id: str
    broker: str


class _GroupHead(Setting, frozen=True):
    id: str
    leader: str
    roots: tuple[str, ...] = ()
    leader_lost: LeaderLost = LeaderLost()
    defaults: Table = {}
    follower: list[Table] = []
    pool: PoolPlan | None = None


def load(path: Path | None = None, env: Mapping[str, str] = os.environ, home: Path | None = None) -> Settings:
    """Read desk.toml, and the secrets that it refers to from the environment or .env.

    Raises: ConfigError, one line for each fault.
    """
    path = (path or find(env)).expanduser().absolute()
    raw = read(path)
    where = home or home_of(env)
    return parse(raw, path, where, Vault(env, env_files(path, where)))


def parse(raw: bytes, path: Path, home: Path, vault: Vault) -> Settings:
    """Check the bytes of a desk.toml. Nothing but ConfigError is raised, whatever they are."""
    reading = _Reading(path, home, vault)
    settings = reading.settings(tables(raw, path.name))
    if reading.found:
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in dict.fromkeys(reading.found)))
    return settings


class _Reading:
    """One pass over a file's tables; ``found`` collects what is wrong."""

    def __init__(self, path: Path, home: Path, vault: Vault) -> None:
        self.found: list[str] = []
        self._path = path
        self._home = home
        self._vault = vault

    def settings(self, table: Table) -> Settings:
        for key in table:
            if key not in _TABLES:
                self.found.append(unknown(key, _TABLES))
        engine = self._engine(table.get("engine", {}))
        plans = (self._one(f"[[account]] {_label(raw)}", raw, AccountPlan) for raw in self._list(table, "account"))
        accounts = tuple(plan for plan in plans if plan is not None)
        groups = tuple(filter(None, map(self._group, self._list(table, "group"))))
        desk = DeskPlan(accounts=accounts, groups=groups, turn=TURN)
        connections = tuple(filter(None, (self._connection(raw, accounts) for raw in self._list(table, "connection"))))
        if not self.found:
            self._cross(desk, connections)
            desk, wrong = limited(desk)
            desk = msgspec.structs.replace(desk, timetables=timetables(desk))
            self.found += faults(desk) + wrong
        chat = {name: table[name] for name in _CHATS if name in table}
        self.found += [f"[{name}]: write a table" for name, own in chat.items() if not isinstance(own, dict)]
        return Settings(
            path=self._path,
            home=self._home,
            engine=engine,
            database_url=self._database(engine.database),
            connections=connections,
            desk=desk,
            chat=chat,
        )

    def _list(self, table: Table, key: str) -> list[Table]:
        found = table.get(key, [])
        if isinstance(found, list) and all(isinstance(item, dict) for item in found):
            return found
        self.found.append(f"[[{key}]]: write each {key} as a table under [[{key}]], with two brackets")
        return []

    def _one(self, label: str, raw: object, type_: type[T]) -> T | None:
        try:
            return msgspec.convert(raw, type_)
        except msgspec.ValidationError as error:
            key, fault = complain(error, type_, raw)
            self.found.append(f"{label}: {key}: {fault}" if key else f"{label}: {fault}")
            return None

    def _engine(self, raw: object) -> EngineTable:
        engine = self._one("[engine]", raw, EngineTable)
        if engine is None:
            return EngineTable()
        if not 0 <= engine.api_port <= 65_535:
            self.found.append(f"[engine]: api_port: write a port from 1024 to 65535, not {engine.api_port}")
        if engine.keep_days < 1:
            self.found.append(f"[engine]: keep_days: write 1 or more, not {engine.keep_days}")
        return engine

    def _database(self, text: str) -> str:
        if text == "sqlite":
            return f"sqlite:///{(self._home / 'journal.db').as_posix()}"
        if not is_reference(text):
            self.found.append('[engine]: database: write "sqlite", or "env:NAME" with the PostgreSQL URL in .env')
            return ""
        return self._secret("[engine]: database", text)

    def _secret(self, label: str, reference: str) -> Secret:
        try:
            return self._vault.read(reference)
        except ConfigError as error:
            self.found.append(f"{label}: {error}")
            return Secret()

    def _connection(self, raw: Table, accounts: tuple[AccountPlan, ...]) -> Connection | None:
        label = f"[[connection]] {_label(raw)}"
        head = self._one(label, raw, _ConnectionHead)
        if head is None:
            return None
        try:
            spec = load_broker(head.broker)
        except ConfigError as error:
            self.found.append(f"{label}: broker: {error}")
            return None
        own = {key: value for key, value in raw.items() if key not in ("id", "broker")}
        secrets: dict[str, str] = {}
        for key, value in own.items():
            if key in spec.secrets and value and not (isinstance(value, str) and is_reference(value)):
                hint = f'"env:{_variable(head.id, key)}"'
                self.found.append(f"{label}: {key}: never write a secret here; write {hint} and its value in .env")
            elif isinstance(value, str) and is_reference(value):
                secret = self._secret(f"{label}: {key}", value)
                if key in spec.secrets:
                    secrets[key] = secret
                else:
                    own[key] = secret
        options = self._one(label, own, spec.options)
        if options is None:
            return None
        mine = [account for account in accounts if account.connection == head.id]
        self._live(spec, mine)
        return Connection(id=ConnectionId(head.id), broker=head.broker, options=options, secrets=secrets)

    def _live(self, spec: BrokerSpec, accounts: list[AccountPlan]) -> None:
        if spec.proven != "live":
            self.found += [
                f'[[account]] "{account.id}": live: {spec.name} has never been proven with real money here, only as '
                f'far as "{spec.proven}"; write live = false and use a demo login'
                for account in accounts
                if account.live
            ]

    def _group(self, raw: Table) -> GroupPlan | None:
        label = f"[[group]] {_label(raw)}"
        head = self._one(label, raw, _GroupHead)
        if head is None:
            return None
        if "account" in head.defaults:
            self.found.append(f"{label}: defaults: account belongs into [[group.follower]]")
        followers = []
        for number, own in enumerate(head.follower, 1):
            table = _over(head.defaults, own)
            name = f'follower "{own["account"]}"' if isinstance(own.get("account"), str) else f"follower {number}"
            plan = self._one(f"{label}, {name}", table, FollowerPlan)
            if plan is not None:
                followers.append(plan)
                self.found += [f"{label}, {name}: {line}" for line in _negative(plan)]
        if not head.follower:
            self.found.append(f"{label}: nobody follows; add [[group.follower]] with an account")
        roots = tuple(map(Root, head.roots))
        return GroupPlan(
            id=GroupId(head.id),
            leader=AccountId(head.leader),
            followers=tuple(followers),
            roots=roots,
            leader_lost=head.leader_lost,
            pool=head.pool,
        )

    def _cross(self, desk: DeskPlan, connections: tuple[Connection, ...]) -> None:
        """Check what no single table can see."""
        for kind, names in (
            ("connection", [str(connection.id) for connection in connections]),
            ("account", [str(account.id) for account in desk.accounts]),
            ("group", [str(group.id) for group in desk.groups]),
        ):
            for name in names:
                if not _ALIAS.fullmatch(name) or name.lower() == "all":
                    self.found.append(
                        f'[[{kind}]] "{name[:40]}": id: write letters, digits, ".", "_" and "-" without spaces, '
                        'at most 32, and not "all"'
                    )
            count = Counter(name.lower() for name in names)
            twice = {name for name in names if count[name.lower()] > 1}
            self.found += [f'[[{kind}]] "{name}": id: used twice; give each its own' for name in sorted(twice)]
        groups = {group.id.lower() for group in desk.groups}
        logins = {connection.id for connection in connections}
        for account in desk.accounts:
            if account.id.lower() in groups:
                self.found.append(f'[[account]] "{account.id}": id: a group has this name too; rename one of them')
            if account.connection not in logins:
                known = ", ".join(sorted(logins)) or "none yet"
                self.found.append(
                    f'[[account]] "{account.id}": connection: there is no [[connection]] "{account.connection}"; '
                    f"known: {known}"
                )


def _label(raw: Table) -> str:
    name = raw.get("id")
    return f'"{name[:40]}"' if isinstance(name, str) else "(without an id)"


def _variable(connection: str, key: str) -> str:
    return re.sub(r"\W", "_", f"{connection}_{key}", flags=re.ASCII).upper()


def _over(defaults: Table, own: Table) -> Table:
    """A follower's own keys over the group's defaults; short sizes ("exact", "0.5x") become tables."""
    table = {**defaults, **own}
    for key in _MERGED:
        below, above = defaults.get(key), own.get(key)
        if isinstance(below, dict) and isinstance(above, dict):
            table[key] = {**below, **above}
    sizing = table.get("sizing")
    if isinstance(sizing, str):
        times = _TIMES.fullmatch(sizing)
        table["sizing"] = {"mode": "multiplier", "ratio": Decimal(times[1])} if times else {"mode": sizing}
    return table


def _negative(plan: FollowerPlan) -> list[str]:
    """Sizes and times below zero mean nothing; and a figure written as text may be no number at all."""
    found = []
    for key, value in _numbers(plan):
        least = -1 if key == "max_run_ticks" else 0
        if not Decimal(value).is_finite() or not least <= value <= LARGEST_NUMBER:
            found.append(f"{key}: write a number of at least {least}, not {value}")
    found += [f"ratios.{name}: write a number above 0" for name, ratio in plan.ratios.items() if ratio == 0]
    return found


def _numbers(value: object, key: str = "") -> list[tuple[str, Decimal | int]]:
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return [pair for name, item in value.items() for pair in _numbers(item, f"{key}.{name}".lstrip("."))]
    return [(key, value)] if isinstance(value, int | Decimal) and not isinstance(value, bool) else []
