"""What a trade would do: a table of all followers, or one of them in full."""

from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal

from bot.core.card import Card, Column, Table
from bot.core.render.look import UNKNOWN, plain_money, price, signed, told
from bot.core.render.risk import WORDS
from engine.api import BlockView, LimitView, WhatIfLine, WhatIfView

MOST = 16
MOST_REASONS = 6


def whatif_card(view: WhatIfView, zone: tzinfo) -> Card:
    """The whole answer: nothing of it was sent."""
    if len(view.lines) == 1:
        return _one(view, view.lines[0], zone)
    ranked = sorted(view.lines, key=lambda line: not is_odd(line)) if len(view.lines) > MOST else view.lines
    more = len(view.lines) - MOST
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="SIZE", right=True),
        Column(head="SEND", right=True),
        Column(head="ROOM", right=True),
        Column(head="BLOCKED", firm=False, least=4),
    )
    table = Table(columns=columns, rows=tuple(_row(line, has_stop=view.distance is not None) for line in ranked[:MOST]))
    risk = plain_money(view.at_risk)
    said = [f"At risk to the stop: {risk} in all"] if view.at_risk is not None else []
    room = "room at the stop" if view.distance is not None else "room afterwards"
    rest = f"{more} more, name one. " if more > 0 else ""
    return Card(
        title=_title(view),
        lines=(*_leaders(view), *said, *_reasons(view, view.lines, zone), *_remarks(view, zone)),
        table=table,
        footer=f"{rest}ROOM: {room}. Nothing was sent.",
    )


def is_odd(line: WhatIfLine) -> bool:
    """Say whether a follower does not simply follow."""
    return bool(line.blocks) or line.is_stopped


def _title(view: WhatIfView) -> str:
    at = f" at {price(view.price)}" if view.price is not None else ""
    return f"WHAT IF · {'BUY' if view.quantity > 0 else 'SELL'} {abs(view.quantity)} {view.symbol}{at}"


def _leaders(view: WhatIfView) -> list[str]:
    lines = [f"{one.account} {signed(one.has)} → {signed(one.after)}" for one in view.leaders]
    if view.distance is not None:
        ticks = f", {_plain(view.ticks)} ticks" if view.ticks is not None else ""
        stops = dict.fromkeys(one.stop for one in view.leaders if one.stop is not None)
        where = f" at {' or '.join(map(price, stops))}" if stops else ""
        is_flat = all(not one.after for one in view.leaders)
        lines.append("No stop: flat afterwards" if is_flat else f"Stop {_plain(view.distance)} pt{ticks}{where}")
    return lines


def _row(line: WhatIfLine, *, has_stop: bool) -> tuple[str, ...]:
    room = line.room_at_stop if has_stop and line.room_at_stop is not None else line.room_after
    checks = list(dict.fromkeys(block.check for block in line.blocks))
    more = f"+{len(checks) - 1}" if len(checks) > 1 else ""
    blocked = f"{checks[0]}{more}" if checks else "limit!" if line.is_stopped else ""
    return line.account, _plain(line.exact), signed(line.send), plain_money(room) if room is not None else "-", blocked


def _reasons(view: WhatIfView, lines: Sequence[WhatIfLine], zone: tzinfo) -> list[str]:
    """Why somebody does not simply follow, the same reason once."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        for block in line.blocks:
            groups.setdefault(told(_block(block), view.at, zone), []).append(line.account)
        if line.is_stopped:
            groups.setdefault("its own limits act before the stop", []).append(line.account)
    said = [f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in groups.items()]
    more = [f"… and {len(said) - MOST_REASONS} more reasons"] if len(said) > MOST_REASONS else []
    return said[:MOST_REASONS] + more


def _remarks(view: WhatIfView, zone: tzinfo) -> list[str]:
    return [told(remark, view.at, zone) for remark in view.remarks]


def _block(block: BlockView) -> str:
    return f"{signed(block.contracts)} not sent, {block.check}: {block.figures}"


def _one(view: WhatIfView, line: WhatIfLine, zone: tzinfo) -> Card:
    """One follower in full."""
    rounding = line.rounding
    later = f", then {signed(line.later)}" if line.later else ""
    under_way = f", {signed(line.in_flight)} under way" if line.in_flight else ""
    rooms = [("room now", line.room), ("room then", line.room_after), ("room at stop", line.room_at_stop)]
    fields = [
        ("holds", f"{signed(line.has)}{under_way} {line.symbol}".rstrip()),
        ("size", f"{_plain(line.exact)}  {line.words}".rstrip()),
        ("rounding", f"{_plain(-rounding)} → {signed(line.target)}" if rounding else "none"),
        ("sends", f"{signed(line.send)}{later}"),
        ("then holds", signed(line.after)),
    ]
    fields += [("at risk", _money(line.at_risk))] if line.at_risk is not None else []
    fields += [(label, _money(left)) for label, left in rooms if left is not None] or [("room", "no limits known")]
    fields += [(WORDS.get(one.limit, one.limit), _limit(one)) for one in line.limits]
    fields += [("own stop", price(line.own_stop))] if line.own_stop is not None else []
    return Card(
        title=f"{_title(view)} · {line.account}",
        lines=(*_leaders(view), *_reasons(view, [line], zone), *_remarks(view, zone)),
        fields=tuple(fields),
        footer="Nothing was sent.",
    )


def _limit(one: LimitView) -> str:
    left = abs(one.equity - one.line)
    if one.price is None or one.stop is None:
        return f"{plain_money(left)} away"
    return f"{plain_money(left)} acts at {price(one.stop)}"


def _money(amount: Decimal | None) -> str:
    return plain_money(amount)


def _plain(number: Decimal | None) -> str:
    return UNKNOWN if number is None else f"{number.normalize():f}"
