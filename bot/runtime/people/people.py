"""People: who writes, what a chat is for, codes and their strikes, and the deeds that change any of it."""

import secrets
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from bot.core import code
from bot.core.access import (
    ALL,
    Frozen,
    Grant,
    Known,
    Person,
    Role,
    Room,
    RoomKind,
    holds,
    may,
    reach,
    resolve,
    sees_all,
)
from bot.core.card import one_line
from bot.core.chat import Clock, Incoming
from bot.core.deed import (
    AnyDeed,
    Arm,
    Bind,
    BreakGlass,
    Freeze,
    GiveRole,
    Invite,
    Lockdown,
    NameRoom,
    NewSecret,
    Redact,
    Revoke,
    Route,
    Unbind,
    role_words,
)
from bot.core.denial import Denied
from bot.core.render.look import until_twice
from bot.runtime.people.codes import BLOCKED_FOR, SHUT, WRONG_CODES, CodeError, Codes, PeopleError
from bot.storage.people import LOCKDOWN, Code, PeopleStore
from engine.api import AccountView

PAIR_TTL = timedelta(minutes=10)
LOCAL_CHAT = "console:desk"  # whoever sits at the desk's own computer
FREEZE = "freeze"
ZONE = "zone"
ROUTE, PLACE, LOST = (
    "route",
    "place",
    "lost",
)  # what a room is told besides, what it is called, why nothing arrives there


DESK_NAMES = frozenset({"dead man", "alert policy"})
NO_NAMES = frozenset({"me", "off", "deputy"})  # words of commands that take a name
LONGEST_NAME = 40


class People(Codes):
    """The people of one desk. ``local`` is whoever sits at the desk's own computer: its owner."""

    def __init__(self, store: PeopleStore, clock: Clock, local: Person, zone: tzinfo = UTC) -> None:
        """Over the bot's database; ``zone`` is the desk's own."""
        super().__init__(store, clock)
        self._zone = zone
        self.local = local

    # ---- who and where ---------------------------------------------------------------------------------------------

    def person_of(self, incoming: Incoming) -> Person | None:
        """Who writes; looked up anew each time, so that a right that was taken is gone with the next word."""
        return self.local if incoming.chat == LOCAL_CHAT else self._store.person_of(incoming.identity)

    def room_of(self, incoming: Incoming) -> Room | None:
        """Where it was written; None for a chat that nobody has bound."""
        return self.room(incoming.chat)

    def room(self, chat: str) -> Room | None:
        """What a chat is for."""
        if chat == LOCAL_CHAT:
            return Room(chat=chat, kind=RoomKind.LOCAL, floor="P5")
        bound = self._store.room(chat)
        if bound is None and ":@" in chat:
            is_locked = bool(self._store.pref("", LOCKDOWN) or self._store.pref(chat, LOCKDOWN))
            return Room(chat=chat, kind=RoomKind.PRIVATE, is_locked_down=is_locked)
        return bound

    def rooms(self) -> list[Room]:
        """Every chat that is bound."""
        return self._store.rooms()

    def everybody(self) -> list[Known]:
        """Everybody who has rights."""
        return self._store.everybody()

    def named(self, name: str) -> Known:
        """A person by the name or id that another person typed.

        Raises: PeopleError for nobody, or for several.
        """
        wanted = name.lower().lstrip("@")
        found = [known for known in self.everybody() if wanted in (known.person.name.lower(), known.person.id.lower())]
        if len(found) > 1:
            ids = ", ".join(f"{known.person.id} ({known.person.role.name.lower()})" for known in found)
            raise PeopleError(f"{len(found)} people are called {name}; write an id instead: {ids}")
        if not found:
            names = ", ".join(known.person.name for known in self.everybody()) or "nobody yet"
            raise PeopleError(f"no person {name!r} here; known: {names}")
        return found[0]

    def owner_of(self, chat: str) -> Person | None:
        """Whose private chat it is; None for a room."""
        if chat == LOCAL_CHAT:
            return self.local
        return self._store.person_of(chat.replace(":@", ":", 1)) if ":@" in chat else None

    def seen(self, chat: str, directory: tuple[AccountView, ...]) -> frozenset[str] | None:
        """Accounts that a chat may be told of: its scope, or what its one reader may see; None for all of them."""
        room, reader, now = self.room(chat), self.owner_of(chat), self._clock.now()
        if room is None:
            return frozenset()
        if reader is None and room.kind is RoomKind.PRIVATE:
            return frozenset()
        if reader is None:
            return None if room.scope == ALL else resolve(room.scope, directory)
        is_whole = sees_all(reader, room, now)
        return None if is_whole else reach(reader, room, Role.VIEWER, now, directory)

    def is_told(self, chat: str) -> bool:
        """Say whether a chat may be told anything: it is bound, or its one reader has rights."""
        room, reader = self.room(chat), self.owner_of(chat)
        if room is None or room.kind is not RoomKind.PRIVATE:
            return room is not None
        return reader is not None and may(reader, room, Role.VIEWER, self._clock.now())

    def who_holds(self, needs: Role) -> list[Known]:
        """Everybody who holds this role now, and can be reached."""
        now = self._clock.now()
        return [known for known in self.everybody() if known.identities and holds(known.person, needs, now)]

    def moved(self, old: str, new: str) -> None:
        """A chat has another id."""
        self._store.moved(old, new)

    # ---- pairing ---------------------------------------------------------------------------------------------------

    def invite(self, name: str, grant: Grant, by: str, principal: str = "") -> str:
        """A code that pairs one identity, once and for ten minutes.

        Raises: PeopleError for a name that a new person cannot have.
        """
        if not principal:
            self.check_name(name)
        made = code.pairing_code(secrets.token_bytes(code.LENGTH))
        kept = Code(kind="person", role=grant.role, scope=grant.scope, principal=principal or None, name=name, by=by)
        self._store.put_code(code.hash_of(made), kept, self._clock.now() + PAIR_TTL)
        return made

    def check_name(self, name: str) -> None:
        """Look at the name of a new person.

        Raises: PeopleError for one under which the desk itself acts, where a pause of theirs would take the place of its
            own; for somebody else's; and for one that nobody could type behind a command.
        """
        if " ".join(name.lower().split()) in DESK_NAMES:
            raise PeopleError(f"{name} is how the desk calls itself in its records; take another name")
        if not 0 < len(name) <= LONGEST_NAME or name.lower() in NO_NAMES or not name.isprintable() or " " in name:
            raise PeopleError(
                f"a name is one word of up to {LONGEST_NAME} letters; take another than {one_line(name)!r}"
            )
        if any(known.person.name.lower() == name.lower() for known in self.everybody()):
            raise PeopleError(
                f"{name} is known already; a further platform: {name} writes /invite me; else another name"
            )

    def pair(self, incoming: Incoming, typed: str) -> Person:
        """Pair whoever writes with the person that a code was made for.

        Raises: PeopleError for a wrong or old code, and for somebody who tried too often.
        """
        now = self._clock.now()
        if self._store.strikes(incoming.identity, "pair", now) >= WRONG_CODES:
            raise CodeError(SHUT, Denied.PAIRING)
        found = self._store.use_code(code.hash_of(typed), now)
        if found is None:
            strikes = self._store.strike(incoming.identity, "pair", now, now + BLOCKED_FOR)
            said = "this code is wrong, used or older than ten minutes; make a new one: lockstep pair"
            raise CodeError(said, Denied.PAIRING, is_last=strikes == WRONG_CODES)
        self._store.forgive(incoming.identity, "pair")
        principal = found.principal
        if principal is None:
            principal = secrets.token_hex(4)
            grant = Grant(role=found.role, scope=found.scope)
            self._store.add(Person(id=principal, name=found.name, grants=(grant,)), found.by, now)
        self._store.link(incoming.identity, principal, incoming.name[:120], now)
        person = self._store.person_of(incoming.identity)
        if person is None:
            raise PeopleError("the rights that this code stood for were taken meanwhile")
        return person

    # ---- wishes ----------------------------------------------------------------------------------------------------

    def zone_of(self, person: str) -> ZoneInfo | None:
        """The time zone that a person reads in, by their id; None for the desk's own."""
        name = self._store.pref(person, ZONE)
        return ZoneInfo(name) if name else None

    def set_zone(self, person: Person, name: str) -> None:
        """Set it; empty for the desk's own.

        Raises: PeopleError for a name that is no zone.
        """
        try:
            ZoneInfo(name or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PeopleError(f"no time zone {name!r}; write one like America/Chicago") from None
        self._store.set_pref(person.id, ZONE, name)

    # ---- freezes ---------------------------------------------------------------------------------------------------

    def armed(self) -> list[tuple[str, datetime]]:
        """Who needs no code now, and until when."""
        return self.armed_of(self.everybody())

    def freezes(self) -> list[Frozen]:
        """Freezes of changes that are in force."""
        text, now = self._store.pref("", FREEZE), self._clock.now()
        found = msgspec.json.decode(text, type=list[Frozen]) if text else []
        return [one for one in found if one.until is None or one.until > now]

    def frozen_by(self, person: Person, accounts: frozenset[str], directory: tuple[AccountView, ...]) -> Frozen | None:
        """A freeze that keeps this person from adding risk to one of these accounts."""
        if holds(person, Role.RISK, self._clock.now()):
            return None
        return next(
            (one for one in self.freezes() if one.holder != person.id and resolve(one.scope, directory) & accounts),
            None,
        )

    # ---- wishes ----------------------------------------------------------------------------------------------------

    def wish(self, person: str, key: str) -> str:
        """What somebody has set for themselves; empty for nothing."""
        return self._store.pref(person, key)

    def wishes(self, key: str) -> dict[str, str]:
        """What everybody and every chat has set, by owner."""
        return self._store.prefs(key)

    def set_wish(self, person: str, key: str, value: str) -> None:
        """Set it; an empty value takes it away."""
        self._store.set_pref(person, key, value)

    # ---- deeds -----------------------------------------------------------------------------------------------------

    def carry_out(self, deed: AnyDeed, by: Person) -> tuple[str, ...]:
        """Do it.

        Returns: what to tell whoever asked, the words first; a code stands alone in the last line.
        Raises: PeopleError where it cannot be done.
        """
        now = self._clock.now()
        match deed:
            case GiveRole():
                self._store.grant(deed.person, deed.grant, by.id, now)
                return (f"{deed.name} is {role_words(deed.grant)}",)
            case Revoke():
                self._store.revoke(deed.person, now)
                return (f"{deed.name} has no rights any more",)
            case Invite():
                made = self.invite(deed.name, deed.grant, by.id, deed.person)
                return (f"Code for {deed.name}, once, for 10 minutes:", made)
            case Bind():
                room = Room(chat=deed.chat, kind=deed.kind, scope=deed.scope, floor=deed.floor)
                self._store.bind(room, by.id, now)
                return (f"This chat is {deed.kind.value} for {deed.scope}",)
            case Unbind():
                self._store.unbind(deed.chat)
                for key in (ROUTE, PLACE, LOST):
                    self._store.set_pref(deed.chat, key, "")
                return ("This chat is bound to nothing any more",)
            case Redact():
                return self._redact(deed, by, now)
            case Route():
                return self._route(deed)
            case NameRoom():
                self._store.set_pref(deed.chat, PLACE, deed.name)
                return (f"{deed.chat} is called {deed.name}",)
            case Arm():
                until = self.arm(by, deed.until)
                return (f"Armed until {self._end(until, by)}; it ends when idle for 5 minutes",)
            case Lockdown():
                return self._lock_down(deed, by)
            case Freeze():
                return self._freeze(deed, by)
            case NewSecret():
                return ("🔑 One-time codes", self.new_secret(by))
            case BreakGlass():
                raise PeopleError("this is no deed of people alone")

    def _lock_down(self, deed: Lockdown, by: Person) -> tuple[str, ...]:
        if not deed.is_on:
            self._store.forget(LOCKDOWN)
            return ("Lifted",)
        self._store.set_pref("" if deed.chat == "*" else deed.chat, LOCKDOWN, by.name)
        self.disarm(self.everybody())
        return ("Read, pause and flatten only, until lifted at the desk",)

    def _redact(self, deed: Redact, by: Person, now: datetime) -> tuple[str, ...]:
        room = self._store.room(deed.chat)
        if room is None:
            raise PeopleError("this chat is not bound; /bind it first")
        self._store.bind(msgspec.structs.replace(room, is_redacted=deed.is_on), by.id, now)
        return ("No money is shown here from now on",) if deed.is_on else ("Money is shown here again",)

    def _route(self, deed: Route) -> tuple[str, ...]:
        known = self._store.prefs(ROUTE)
        if not deed.chat:
            for chat, codes in known.items():
                self._store.set_pref(chat, ROUTE, " ".join(one for one in codes.split() if one != deed.code))
            return (f"{deed.code} goes to the rooms of its severity again",)
        if self._store.room(deed.chat) is None:
            raise PeopleError("this room is not bound any more")
        kept = {*known.get(deed.chat, "").split(), deed.code}
        self._store.set_pref(deed.chat, ROUTE, " ".join(sorted(kept)))
        self._store.set_pref(deed.chat, LOST, "")
        return (f"{deed.code} goes to {deed.name}",)

    def _freeze(self, deed: Freeze, by: Person) -> tuple[str, ...]:
        """Each holder has one of his own for a scope: nobody's takes the place of another's."""
        same = [one for one in self.freezes() if one.scope.lower() == deed.scope.lower()]
        mine = [one for one in same if one.holder == by.id]
        if not deed.is_on:
            ended = same if holds(by, Role.RISK, self._clock.now()) else mine
            if not same:
                raise PeopleError(f"{deed.scope} is not frozen")
            if not ended:
                raise PeopleError(f"{same[0].name} has frozen {deed.scope}; only they, risk or owner may lift it")
            self._keep([one for one in self.freezes() if one not in ended])
            return (f"{deed.scope} is free",)
        added = Frozen(scope=deed.scope, holder=by.id, name=by.name, reason=deed.reason, until=deed.until)
        self._keep([*(one for one in self.freezes() if one not in mine), added])
        end = f" until {self._end(deed.until, by)}" if deed.until is not None else ""
        return (f"🔒 {deed.scope} is frozen{end}: pause and flatten go on",)

    def _end(self, at: datetime, reader: Person) -> str:
        return until_twice(at, self._clock.now(), self.zone_of(reader.id) or self._zone)

    def _keep(self, freezes: list[Frozen]) -> None:
        self._store.set_pref("", FREEZE, msgspec.json.encode(freezes).decode() if freezes else "")
