"""Codes: one-time codes, each of which counts once, and the windows in which none is needed."""

from datetime import datetime, timedelta

import pyotp

from bot.core import code
from bot.core.access import Known, Person
from bot.core.chat import Clock
from bot.core.denial import Denied
from bot.storage.people import PeopleStore
from engine.api import LockstepError

WRONG_CODES = 5
BLOCKED_FOR = timedelta(hours=1)
ARMED_IDLE = timedelta(minutes=5)
LONGEST_ARMED = timedelta(minutes=10)
SHUT = "too many wrong codes; try again in an hour"
CODE_KIND = "code"


class PeopleError(LockstepError):
    """Something about people or codes that cannot be done; one line that says why."""


class CodeError(PeopleError):
    """A code that does not count; ``is_last`` shut whoever gave it out for an hour, in which no code counts."""

    def __init__(self, text: str, what: Denied, *, is_last: bool = False) -> None:
        """``text`` names no code."""
        super().__init__(text)
        self.what = what
        self.is_last = is_last
        self.is_shut = is_last or text == SHUT


class Codes:
    """One-time codes of one desk's people."""

    def __init__(self, store: PeopleStore, clock: Clock) -> None:
        """Over the bot's database."""
        self._store = store
        self._clock = clock

    def has_codes(self, person: Person) -> bool:
        """Say whether a person has set one-time codes up and proven it."""
        found = self._store.secret(person.id)
        return found is not None and found[2]

    def lacks_proof(self, person: Person) -> bool:
        """Say whether a person has begun with a secret, and has shown no code of it yet."""
        found = self._store.secret(person.id)
        return found is not None and not found[2]

    def new_secret(self, person: Person) -> str:
        """Begin with a new secret.

        Returns: the address for an authenticator app, to be shown once.
        """
        secret = pyotp.random_base32()
        self._store.set_secret(person.id, secret)
        return code.provisioning(secret, person.name)

    def check_code(self, person: Person, typed: str) -> None:
        """Take a one-time code, once.

        Raises: PeopleError for a wrong or used one, and for somebody who tried too often.
        """
        now, who = self._clock.now(), f"person:{person.id}"
        if self._store.strikes(who, CODE_KIND, now) >= WRONG_CODES:
            raise CodeError(SHUT, Denied.CODE)
        known = self._store.secret(person.id)
        if known is None:
            raise PeopleError("you have no one-time codes yet; /totp setup in our private chat")
        step = code.matching_step(known[0], typed, now.timestamp(), known[1])
        if step is None or not self._store.use_step(person.id, step, now):
            strikes = self._store.strike(who, CODE_KIND, now, now + BLOCKED_FOR)
            raise CodeError("wrong or used code; wait for the next one", Denied.CODE, is_last=strikes == WRONG_CODES)
        self._store.forgive(who, CODE_KIND)

    # ---- windows ---------------------------------------------------------------------------------------------------

    def arm(self, person: Person, until: datetime) -> datetime:
        """Open a window in which no code is needed; when it ends at the latest."""
        now = self._clock.now()
        until = min(until, now + LONGEST_ARMED)
        self._store.arm(person.id, until, now)
        return until

    def disarm(self, known: list[Known]) -> None:
        """End the windows of these people."""
        for one in known:
            self._store.arm(one.person.id, None, self._clock.now())

    def is_armed(self, person: Person) -> bool:
        """Say whether a person needs no code now; asking counts as use, and an idle window ends."""
        until = self._armed_until(person)
        self._store.arm(person.id, until, self._clock.now())
        return until is not None

    def armed_of(self, known: list[Known]) -> list[tuple[str, datetime]]:
        """Who of these people needs no code now, and until when."""
        windows = [(one.person.name, self._armed_until(one.person)) for one in known]
        return [(name, until) for name, until in windows if until is not None]

    def _armed_until(self, person: Person) -> datetime | None:
        window, now = self._store.armed_until(person.id), self._clock.now()
        if window is None or now >= window[0] or now - window[1] >= ARMED_IDLE:
            return None
        return window[0]
