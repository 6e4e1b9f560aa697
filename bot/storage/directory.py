"""The desk's accounts as they were known last: names, groups, lines, pauses, for a bot that starts before its engine does."""

import msgspec
from sqlalchemy import delete, select

from bot.storage.database import Database
from bot.storage.table import PREF
from engine.api import AccountState, AccountView, HoldView, Value

DIRECTORY = "directory"


class _Kept(Value, frozen=True):
    """What of an account stays true for a while; no position, no money."""

    id: str
    name: str
    group: str
    role: str
    broker: str
    connection: str
    live: bool
    tags: tuple[str, ...]
    holds: tuple[HoldView, ...]

    @staticmethod
    def of(view: AccountView) -> "_Kept":
        """The part of a view."""
        return _Kept(**{name: getattr(view, name) for name in _Kept.__struct_fields__})

    def view(self) -> AccountView:
        """A view that claims nothing else."""
        known = {name: getattr(self, name) for name in self.__struct_fields__}
        return AccountView(state=AccountState.OFFLINE, why="not known yet", **known)


class DirectoryStore:
    """One row among the desk's own wishes."""

    def __init__(self, database: Database) -> None:
        """In the bot's database."""
        self._database = database
        self._text = ""

    def load(self) -> tuple[AccountView, ...]:
        """Every account, as an earlier process knew it; none where another version wrote it."""
        with self._database.begin() as connection:
            row = select(PREF.c.value).where(PREF.c.owner == "", PREF.c.key == DIRECTORY)
            self._text = connection.execute(row).scalar() or ""
        try:
            kept = msgspec.json.decode(self._text or "[]", type=tuple[_Kept, ...])
        except msgspec.DecodeError:
            return ()
        return tuple(one.view() for one in kept)

    def save(self, views: tuple[AccountView, ...]) -> None:
        """Keep them, where anything of it has changed."""
        text = msgspec.json.encode([_Kept.of(view) for view in views]).decode()
        if text == self._text:
            return
        with self._database.begin() as connection:
            connection.execute(delete(PREF).where(PREF.c.owner == "", PREF.c.key == DIRECTORY))
            connection.execute(PREF.insert().values(owner="", key=DIRECTORY, value=text))
        self._text = text
