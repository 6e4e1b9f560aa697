"""Sight: the engine as somebody sees it whose rights are for a part of the desk."""

from bot.core.access import resolve
from bot.core.command import Engine
from engine.api import AccountView, LockstepError


class SightError(LockstepError):
    """Nothing of what was asked for may be seen here."""


class Sight:
    """Answers about ``seen`` accounts alone. What cannot be answered for a part is refused by ``Part``."""

    def __init__(self, engine: Engine, seen: frozenset[str], directory: tuple[AccountView, ...]) -> None:
        """``seen`` is by account."""
        self._engine = engine
        self._seen = seen
        self._directory = directory

    def scope(self, asked: str) -> str:
        """What of a scope may be seen.

        Raises: SightError where nothing is left.
        """
        left = sorted(resolve(asked, self._directory) & self._seen)
        if not left:
            raise SightError(f"Not shown: nothing of {asked} may be seen here.")
        return ",".join(left)

    def __getattr__(self, name: str) -> object:
        """A question to the engine, its scope cut down to what may be seen."""
        ask = getattr(self._engine, name)
        place = SCOPED.get(name)
        if place is None:
            raise SightError(f"Not shown: {name} is told of the whole desk only.")
        if place == FREE:
            return ask

        async def cut(*given: object, **named: object) -> object:
            values = list(given)
            if "scope" in named or len(values) <= place:
                named["scope"] = self.scope(str(named.get("scope", "all")))
            else:
                values[place] = self.scope(str(values[place]))
            return await ask(*values, **named)

        async def one(alias: str) -> object:
            self.scope(alias)
            return await ask(alias)

        return one if place == ALIAS else cut


FREE, ALIAS = -1, -2  # tells nothing of accounts; is asked about one account by name
SCOPED = {
    "status": 0,
    "accounts": 0,
    "risk": 0,
    "orders": 0,
    "pnl": 0,
    "curve": 1,
    "news": 1,
    "desync": 0,
    "offers": 0,
    "whatif": 4,
    "copies": 1,
    "account": ALIAS,
    "health": FREE,
    "act": FREE,
    "preview": FREE,
    "send": FREE,
}
"""Where each question of the engine has its scope. What is not listed is asked of the whole desk alone."""
