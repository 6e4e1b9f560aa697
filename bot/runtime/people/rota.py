"""Rota: who is on call and who comes next, where each of them is reached, and how each chat wants to be told."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

import msgspec

from bot.core.access import ALL, Person, Role, RoomKind, resolve
from bot.core.alert import Labels
from bot.core.alertgroup import Group, as_seen
from bot.core.digest import Digest, Wish, next_slot, read_wishes
from bot.core.digest import Wishes as DigestWishes
from bot.core.escalation import Reach
from bot.core.route import Mode, Quiet, Wishes, read_modes
from bot.core.taxonomy import kind_of
from bot.runtime.people.audience import Audience, private_chat
from bot.runtime.people.people import LOCAL_CHAT, People
from bot.storage.alert import AlertStore, Watchman
from engine.api import AccountView, Severity, Value

QUIET, NOTIFY, DIGESTS = "quiet", "notify", "digests"
MORNING_SOON, MORNING_LATE = timedelta(hours=4), timedelta(minutes=15)
WATCH, DEPUTY = 0, 1
RANKS = {WATCH: "on call", DEPUTY: "deputy"}


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

    @property
    def deaf(self) -> frozenset[str]:
        """Platforms that do not hear us, or not us alone."""
        return self._audience.routes.deaf

    @deaf.setter
    def deaf(self, platforms: frozenset[str]) -> None:
        self._audience.routes.deaf = platforms

    def oncall(self) -> list[Watchman]:
        """Who is on call, and the deputy."""
        return self._store.oncall()

    def chats_of(
        self, group: Group, directory: tuple[AccountView, ...], *, is_elsewhere: bool = False
    ) -> tuple[str, ...]:
        """Chats that are told of a group at once; where its kind is a siren, everybody with the role risk as well.

        ``is_elsewhere`` leaves out those that have its card already.
        """
        about = concerned(group.labels, group.accounts, directory)
        found = self.chats(group.code, group.severity, about, directory)
        siren = self._audience.of_role(Role.RISK) if kind_of(group.code).is_siren else ()
        known = group.chats if is_elsewhere else ()
        return tuple(chat for chat in dict.fromkeys((*found, *siren)) if not group.tells_of(chat) and chat not in known)

    def chats(
        self, code: str, severity: Severity, accounts: frozenset[str], directory: tuple[AccountView, ...]
    ) -> tuple[str, ...]:
        """Chats that are told of it in any case: not those that are for another part of the desk.

        Those that its code is routed to, else those of its severity.
        Where all of them are on platforms that are deaf, what is grave goes to traders wherever else they are.
        """
        oncall = self.call(Reach.ONCALL, severity).chats if severity is Severity.P1 else ()
        told = self._audience.of(
            severity, code, takes=lambda chat: self._concerns(chat, accounts, directory), oncall=oncall
        )
        if not self.deaf or severity > Severity.P2 or any(self._is_far_and_heard(chat) for chat in told):
            return told
        others = tuple(chat for chat in self._audience.of_role(Role.TRADER) if self._is_far_and_heard(chat))
        return tuple(dict.fromkeys((*told, *others)))

    def _is_far_and_heard(self, chat: str) -> bool:
        """Say whether a chat is not the desk's own computer, and on a platform that answers."""
        return chat != LOCAL_CHAT and chat.partition(":")[0] not in self.deaf

    def _concerns(self, chat: str, accounts: frozenset[str], directory: tuple[AccountView, ...]) -> bool:
        room = self._people.room(chat)
        if room is None or room.scope == ALL or not accounts:
            return True
        return bool(resolve(room.scope, directory) & accounts)

    def still(self, chats: Iterable[str]) -> list[str]:
        """Those that may be told still: nobody has unbound them, or taken their reader's rights."""
        return [chat for chat in chats if self._people.is_told(chat)]

    def part(self, group: Group, chat: str, directory: tuple[AccountView, ...]) -> Group:
        """What of a group may be told in a chat."""
        return as_seen(group, self._people.seen(chat, directory))

    def name_of(self, chat: str) -> str:
        """How people call a chat: its person and platform, what a room is named, or the platform alone."""
        spot = next((one for one in self._audience.routes.spots() if one.room.chat == chat), None)
        if spot is not None:
            return spot.words
        owner = self._people.owner_of(chat)
        platform = "the desk's console" if chat == LOCAL_CHAT else chat.partition(":")[0]
        return f"{owner.name} on {platform}" if owner is not None else chat

    def zone_of(self, chat: str) -> tzinfo | None:
        """The zone that the one reader of a chat has set; None in a room, and where nobody has."""
        owner = self._people.owner_of(chat)
        return self._people.zone_of(owner.id) if owner is not None else None

    def is_room(self, chat: str) -> bool:
        """Say whether several people read a chat."""
        room = self._people.room(chat)
        return room is not None and not room.is_alone

    def call(self, reach: Reach, severity: Severity) -> Call:
        """Whom a step reaches; nobody where nobody is on call."""
        watch = {one.rank: one for one in self.oncall()}
        if reach is Reach.ONCALL:
            one = watch.get(WATCH)
            chats = tuple(self.still(self.private(one.person))) if one is not None else ()
            chats = chats if severity is Severity.P1 else chats[:1]
            return Call(chats=chats, words=f"on call: {one.name}" if one is not None else "nobody is on call")
        if reach is Reach.DEPUTY:
            called = [watch[rank] for rank in (DEPUTY, WATCH) if rank in watch]
            chats = tuple(chat for one in called for chat in self.still(self.private(one.person)))
            rings = tuple(identity for one in called for identity in self._identities(one.person))
            names = ", ".join(one.name for one in called) or "nobody is on call"
            return Call(chats=(*chats, *self._ops()), rings=rings, words=f"deputy and operations: {names}")
        chats = self._audience.of_role(Role.RISK)
        return Call(chats=chats, words="everybody with the role risk")

    def wishes(self, chat: str) -> Wishes:
        """How a chat wants to be told; only private ones have wishes."""
        owner = self._people.owner_of(chat)
        if owner is None:
            return Wishes()
        watch = next((one for one in self.oncall() if one.rank == WATCH), None)
        return Wishes(
            quiet=Quiet.read(self._people.wish(owner.id, QUIET)),
            modes=read_modes(self._people.wish(owner.id, NOTIFY)),
            is_on_call=watch is not None and watch.person == owner.id,
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

    def digests(self, person: Person) -> DigestWishes:
        """Which digests somebody gets, and when."""
        return read_wishes(self._people.wish(person.id, DIGESTS))

    def has_morning(self, chat: str, now: datetime, zone: tzinfo) -> bool:
        """Say whether the person of a chat gets a morning digest soon, or should have got it just now."""
        owner = self._people.owner_of(chat)
        wish = self.digests(owner).get(Digest.MORNING) if owner is not None else None
        if owner is None or wish is None:
            return False
        here = self._people.zone_of(owner.id) or zone
        return next_slot(Digest.MORNING, wish, now - MORNING_LATE, here) - now <= MORNING_SOON

    def set_digest(self, person: Person, kind: Digest, wish: Wish | None) -> None:
        """When somebody gets one from now on; None for never."""
        others: dict[Digest, Wish] = {one: kept for one, kept in self.digests(person).items() if one is not kind}
        kept = {**others, kind: wish} if wish is not None else others
        self._people.set_wish(person.id, DIGESTS, msgspec.json.encode(kept).decode() if kept else "")

    def _identities(self, person: str) -> tuple[str, ...]:
        known = next((one for one in self._people.everybody() if one.person.id == person), None)
        return tuple(identity for identity, _ in known.identities) if known is not None else ()

    def private(self, person: str) -> tuple[str, ...]:
        """Where somebody is alone with the bot, on every platform."""
        if person == self._people.local.id:
            return (LOCAL_CHAT,)
        identities = sorted(self._identities(person), key=lambda one: one.partition(":")[0] in self.deaf)
        return tuple(private_chat(identity) for identity in identities)

    def _ops(self) -> tuple[str, ...]:
        return tuple(room.chat for room in self._people.rooms() if room.kind is RoomKind.OPS)


def concerned(labels: Labels, accounts: frozenset[str], directory: tuple[AccountView, ...]) -> frozenset[str]:
    """Accounts that something is about: those that it names, else those of its scope; none for the whole desk."""
    return accounts or (resolve(labels.scope, directory) if labels.scope not in ("", ALL) else frozenset())
