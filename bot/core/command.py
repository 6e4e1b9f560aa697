"""A command as data, what it may reach, what it answers; finding all of them and the one that a line means."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from difflib import get_close_matches
from types import ModuleType
from typing import Any, Protocol

from bot.core.access import Frozen, Known, Level, Person, Role, Room, reaches_all
from bot.core.alertgroup import Group
from bot.core.card import Card
from bot.core.chat import File
from bot.core.dialogue import Button, Intent
from bot.core.digest import Digest, Wishes
from bot.core.elsewhere import ELSEWHERE
from bot.core.pipeline import Line
from bot.core.record import Record
from bot.core.route import Mode, Quiet
from bot.core.routing import Spot
from bot.core.silence import Mute
from bot.core.vital import Vitals
from bot.core.words import slots
from engine.api import (
    AccountView,
    ActAsk,
    ActView,
    CopyView,
    CurveView,
    DesyncView,
    HealthView,
    HeldView,
    NewsView,
    OfferView,
    OrderView,
    PnlView,
    PreviewView,
    ReportView,
    RiskView,
    StatusView,
    Value,
    WhatIfView,
)

ACTS = frozenset({"Slow", "Fast"})


class Engine(Protocol):
    """What a command may ask of the engine; ``engine.api.client`` fits it. Acts are sent by the dispatcher alone."""

    async def status(self, scope: str = "all") -> StatusView: ...
    async def accounts(self, scope: str = "all") -> tuple[AccountView, ...]: ...
    async def account(self, alias: str) -> AccountView: ...
    async def risk(self, scope: str = "all") -> RiskView: ...
    async def whatif(self, side: str, quantity: int, symbol: str, stop: str = "", scope: str = "all") -> WhatIfView: ...
    async def news(self, days: int = 1, scope: str = "all") -> NewsView: ...
    async def desync(self, scope: str = "all") -> DesyncView: ...
    async def orders(self, scope: str = "all") -> tuple[OrderView, ...]: ...
    async def offers(self, scope: str = "all") -> tuple[OfferView, ...]: ...
    async def held(self, scope: str = "all") -> tuple[HeldView, ...]: ...
    async def pnl(self, scope: str = "all") -> PnlView: ...
    async def curve(self, days: int = 1, scope: str = "all") -> tuple[CurveView, ...]: ...
    async def report(self, day: str = "", files: bool = False) -> ReportView: ...
    async def copies(self, limit: int = 10, scope: str = "all", failed: bool = False) -> tuple[CopyView, ...]: ...
    async def health(self) -> HealthView: ...
    async def receipt(self, name: str) -> str: ...
    async def act(self, key: str) -> ActView: ...
    async def preview(self, ask: ActAsk) -> PreviewView: ...
    async def send(self, ask: ActAsk) -> ActView: ...


class People(Protocol):
    """What a command may ask about people; what changes them is a deed."""

    def everybody(self) -> list[Known]: ...
    def named(self, name: str) -> Known: ...
    def rooms(self) -> list[Room]: ...
    def has_codes(self, person: Person) -> bool: ...
    def lacks_proof(self, person: Person) -> bool: ...
    def check_name(self, name: str) -> None: ...
    def armed(self) -> list[tuple[str, datetime]]: ...
    def freezes(self) -> list[Frozen]: ...
    def set_zone(self, person: Person, name: str) -> None: ...


class Entries(Protocol):
    """What a command may read of the audit; see ``bot.storage.audit``."""

    def newest(self, limit: int, *, person: str = "", account: str = "") -> list[Record]: ...
    def head(self) -> tuple[int, str]: ...
    def fault(self) -> str: ...
    def csv(self) -> str: ...


class Alarms(Protocol):
    """The alerts, as far as a person may see them; what they cannot have raises a ``LockstepError``."""

    def open(self) -> list[Group]: ...
    def mine(self) -> list[Group]: ...
    def newest(self, limit: int) -> list[Group]: ...
    def group(self, name: str) -> Group: ...
    def history(self, group: Group) -> list[Line]: ...
    def mutes(self) -> list[Mute]: ...
    def ack(self, name: str, until: datetime | None, note: str) -> Group: ...
    def unack(self, name: str) -> Group: ...
    def escalate(self, name: str) -> Group: ...
    def assign(self, name: str, to: Person) -> Group: ...
    def snooze(self, name: str, until: datetime) -> Group: ...
    def note(self, name: str, text: str) -> Group: ...
    def resolve(self, name: str, reason: str) -> Group: ...
    def mute(self, matcher: str, until: datetime) -> Mute: ...
    def drill(self) -> Group: ...
    def oncall(self) -> list[tuple[str, str, datetime]]: ...
    def set_oncall(self, person: Person, *, is_deputy: bool) -> None: ...
    def tell(self, person: Person, card: Card) -> None: ...
    def quiet(self) -> str: ...
    def set_quiet(self, quiet: Quiet | None) -> None: ...
    def modes(self) -> dict[str, Mode]: ...
    def set_mode(self, code: str, mode: Mode) -> dict[str, Mode]: ...


class Routing(Protocol):
    """Which rooms hear of what; what changes it is a deed."""

    def table(self) -> dict[str, tuple[Spot, ...]]: ...
    def spots(self) -> list[Spot]: ...
    def find(self, word: str, here: Room) -> Spot: ...
    async def test(self) -> Card: ...


class Papers(Protocol):
    """This person's digests."""

    def wishes(self) -> Wishes: ...
    def ahead(self) -> dict[Digest, datetime]: ...
    def set(self, kind: Digest, words: str) -> bool: ...
    @property
    def is_whole(self) -> bool: ...
    async def now(self, kind: Digest, scope: str = "all", day: date | None = None) -> "Reply": ...


class Venue(Protocol):
    """The demo venue's control port: what the leader's own platform would do."""

    async def trade(self, account: str, symbol: str, quantity: int) -> None:
        """Trade signed contracts on the leader's account at market."""
        ...

    async def flat(self, account: str) -> None:
        """Close whatever the leader's account holds."""
        ...

    async def contracts(self) -> tuple[str, ...]:
        """Contracts that the venue trades, by full name."""
        ...


class Desk:
    """What a command may reach while it runs."""

    def __init__(
        self,
        *,
        engine: Engine,
        person: Person,
        now: datetime,
        zone: tzinfo,
        commands: "Mapping[str, Command]",
        mint: Callable[[], str],
        room: Room,
        people: People,
        audit: Entries,
        venue: Venue | None = None,
        alerts: Alarms | None = None,
        digests: Papers | None = None,
        vitals: Callable[[], Vitals] | None = None,
        chat: str = "",
        alert: str = "",
        routes: Routing | None = None,
    ) -> None:
        """Everything is handed in; a command makes nothing itself.

        ``chat`` is where it was written, which may be a topic of the ``room``; ``alert`` the one whose own place that is.
        """
        self.engine = engine
        self.person = person
        self.now = now
        self.zone = zone
        self.commands = commands
        self.mint = mint
        self.room = room
        self.chat = chat or room.chat
        self.alert = alert
        self.people = people
        self.audit = audit
        self.venue = venue
        self._alerts = alerts
        self._digests = digests
        self._routes = routes
        self.vitals = vitals

    @property
    def is_part(self) -> bool:
        """Say whether this person may act here on a part of the desk only: then somebody must say whom."""
        return not reaches_all(self.person, self.room, Role.TRADER, self.now)

    @property
    def alerts(self) -> Alarms:
        """The alerts."""
        assert self._alerts is not None
        return self._alerts

    @property
    def routes(self) -> Routing:
        """Which rooms hear of what."""
        assert self._routes is not None
        return self._routes

    @property
    def digests(self) -> Papers:
        """This person's digests."""
        assert self._digests is not None
        return self._digests

    def key(self, verb: str) -> str:
        """Make the idempotency key of one act."""
        return f"{verb}-{self.mint()}"


class Choice(Value, frozen=True):
    """One way to complete a command: what it is called, and the line that it stands for."""

    label: str
    line: str


class Reply(Value, frozen=True):
    """What a command answers: cards to read, an act to confirm, or choices."""

    cards: tuple[Card, ...] = ()
    intent: Intent | None = None
    buttons: tuple[Button, ...] = ()  # under the last card
    question: str = ""
    choices: tuple[Choice, ...] = ()
    files: tuple[File, ...] = ()  # beside the last card
    is_secret: bool = False
    is_undo: bool = False  # press the newest Undo of this person here
    asks_whom: bool = False  # whoever has a part of the desk chooses whom it means


def reply(*cards: Card, buttons: tuple[Button, ...] = ()) -> Reply:
    """Answer with cards, and buttons under the last."""
    return Reply(cards=cards, buttons=buttons)


class Command(Value, frozen=True):
    """A plug-in: ``bot.commands.<name>.COMMAND``."""

    name: str
    summary: str
    args: type[Value]
    run: Callable[[Any, Desk], Awaitable[Reply]]
    role: Role = Role.VIEWER
    level: Level = Level.C0
    family: str = "See"
    aliases: tuple[str, ...] = ()
    examples: tuple[str, str, str]
    holding: bool = False  # its picker offers only accounts that hold something
    needs_venue: bool = False
    is_of_room: bool = False  # about the chat where it is asked: its ceiling holds no admin from it
    is_hot: bool = False  # stands at the top of every menu

    @property
    def is_act(self) -> bool:
        """Say whether it changes something at the desk: what comes late is shown and not run."""
        return self.level is not Level.C0 or self.family in ACTS

    @property
    def syntax(self) -> str:
        """How it is typed."""
        return " ".join([f"/{self.name}", *(slot.shape for slot in slots(self.args))])


def find_commands(package: ModuleType) -> dict[str, Command]:
    """Every command of ``package`` by name: a new file is a new command."""
    found = (
        importlib.import_module(f"{package.__name__}.{module.name}").COMMAND
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    )
    return {command.name: command for command in sorted(found, key=lambda command: command.name)}


def find(commands: Mapping[str, Command], verb: str) -> Command | None:
    """The command that ``verb`` names, by name or alias."""
    verb = verb.lower()
    return commands.get(verb) or next((one for one in commands.values() if verb in one.aliases), None)


def nearest(commands: Mapping[str, Command], verb: str) -> list[str]:
    """Up to three names that ``verb`` may have meant, best first."""
    names = [name for command in commands.values() for name in (command.name, *command.aliases) if len(name) > 1]
    verb = verb.lower()
    if verb in ELSEWHERE:
        return []  # what to write instead is known
    close = [name for name in names if len(verb) > 1 and name.startswith(verb)]
    close += get_close_matches(verb, names, n=6, cutoff=0.6)
    verbs = [command.name for name in close if (command := find(commands, name)) is not None]
    return list(dict.fromkeys(verbs))[:3]


SHORT = {"p15": ("pause", "15m"), "p30": ("pause", "30m")}
"""Verbs that stand for a verb and its first words."""


def split_line(text: str) -> tuple[str, list[str]]:
    """Verb and the words after it; the slash is optional."""
    words: Sequence[str] = text.strip().removeprefix("/").split()
    if words and words[0].lower() in SHORT:
        words = [*SHORT[words[0].lower()], *words[1:]]
    return (words[0].lower(), list(words[1:])) if words else ("", [])
