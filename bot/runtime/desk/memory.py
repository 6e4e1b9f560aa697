"""What the engine last said, for who reads while it is silent; what is recalled is never shown without its age."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import msgspec

from bot.core.access import resolve
from bot.core.chat import Clock
from bot.core.command import Engine
from bot.runtime.desk.directory import Directory
from bot.runtime.desk.watch import Watch
from engine.api import AccountView, RiskView, StatusView
from engine.api.client import EngineError, EngineSilentError

FRESH_S = 5.0  # asked again this often while the engine answers
PATIENCE_S = 2.0  # an engine that hangs is waited for so long where something is remembered
MOST = 8  # parts of the desk that are kept fresh
AWAY = 503  # the control API is there, the engine behind it is not

Ask = tuple[str, str]  # question, scope
WHOLE: tuple[Ask, ...] = (("accounts", "all"), ("risk", "all"))


class Memory:
    """The newest answers: of the whole desk, and of what was asked for last."""

    def __init__(self, engine: Engine, watch: Watch, directory: Directory, clock: Clock) -> None:
        """Nothing is remembered yet."""
        self._engine = engine
        self._watch = watch
        self._directory = directory
        self._clock = clock
        self._said: dict[Ask, tuple[Any, float]] = {}

    async def run(self) -> None:
        """Ask again and again, so that what is remembered is young when the engine falls silent."""
        while True:
            if self._watch.connected:
                await self._ask_all()
            await self._clock.sleep(FRESH_S)

    async def _ask_all(self) -> None:
        for question, scope in dict.fromkeys((*WHOLE, *self._said)):
            try:
                answer = await getattr(self._engine, question)(scope)
            except EngineError as error:
                if is_silent(error):
                    return
                self._said.pop((question, scope), None)  # nobody is called so any more
                continue
            self.learn(question, scope, answer)
            if (question, scope) == WHOLE[0]:
                self._directory.learn(answer)

    def learn(self, question: str, scope: str, answer: Any) -> None:
        """Keep an answer; the parts of the desk that were asked for longest ago give way."""
        self._said.pop((question, scope), None)
        self._said[question, scope] = answer, self._clock.monotonic()
        parts = [ask for ask in self._said if ask not in WHOLE]
        for ask in parts[:-MOST]:
            del self._said[ask]

    def last(self, question: str, scope: str) -> tuple[Any, float] | None:
        """The newest answer, cut down to a scope where that can be done, and its age."""
        exact = self._said.get((question, scope))
        whole = self._said.get((question, "all"))
        cut = CUTS.get(question)
        if whole is not None and cut is not None and (exact is None or whole[1] >= exact[1]):
            exact = (cut(whole[0], scope, self._directory.known), whole[1])
        found = None if exact is None else (exact[0], self._clock.monotonic() - exact[1])
        told = self._watch.status
        if question == "status" and scope == "all" and told is not None:
            age_s = max(0.0, (self._clock.now() - told.at).total_seconds())
            found = found if found is not None and found[1] <= age_s else (told, age_s)
        return found

    def recall(self) -> "Recall":
        """The engine for one reading command."""
        return Recall(self._engine, self)


class Recall:
    """The engine while it answers, else what it last said; ``age_s`` is the age of the oldest that was recalled."""

    def __init__(self, engine: Engine, memory: Memory) -> None:
        """Nothing is recalled yet."""
        self._engine = engine
        self._memory = memory
        self.age_s: float | None = None

    async def status(self, scope: str = "all") -> StatusView:
        """As the engine."""
        return cast("StatusView", await self._ask("status", scope, self._engine.status(scope)))

    async def accounts(self, scope: str = "all") -> tuple[AccountView, ...]:
        """As the engine."""
        return cast("tuple[AccountView, ...]", await self._ask("accounts", scope, self._engine.accounts(scope)))

    async def risk(self, scope: str = "all") -> RiskView:
        """As the engine."""
        return cast("RiskView", await self._ask("risk", scope, self._engine.risk(scope)))

    async def account(self, alias: str) -> AccountView:
        """As the engine."""
        try:
            return await self._engine.account(alias)
        except EngineError as error:
            kept = self._memory.last("accounts", alias)
            if kept is None or not kept[0] or not is_silent(error):
                raise
            return cast("AccountView", self._recalled(kept)[0])

    async def _ask(self, question: str, scope: str, asking: Coroutine[Any, Any, Any]) -> Any:
        kept = self._memory.last(question, scope)
        try:
            async with asyncio.timeout(None if kept is None else PATIENCE_S):
                answer = await asking
        except (EngineError, TimeoutError) as error:
            if kept is None or (isinstance(error, EngineError) and not is_silent(error)):
                raise
            return self._recalled(kept)
        self._memory.learn(question, scope, answer)
        return answer

    def _recalled(self, kept: tuple[Any, float]) -> Any:
        self.age_s = max(self.age_s or 0.0, kept[1])
        return kept[0]

    def __getattr__(self, name: str) -> Any:
        """Every other question is answered by the engine or not at all."""
        return getattr(self._engine, name)


def is_silent(error: EngineError) -> bool:
    """Say whether nobody answered, or nobody who knows how things stand now."""
    return isinstance(error, EngineSilentError) or error.status == AWAY


def _cut_accounts(
    views: tuple[AccountView, ...], scope: str, directory: tuple[AccountView, ...]
) -> tuple[AccountView, ...]:
    wanted = resolve(scope, directory)
    return tuple(view for view in views if view.id in wanted)


def _cut_risk(view: RiskView, scope: str, directory: tuple[AccountView, ...]) -> RiskView:
    wanted = resolve(scope, directory)
    return msgspec.structs.replace(
        view,
        limits=tuple(one for one in view.limits if one.account in wanted),
        unknown=tuple(one for one in view.unknown if one in wanted),
        free=tuple(one for one in view.free if one in wanted),
        relations=tuple(one for one in view.relations if one.account in wanted),
        pools=tuple(pool for pool in view.pools if all(member.account in wanted for member in pool.members)),
    )


CUTS: dict[str, Callable[[Any, str, tuple[AccountView, ...]], Any]] = {"accounts": _cut_accounts, "risk": _cut_risk}
