"""The cards that the gallery shows: a desk's afternoon, made by the commands themselves."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bot.core.chat import Message
from engine.api import ActState
from tests.bot.office import OPS, Office


async def afternoon() -> list[Message]:
    """One message of each kind, oldest first."""
    office = Office(live=True)
    double, tell = office.double, office.double.status
    double.status = lambda: replace(tell(), at=office.clock.now())  # type: ignore[method-assign]  # seen just now
    view = double.accounts["ALPHA"]
    double.hold(2)
    stopped: dict[str, Any] = {"day_profit": Decimal(-420), "day_stop_pct": Decimal(84), "trail_pct": Decimal(31)}
    double.accounts["ALPHA"] = replace(double.accounts["ALPHA"], **stopped)
    assert view.id == "ALPHA"
    shown: list[Message] = []

    async def take(*said: str, who: str = "luis") -> None:
        for words in said:
            await office.say(words, who=who)
            shown.append(office.messages[-1])

    await take("/status", "/accounts", "/account ALPHA", "/positions", "/pnl")
    await take("/pause all 15m NFP")
    key = office.sent[-1].key
    lines = tuple(replace(line, state=ActState.PROVEN) for line in double.acts[key].lines)
    double.acts[key] = replace(double.acts[key], state=ActState.PROVEN, lines=lines)
    await office.controller.proofs.told(double.acts[key])
    shown[-1] = office.messages[-1]
    await take("/flatten all")
    await take("/size ALPHA 0.5x")
    totp = office.codes("luis")
    await office.say("/unlock ALPHA")
    await office.say(office.code(totp), handle=office.handle("y", "tg:@luis"))
    shown.append(next(message for message in reversed(office.messages) if message.chat == OPS))
    await office.say("/flatten all", chat="tg:-1")
    await office.say(handle=office.handle("y"), chat="tg:-1")
    shown.append(office.messages[-1])
    office.clock.jump(timedelta(minutes=5).total_seconds())
    await take("/audit", who="ana")
    await take("/pausse all 15m", "/help")
    return shown
