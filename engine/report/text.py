"""The report as plain text: at most 80 columns, the worst to be seen without scrolling sideways."""

import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.domain.tradedate import ZONE
from engine.report.evidence import STAGES, AccountDay, Report, Slip

WIDTH = 80
WHY_MODES = (
    "Why this is kept: under MiFID II, and for crypto-assets under MiCA, acting on others' accounts may count as "
    "execution of orders, portfolio management or advice, and who decided about each entry bears on which; this states "
    "the fact and judges nothing."
)
_NAME = 12
_STATUSES = ("ok", "part", "refused", "unclear", "skipped", "sent")
_DASH = "-"


def text(report: Report, holiday: str = "") -> str:
    """All sections; one line for a day without copies. ``holiday`` is what the exchange makes of it, where it is one."""
    if not report.rows:
        return f"{report.day}: {f'{holiday}; ' if holiday else ''}no copies on this trade date.\n"
    followers = [account for account in report.accounts if not account.is_leader]
    lines = [
        *_head(report),
        *([holiday[:1].upper() + holiday[1:]] if holiday else []),
        *_modes(followers),
        *_money(report, followers),
        *_delay(followers),
        *_place(followers),
        *_slippage(followers),
        *_quality(followers),
        *_reasons(followers),
        *_notices(report),
    ]
    return "\n".join(lines) + "\n"


def _head(report: Report) -> Iterator[str]:
    orders = sum(row.places > 0 for row in report.rows)
    yield f"TRADE DATE {report.day:%A} {report.day}, entries of {_span(report)} Chicago"
    yield f"{_count(report.copies, 'leader event')} copied, {_count(orders, 'order')} in their fan-outs"


def _span(report: Report) -> str:
    first, last = report.first_at, report.last_at
    return f"{first.astimezone(ZONE):%a %H:%M} to {last.astimezone(ZONE):%a %H:%M}" if first and last else ""


def _modes(followers: list[AccountDay]) -> Iterator[str]:
    """Who decided about the entries of each account."""
    told: dict[str, list[str]] = {}
    for account in followers:
        spans = [f"{mode} from {since.astimezone(ZONE):%H:%M}" for since, mode in account.modes]
        word = account.modes[0][1] if len(account.modes) == 1 else ", ".join(spans)
        if word:
            told.setdefault(word, []).append(_name(account.account))
    if not told:
        return
    yield from _title("MODE", "who decided about entries; exits are copied in every mode")
    for word, names in told.items():
        yield from _wrapped([f"{word}:", *names], "")
    yield from textwrap.wrap(WHY_MODES, WIDTH)


def _money(report: Report, followers: list[AccountDay]) -> Iterator[str]:
    yield from _title("MONEY", "made before fees; against the leader's trades at the account's exact size")
    for account in report.accounts:
        if account.is_leader:
            yield f"{_name(account.account):<{_NAME}} {_cash(account.profit):>12}  leads{_fees(account)}"
    yield _row("", "made", "leader's", "difference")
    for account in followers:
        if account.curve or account.copies:
            figures = (account.profit, account.ideal, account.difference)
            yield _row(_name(account.account), *map(_cash, figures))
            parts = [f"{cause.value} {_cash(part)}" for cause, part in account.parts.items()]
            unknown = ["fees not known"] if account.fees is None and account.copies else []
            yield from _wrapped([*parts, *unknown], "    ")


def _row(name: str, made: str, ideal: str, difference: str) -> str:
    return f"{name:<{_NAME}} {made:>12} {ideal:>12} {difference:>12}"


def _delay(followers: list[AccountDay]) -> Iterator[str]:
    timed = [account for account in followers if account.stages]
    if not timed:
        return
    yield from _title("DELAY", "p50/p95/max in ms")
    yield f"{'':<{_NAME}} {'n':>4}  {'heard to':<15} {'decided to':<15} {'handed to':<15} {'handed to':<15}".rstrip()
    yield f"{'':<{_NAME}} {'':>4}  {'decided':<15} {'handed':<15} {'answered':<15} {'filled':<15}".rstrip()
    for account in timed:
        cells = []
        for stage in STAGES:
            found = account.stages.get(stage)
            cells.append("/".join(_ms(v) for v in (found.p50, found.p95, found.most)) if found else _DASH)
        count = max(found.count for found in account.stages.values())
        yield f"{_name(account.account):<{_NAME}} {count:>4}  {' '.join(f'{c:<15}' for c in cells)}".rstrip()


def _place(followers: list[AccountDay]) -> Iterator[str]:
    placed = [(account.account, account.place) for account in followers if account.place is not None]
    if not placed:
        return
    yield from _title("PLACE IN THE FAN-OUT", "of orders for the same leader event")
    yield f"{'':<{_NAME}} {'n':>4} {'mean':>7} {'of':>6} {'deviation':>10} {'first':>7} {'last':>7}"
    for name, place in placed:
        first, last = (f"{100 * times / place.count:.0f} %" for times in (place.first, place.last))
        yield (
            f"{_name(name):<{_NAME}} {place.count:>4} {place.mean:>7.1f} {place.of:>6.1f} {place.deviation:>10.1f} "
            f"{first:>7} {last:>7}"
        )


def _slippage(followers: list[AccountDay]) -> Iterator[str]:
    slipped = [account for account in followers if account.buys.contracts or account.sells.contracts]
    if not slipped:
        return
    yield from _title("SLIPPAGE", "ticks are a contract's mean; positive is worse than the leader")
    yield f"{'':<{_NAME}} {'buys':>5} {'ticks':>7} {'money':>12}   {'sells':>6} {'ticks':>7} {'money':>12}"
    for account in slipped:
        yield f"{_name(account.account):<{_NAME}} {_side(account.buys, 5)}   {_side(account.sells, 6)}"


def _side(slip: Slip, width: int) -> str:
    ticks = _DASH if slip.ticks is None else f"{slip.ticks:+.2f}"
    return f"{slip.contracts:>{width}} {ticks:>7} {_cash(slip.money) if slip.contracts else _DASH:>12}"


def _quality(followers: list[AccountDay]) -> Iterator[str]:
    asked = [account for account in followers if account.copies]
    if not asked:
        return
    yield from _title("FILLS", "copies by how they ended; sent is still open")
    words = ("full", "partial", *_STATUSES[2:])
    yield f"{'':<{_NAME}} {'copies':>7} {' '.join(f'{word:>8}' for word in words)}"
    for account in asked:
        cells = " ".join(f"{account.quality.get(status, 0) or _DASH:>8}" for status in _STATUSES)
        yield f"{_name(account.account):<{_NAME}} {account.copies:>7} {cells}"


def _reasons(followers: list[AccountDay]) -> Iterator[str]:
    told: dict[tuple[str, str], dict[str, int]] = {}
    for account in followers:
        for reason, times in account.reasons.items():
            told.setdefault(reason, {})[_name(account.account)] = times
    if not told:
        return
    yield from _title("REASONS", "")
    for (status, why), whom in sorted(told.items(), key=lambda one: (-sum(one[1].values()), one[0])):
        head = f"{sum(whom.values()):>4} x {status:<8} "
        yield from textwrap.wrap(why, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
        names = [name if times == 1 else f"{name} {times}" for name, times in whom.items()]
        yield from _wrapped(names, " " * len(head))


def _notices(report: Report) -> Iterator[str]:
    if report.anomalies:
        yield from _title("UNUSUAL", "against this account's or login's own days before")
        for raised in report.anomalies:
            yield from textwrap.wrap(f"{raised.severity} {raised.code}  {raised.text}", WIDTH, subsequent_indent="   ")
    if report.remarks:
        yield ""
    for remark in report.remarks:
        yield from textwrap.wrap(remark, WIDTH)


def _title(word: str, about: str) -> tuple[str, str]:
    return "", f"{word}  {about}".rstrip()


def _wrapped(parts: Sequence[str], indent: str) -> list[str]:
    """Parts in lines that break only between them."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 3 + len(part) <= WIDTH:
            lines[-1] += "   " + part
        else:
            lines.append(indent + part)
    return lines


def _name(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _fees(account: AccountDay) -> str:
    return f", fees {account.fees:,.2f}" if account.fees else ""


def _cash(money: Decimal | None) -> str:
    return _DASH if money is None else f"{money:+,.2f}" if money else "0.00"


def _ms(value: float) -> str:
    if value < 10:
        return f"{value:.2f}" if value < 1 else f"{value:.1f}"
    return f"{value:.0f}" if value < 1000 else f"{value / 1000:.3g}s"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
