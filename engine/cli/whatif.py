"""``lockstep whatif buy 2 NQ --stop 30``: what a leader's trade would do, asked of the running desk."""

import argparse
import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.api.client import Address, EngineClient
from engine.api.whatif import WhatIfLine, WhatIfView
from engine.cli.command import Command, show
from engine.config import home
from engine.errors import LockstepError

_HEADS = ("ACCOUNT", "TRADES", "HOLDS", "SIZE", "SENDS", "THEN", "AT RISK", "ROOM", "AT STOP", "BLOCKED")


def run(options: argparse.Namespace) -> int:
    """Print each follower's part; nothing is sent."""
    where: Path = options.home or home()
    view = asyncio.run(_ask(_address(where / "api.json"), options))
    for line in text(view):
        show(line)
    return 0


def _address(file: Path) -> Address:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        raise LockstepError(f"no desk has run here yet ({file} is missing); start one with `lockstep up`") from None


async def _ask(address: Address, options: argparse.Namespace) -> WhatIfView:
    client = EngineClient(address.url, address.token)
    try:
        return await client.whatif(options.side, options.quantity, options.symbol, options.stop, options.scope)
    finally:
        await client.close()


def text(view: WhatIfView) -> Iterator[str]:
    """The answer in lines of a terminal."""
    at = f" at {view.price:,f}" if view.price is not None else ""
    yield f"{'BUY' if view.quantity > 0 else 'SELL'} {abs(view.quantity)} {view.symbol}{at}: what if?"
    for one in view.leaders:
        stop = f", stop at {one.stop:,f}" if one.stop is not None else ""
        yield f"{one.account} {one.has:+d} to {one.after:+d}{stop}"
    if view.distance is not None:
        ticks = f", {view.ticks.normalize():f} ticks" if view.ticks is not None else ""
        yield f"stop {view.distance.normalize():f} points{ticks} against what the leader then holds"
    rows = [_HEADS, *map(_row, view.lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if view.at_risk is not None:
        yield f"at risk to the stop in all: {view.at_risk:,.0f}"
    yield from view.remarks
    yield "Nothing was sent."


def _row(line: WhatIfLine) -> tuple[str, ...]:
    blocks = "; ".join(f"{block.contracts:+d} {block.check}: {block.figures}" for block in line.blocks)
    limit = "its own limits act before the stop" if line.is_stopped else ""
    return (
        line.account,
        line.symbol,
        f"{line.has:+d}",
        f"{line.exact.normalize():f}",
        f"{line.send:+d}" + (f" then {line.later:+d}" if line.later else ""),
        f"{line.after:+d}",
        *map(_money, (line.at_risk, line.room, line.room_at_stop)),
        "; ".join(filter(None, (blocks, limit))),
    )


def _money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,.0f}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("side", choices=("buy", "sell"), help="what the leader would do")
    parser.add_argument("quantity", type=int, metavar="N", help="contracts")
    parser.add_argument("symbol", metavar="SYMBOL", help="a contract such as NQZ6, or its product")
    parser.add_argument("--stop", default="", metavar="30|120t", help="distance of his stop: points, or ticks with a t")
    parser.add_argument("--scope", default="all", metavar="WHOM", help="a group, a leader or followers")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )


COMMAND = Command(
    name="whatif", summary="What a leader's trade would do, on the running desk", arguments=arguments, run=run
)
