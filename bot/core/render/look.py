"""Numbers, prices and times as a phone shows them. What is not known is n/a, never zero."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from bot.core.card import one_line
from bot.core.veil import marked
from engine.api import AccountState, HoldView, Severity

UNKNOWN = "n/a"
_UTC_TIME = re.compile(r"(?<![\d-] )\b(\d{2}):(\d{2})(?::(\d{2}))? UTC\b")  # a time of day; one with its date stays
LETTERS = {
    AccountState.LIVE: "L",
    AccountState.PAUSED: "P",
    AccountState.STOPPED: "S",
    AccountState.OFFLINE: "X",
    AccountState.DESYNC: "D",
}
ICONS = {
    AccountState.LIVE: "🟢",
    AccountState.PAUSED: "🟡",
    AccountState.STOPPED: "🔴",
    AccountState.OFFLINE: "⚫",
    AccountState.DESYNC: "🟠",
}
ALARMS = {Severity.P1: "🔴", Severity.P2: "🟠", Severity.P3: "🟡", Severity.P4: "⚪", Severity.P5: "⚪"}


def money(amount: Decimal | None) -> str:
    """Signed whole units; ``k`` above 99,999 and so on up, cut and never rounded up."""
    return UNKNOWN if amount is None else marked(_money(amount))


def _money(amount: Decimal) -> str:
    whole = amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if abs(whole) <= 99_999:
        return f"{int(whole):+,}"
    for unit, size in (("k", 10**3), ("M", 10**6), ("B", 10**9)):
        scaled = (whole / size).quantize(Decimal(1), rounding=ROUND_DOWN)
        if abs(scaled) <= 99_999:
            return f"{int(scaled):+,}{unit}"
    return f"{whole:+.0E}".replace("E+", "e")


def plain_money(amount: Decimal | None) -> str:
    """A balance: as ``money``, without a plus sign."""
    return UNKNOWN if amount is None else marked(_money(amount).removeprefix("+"))


def price(amount: Decimal | None) -> str:
    """A price, with at least two decimals and no more than it needs."""
    if amount is None:
        return UNKNOWN
    rounded = amount.quantize(Decimal("0.000001")) if int(amount.as_tuple().exponent) < -6 else amount
    whole, _, rest = f"{rounded:,f}".partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


def factor(amount: Decimal) -> str:
    """A resize factor: 0.5x, 1x."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "x"


def signed(contracts: int) -> str:
    """Signed contracts: +2, -1, 0."""
    return f"{contracts:+d}" if contracts else "0"


def percent(amount: Decimal) -> str:
    """Of a limit what is used up: cut, so that 100% is the limit and not nearly."""
    return f"{int(amount)}%"


def counted(count: int, what: str) -> str:
    """So many of something: 1 contract, 2 contracts; ``entry`` becomes entries."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count} {what if count == 1 else many}"


def side(contracts: int) -> str:
    """A position in words: long 2, short 1, flat."""
    if not contracts:
        return "flat"
    return f"{'long' if contracts > 0 else 'short'} {abs(contracts)}"


def ticks(amount: Decimal | None) -> str:
    """Slippage in ticks, worse is positive: +1t."""
    if amount is None:
        return ""
    text = f"{amount.quantize(Decimal('0.1')):+f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "t"


def lag(milliseconds: float | None) -> str:
    """A delay: 0.4ms, 180ms, 12.3s."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 10:
        return f"{milliseconds:.1f}ms"
    return f"{milliseconds:.0f}ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f}s"


def age(seconds: float | None) -> str:
    """How long ago or how long: 30 ms, 0.4 s, 12 s, 3m12, 4h05, 3d04h."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}m{int(seconds % 60):02d}"
    return f"{minutes // 60}h{minutes % 60:02d}" if minutes < 1440 else f"{minutes // 1440}d{minutes // 60 % 24:02d}h"


def clock(at: datetime, zone: tzinfo) -> str:
    """Time of day in the reader's zone, to the second."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def until(at: datetime | None, now: datetime, zone: tzinfo) -> str:
    """An end: in the reader's zone, with the day when it is not today; empty when there is none."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    near = local.date() == now.astimezone(zone).date() or at - now < timedelta(hours=12)
    return local.strftime("%H:%M" if near else "%a %d %b %H:%M")


def until_twice(at: datetime | None, now: datetime, zone: tzinfo) -> str:
    """An end in the reader's zone and in UTC."""
    if at is None:
        return ""
    here = until(at, now, zone)
    there = at.astimezone(UTC).strftime("%H:%M")
    return f"{here} UTC" if at.astimezone(zone).utcoffset() == timedelta(0) else f"{here} ({there} UTC)"


def told(text: str, near: datetime, zone: tzinfo) -> str:
    """What the engine says, in one line, its UTC times of day in the reader's zone; ``near`` gives their day."""

    def here(match: re.Match[str]) -> str:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if hour > 23 or minute > 59 or second > 59:
            return match[0]
        at = near.astimezone(UTC).replace(hour=hour, minute=minute, second=second)
        local = at.astimezone(zone)
        if not local.utcoffset():
            return match[0]
        return local.strftime("%H:%M:%S" if match[3] else "%H:%M")

    return _UTC_TIME.sub(here, one_line(text))


def hold(view: HoldView, now: datetime, zone: tzinfo) -> str:
    """Who stopped entries, until when, why."""
    end = f"until {until(view.until, now, zone)}" if view.until is not None else "until resumed"
    return " ".join(part for part in ("⏸", end, view.by, why(view)) if part)


def why(view: HoldView) -> str:
    """The reason of a hold, where it says more than that it is one."""
    return "" if view.reason.lower() in {"pause", "paused"} else view.reason
