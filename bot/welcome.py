"""Welcome: which platforms answer right now, a code for each, and what reminds of a code until it was used."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from bot.config import PLATFORMS, Settings, plug
from bot.core.access import Grant, Person, Role
from bot.core.chat import Clock, Finding
from bot.runtime.controller import local_person
from bot.runtime.people.people import PAIR_TTL, People
from bot.storage.database import Database
from bot.storage.owner import is_taken
from bot.storage.people import PeopleStore
from engine.api import ConfigError, LockstepError

PATIENCE_S = 20.0
LEFT_OUT = "{} is left out: {}"
BUSY = (
    "a desk is running on this computer, and its bot must hear what you write: stop it first, or use another bot's "
    "token and another LOCKSTEP_HOME"
)
NOBODY = "no platform can be served, and there is no terminal for a console"
ONCE = "A code counts once, for {:.0f} minutes{}. When it is paired, write: /status"
ANOTHER = "; /invite me makes another"

Tell = Callable[[str], None]
Look = list[Finding]


class Codes:
    """Pairing codes, by platform, that wait for their phones."""

    def __init__(self, person: str, lines: dict[str, str], until: datetime) -> None:
        """``person`` is paired by them until then; each has a line that says what to write where."""
        self._person = person
        self._lines = lines
        self._until = until

    def unused(self, people: People, clock: Clock) -> tuple[str, ...]:
        """The lines of those that still wait."""
        if not self._lines or clock.now() >= self._until:
            return ()
        known = [one.identities for one in people.everybody() if one.person.id == self._person]
        used = {identity.partition(":")[0] for identities in known for identity, _ in identities}
        self._lines = {name: line for name, line in self._lines.items() if name not in used}
        return tuple(self._lines.values())


async def welcome(
    settings: Settings, tell: Tell, clock: Clock, *, is_headless: bool = False, beside: Path | None = None
) -> tuple[Settings, Codes]:
    """Tell what to write to which bot, and what keeps a platform from being served.

    ``beside`` is a data directory whose bot may read with the same tokens: while it runs, no platform is served here.
    Returns: the settings without the platforms that cannot be served, and the codes.
    Raises: ConfigError where nothing is left to serve.
    """
    names = [name for name in PLATFORMS if name in settings.chats]
    if beside is not None and is_taken(beside):
        tell(BUSY)
        looks: list[Look] = [[] for _ in names]
    else:
        looks = await asyncio.gather(*(_look(settings, name) for name in names))
    found = dict(zip(names, looks, strict=True))
    served = {name: _reach(look) for name, look in found.items() if _reach(look)}
    is_over = is_headless and not served
    for name, look in found.items():
        for line in _faults(look):
            tell(f"{name}: {line}" if name in served else LEFT_OUT.format(name, line))
    if is_over:
        raise ConfigError(NOBODY)
    chats = {name: table for name, table in settings.chats.items() if name not in names}
    for name in served:
        fix = {key: value for one in found[name] for key, value in one.fix.items()}
        for key, value in fix.items():
            tell(f"{name}: {key} = {value} is used here; `lockstep up` wants it in the [{name}] table of desk.toml")
        chats[name] = settings.chats[name] | fix
    codes = _invite(settings, served, clock, tell)
    if served:
        tell(ONCE.format(PAIR_TTL.total_seconds() / 60, "" if is_headless else ANOTHER))
    return msgspec.structs.replace(settings, chats=chats), codes


async def _look(settings: Settings, name: str) -> Look:
    """What a platform says; never a word that holds its token."""
    try:
        spec, options = plug(settings, name)
        async with asyncio.timeout(PATIENCE_S):
            return await spec.probe(options) if spec.probe is not None else []
    except TimeoutError:
        return [Finding(mark="!!", text=f"no answer within {PATIENCE_S:.0f} s")]
    except LockstepError as error:
        return [Finding(mark="!!", text=str(error))]


def _reach(look: Look) -> str:
    return next((one.reach for one in look if one.reach), "")


def _faults(look: Look) -> list[str]:
    """What a person is to mend; what is mended here already is told otherwise."""
    return [one.text for one in look if one.mark == "!!" and not one.fix]


def _invite(settings: Settings, served: dict[str, str], clock: Clock, tell: Tell) -> Codes:
    """Tell a code for each platform, all for one person, who is called as at the console."""
    database = Database(settings.database)
    try:
        store, now = PeopleStore(database), clock.now()
        people = People(store, clock, local_person(settings.name, "local"))
        owner = Person(id=secrets.token_hex(4), name=settings.name, grants=(Grant(role=Role.OWNER),))
        lines = {}
        if served:
            store.add(owner, "local", now)
        for name, reach in served.items():
            code = people.invite(owner.name, owner.grants[0], "local", owner.id)
            lines[name] = f"{name}: write  pair {code}  to {reach}"
            tell(lines[name])
        return Codes(owner.id, lines, now + PAIR_TTL)
    finally:
        database.close()
