"""The tables of docs/allocation.md say what the code computes."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from engine.domain.allocation import Funds, carried, conversion, size, split, target, whole
from engine.domain.group import (
    BalanceScaled,
    BelowOne,
    Caps,
    Exact,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    RoomScaled,
    Rounding,
    Sizing,
    follower_symbol,
)
from engine.domain.ids import AccountId, Root, Symbol

PAGE = Path(__file__).resolve().parents[3] / "docs" / "allocation.md"
NETS = (1, 2, 3, 4, 5)


def plan(**settings: object) -> FollowerPlan:
    return FollowerPlan(account=AccountId("A"), **settings)


def funds(balance: int, **more: object) -> Funds:
    money = Decimal(balance)
    return Funds(**{"balance": money, "cautious": money, "first_equity": money, **more})


def table(head: Sequence[object], rows: Iterator[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def row_of(name: str, sizing: Sizing, own: Funds, leader: Funds, factor: str = "1") -> list[object]:
    sized = size(sizing, own, leader, Decimal(factor))
    return [name, *(target(net, sized.ratio, sized.flat, plan()) for net in NETS), sized.words]


def modes() -> Iterator[list[object]]:
    own, leader = funds(50_000), funds(150_000)
    yield row_of("`exact`", Exact(), own, leader)
    yield row_of("`multiplier`, ratio 0.5", Multiplier(ratio=Decimal("0.5")), own, leader)
    yield row_of("`multiplier`, ratio 1.5", Multiplier(ratio=Decimal("1.5")), own, leader)
    yield row_of("`fixed`, contracts 2", Fixed(contracts=2), own, leader)
    yield row_of("`percentage`", Percentage(), own, leader)
    yield row_of("`percentage`, factor 2", Percentage(factor=Decimal(2)), own, leader)
    tied = funds(50_000, open_profit=Decimal(-500), margin=Decimal(4_500))
    free = funds(150_000, open_profit=Decimal(2_000), margin=Decimal(17_000))
    yield row_of("`balance-scaled`", BalanceScaled(), tied, free)
    yield row_of("`room-scaled`, room 2000", RoomScaled(room=Decimal(2_000)), own, leader)
    yield row_of("`multiplier` 0.5, resized to 2x", Multiplier(ratio=Decimal("0.5")), own, leader, "2")


def rooms() -> Iterator[list[object]]:
    rule, start = RoomScaled(room=Decimal(2_000), ratio=Decimal(2)), Decimal(50_000)
    for lost in (0, 500, 1_000, 1_500, 2_000, 2_500):
        own = funds(50_000 - lost, first_equity=start)
        sized = size(rule, own, funds(1), Decimal(1))
        yield [f"-{lost}" if lost else "0", sized.words, *(target(net, sized.ratio, 0, plan()) for net in (1, 2, 4))]


def roundings() -> Iterator[list[object]]:
    for exact in ("0.4", "0.5", "0.9", "1.4", "1.5", "1.6"):
        sizes = [whole(Fraction(exact), rounding, BelowOne.ZERO) for rounding in Rounding]
        yield [exact, *sizes, whole(Fraction(exact), Rounding.TOWARD_ZERO, BelowOne.ONE)]


def carries() -> Iterator[list[object]]:
    for ratio in ("0.5", "0.34", "1.5"):
        targets = [target(net, Fraction(ratio), 0, plan()) for net in NETS]
        held = [carried(net, Fraction(ratio), found) for net, found in zip(NETS, targets, strict=True)]
        orders = [after - before for before, after in zip([0, *targets], targets, strict=False)]
        yield [ratio, ", ".join(map(str, orders)), ", ".join(map(str, targets)), ", ".join(map(str, held))]


def symbols() -> Iterator[list[object]]:
    cases = (
        ("NQ", "MNQ", "0.5", 1),
        ("NQ", "NQ", "0.5", 1),
        ("NQ", "MNQ", "1", 1),
        ("MNQ", "NQ", "1", 9),
        ("MNQ", "NQ", "1", 10),
        ("SI", "SIL", "1", 1),
    )
    for root, to, ratio, net in cases:
        own_plan, symbol = plan(symbols={root: to}), Symbol(f"{root}Z6")
        own = follower_symbol(own_plan, symbol, Root(root))
        assert own is not None
        convert = conversion(own_plan, symbol, own)
        assert convert is not None
        yield [f"{net} {symbol}", ratio, f"{target(net, Fraction(ratio) * convert, 0, own_plan)} {own}"]


def stales() -> Iterator[list[object]]:
    for name, own_old, leader_old in (("none", False, False), ("follower", True, False), ("leader", False, True)):
        own = Funds(balance=Decimal(50_000), cautious=Decimal(40_000), is_stale=own_old)
        leader = Funds(balance=Decimal(100_000), cautious=Decimal(125_000), is_stale=leader_old)
        sized = size(Percentage(), own, leader, Decimal(1))
        yield [name, sized.words, target(10, sized.ratio, 0, plan())]


def pools() -> Iterator[list[object]]:
    shares = [Decimal(1), Decimal(1), Decimal(2)]
    for contracts in (1, 2, 3, 5):
        for turn in (0, 1, 2):
            yield [contracts, turn, *split(contracts, shares, turn)]


def caps() -> Iterator[list[object]]:
    for cap in (1, 2, 4):
        capped = plan(caps=Caps(symbol=cap))
        yield [cap, *(target(net, Fraction(1), 0, capped) for net in NETS)]


TABLES = {
    "modes": table(["mode", *(f"leader {net}" for net in NETS), "on the receipt"], modes()),
    "room": table(["profit since the start", "on the receipt", "leader 1", "leader 2", "leader 4"], rooms()),
    "rounding": table(
        ["exact", *(rounding.value for rounding in Rounding), 'toward-zero, `below_one = "one"`'], roundings()
    ),
    "carry": table(["ratio", "orders for 1, 1, 1, 1, 1", "position", "held back"], carries()),
    "symbols": table(["leader", "ratio", "follower"], symbols()),
    "stale": table(["stale", "on the receipt", "leader 10"], stales()),
    "pool": table(["pool", "turn", "share 1", "share 1", "share 2"], pools()),
    "caps": table(["`caps.symbol`", *(f"leader {net}" for net in NETS)], caps()),
}
BLOCK = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", re.DOTALL)


@pytest.mark.parametrize("name", TABLES)
def test_the_page_says_what_the_code_computes(name: str) -> None:
    written = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert written[name].strip() == TABLES[name].strip()


def renew() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    text = BLOCK.sub(lambda block: f"<!-- {block[1]} -->\n{TABLES[block[1]]}<!-- /{block[1]} -->", text)
    PAGE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    renew()
