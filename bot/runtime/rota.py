"""Rota: who is on call and who comes next, where each of them is reached, and how each chat wants to be told."""

import msgspec

from bot.core.access import ALL, Person, Role, RoomKind, resolve
from bot.core.escalation import Reach
from bot.core.route import Mode, Quiet, Wishes, read_modes
from bot.runtime.audience import Audience, private_chat
from bot.runtime.people import LOCAL_CHAT, People
from bot.storage.alert import AlertStore, Watchman
from engine.api import AccountView, Severity, Value

QUIET, NOTIFY = "quiet", "notify"
WATCH, DEPUTY = 0, 1


class Call(Value, frozen=True):
    """Where a step of an escalation goes: chats, and who is called by name there."""

    chats: tuple[str, ...]
    rings: tuple[str, ...] = ()
    words: str = ""


class Rota:
    """The people behind the alerts."""

    def __init__(self, store: AlertStore, people: People, audience: Audience) -> None:
        """Over the bot's database."""
        self._store = store
        self._people = people
        self._audience = audience

    def oncall(self) -> list[Watchman]:
        """Who is on call, and the deputy."""
        return self._store.oncall()

    def chats(
        self, severity: Severity, accounts: frozenset[str], directory: tuple[AccountView, ...]
    ) -> tuple[str, ...]:
        """Chats that are told of it in any case: not those that are for another part of the desk."""
        return tuple(chat for chat in self._audience.of(severity) if self._concerns(chat, accounts, directory))

    def _concerns(self, chat: str, accounts: frozenset[str], directory: tuple[AccountView, ...]) -> bool:
        room = self._people.room(chat)
        if room is None or room.scope == ALL or not accounts:
            return True
        return bool(resolve(room.scope, directory) & accounts)

    def call(self, reach: Reach, severity: Severity) -> Call:
        """Whom a step reaches; nobody where nobody is on call."""
        watch = {one.rank: one for one in self.oncall()}
        if reach is Reach.ONCALL:
            one = watch.get(WATCH)
            chats = self._private(one.person) if one is not None else ()
            chats = chats if severity is Severity.P1 else chats[:1]
            return Call(chats=chats, words=f"on call: {one.name}" if one is not None else "nobody is on call")
        if reach is Reach.DEPUTY:
            called = [watch[rank] for rank in (DEPUTY, WATCH) if rank in watch]
            chats = tuple(chat for one in called for chat in self._private(one.person))
            rings = tuple(identity for one in called for identity in self._identities(one.person))
            names = ", ".join(one.name for one in called) or "nobody is on call"
            return Call(chats=(*chats, *self._ops()), rings=rings, words=f"deputy and operations: {names}")
        chats = self._audience.of_role(Role.RISK)
        return Call(chats=chats, words="everybody with the role risk")

    def wishes(self, chat: str) -> Wishes:
        """How a chat wants to be told; only private ones have wishes."""
        owner = self._owner(chat)
        if owner is None:
            return Wishes()
        watch = next((one for one in self.oncall() if one.rank == WATCH), None)
        return Wishes(
            quiet=Quiet.read(self._people.wish(owner, QUIET)),
            modes=read_modes(self._people.wish(owner, NOTIFY)),
            is_on_call=watch is not None and watch.person == owner,
        )

    def set_quiet(self, person: Person, quiet: Quiet | None) -> None:
        """No noise in these hours."""
        self._people.set_wish(person.id, QUIET, quiet.words if quiet is not None else "")

    def set_mode(self, person: Person, code: str, mode: Mode) -> dict[str, Mode]:
        """How somebody hears of a code from now on; everything that they have set."""
        modes = {**self.modes(person), code: mode}
        kept: dict[str, Mode] = {name: one for name, one in modes.items() if one is not Mode.ON}
        self._people.set_wish(person.id, NOTIFY, msgspec.json.encode(kept).decode() if kept else "")
        return kept

    def modes(self, person: Person) -> dict[str, Mode]:
        """What somebody has set."""
        return read_modes(self._people.wish(person.id, NOTIFY))

    def quiet(self, person: Person) -> Quiet | None:
        """Somebody's quiet hours."""
        return Quiet.read(self._people.wish(person.id, QUIET))

    def _owner(self, chat: str) -> str | None:
        if chat == LOCAL_CHAT:
            return self._people.local.id
        if ":@" not in chat:
            return None
        identity = chat.replace(":@", ":", 1)
        everybody = self._people.everybody()
        return next((one.person.id for one in everybody if identity in dict(one.identities)), None)

    def _identities(self, person: str) -> tuple[str, ...]:
        known = next((one for one in self._people.everybody() if one.person.id == person), None)
        return tuple(identity for identity, _ in known.identities) if known is not None else ()

    def _private(self, person: str) -> tuple[str, ...]:
        if person == self._people.local.id:
            return (LOCAL_CHAT,)
        return tuple(private_chat(identity) for identity in self._identities(person))

    def _ops(self) -> tuple[str, ...]:
        return tuple(room.chat for room in self._people.rooms() if room.kind is RoomKind.OPS)
