"""``lockstep check``: are the settings right, and what do they mean; with --connect, does the broker agree."""

import argparse
import asyncio
from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from engine.brokers import load as load_broker
from engine.cli.command import Command, desk_argument, show
from engine.config import Settings, context, device, load
from engine.domain.event import Event
from engine.domain.group import (
    AccountPlan,
    BalanceScaled,
    Exact,
    Fixed,
    FollowerPlan,
    Multiplier,
    Percentage,
    Pooled,
    RoomScaled,
)
from engine.ports import Session
from engine.runtime.clock import SystemClock

PATIENCE_S = 60.0


def run(options: argparse.Namespace) -> int:
    """Print the desk as it was understood; 1 where a login or an account is not as it should be."""
    settings = load(options.desk)
    asyncio.run(_build(settings))
    _table(settings)
    logins, groups = len(settings.connections), settings.desk.groups
    followers = sum(len(group.followers) for group in groups)
    counts = f"{_many(logins, 'login')}, {_many(len(groups), 'leader')}, {_many(followers, 'follower')}"
    show(f"{settings.path}: right. {counts}.")
    if not options.connect:
        show("Nothing was sent. `lockstep check --connect` signs in and reads, and trades nothing.")
        return 0
    return 0 if asyncio.run(_probe(settings, show)) else 1


async def _build(settings: Settings) -> None:
    """Let each plug-in look at its own options; without ``run`` no session sends anything."""
    for connection in settings.connections:
        _session(settings, connection.broker, connection.id, "check")


def _session(settings: Settings, broker: str, connection: str, machine: str) -> Session:
    return load_broker(broker).connect(context(settings, connection, machine), _deaf, SystemClock())


def _deaf(_events: list[Event]) -> None:
    """Take facts that nobody needs."""


async def _probe(settings: Settings, tell: Callable[[str], None]) -> bool:
    machine, well = device(settings.home), True
    for connection in settings.connections:
        tell(f"\n{connection.id} ({connection.broker}):")
        try:
            async with asyncio.timeout(PATIENCE_S):
                lines = await _session(settings, connection.broker, connection.id, machine).probe()
        except TimeoutError:
            lines = [f"{connection.id}: no answer in {PATIENCE_S:.0f} s"]
        mine = [account for account in settings.desk.accounts if account.connection == connection.id]
        for line in lines:
            fine = line.endswith("may trade") and any(line.startswith(f"{account.id}: ") for account in mine)
            well = well and fine
            tell(f"  {'ok' if fine else '!!'}  {line}")
    tell("")
    return well


def _table(settings: Settings) -> None:
    """Print each group with its leader first, then the accounts that no group uses."""
    accounts = {account.id: account for account in settings.desk.accounts}
    unused = dict(accounts)
    for group in settings.desk.groups:
        table = _columns(f"{group.id}{_only(group.roots)}")
        _row(table, unused.pop(group.leader, accounts[group.leader]), "LEADER", "")
        for follower in group.followers:
            _row(table, unused.pop(follower.account, accounts[follower.account]), sizing(follower), limits(follower))
        _print(table)
    if unused:
        table = _columns("in no group")
        for account in unused.values():
            _row(table, account, "-", "")
        _print(table)


def _only(roots: Sequence[str]) -> str:
    return f", {' '.join(roots)} only" if roots else ""


def _columns(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("account", "broker's name", "login", "size", "limits"):
        table.add_column(column, overflow="fold")
    return table


def _row(table: Table, account: AccountPlan, size: str, caps: str) -> None:
    name = f"{account.id}{' LIVE' if account.live else ''}{''.join(f' #{tag}' for tag in account.tags)}"
    table.add_row(name, account.name, account.connection, size, caps)


def _print(table: Table) -> None:
    Console(highlight=False, emoji=False, markup=False).print(table)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def sizing(plan: FollowerPlan) -> str:
    """How much a follower takes, in a few words."""
    match plan.sizing:
        case Exact():
            text = "as the leader"
        case Multiplier(ratio=ratio):
            text = f"{ratio}x"
        case Fixed(contracts=contracts):
            text = f"always {contracts}"
        case Percentage(factor=factor):
            text = "balance / leader's" + _times(factor)
        case BalanceScaled(factor=factor):
            text = "free equity / leader's" + _times(factor)
        case RoomScaled(room=room, ratio=ratio):
            text = f"room left of {room}" + _times(ratio)
        case Pooled(share=share, pool_ratio=ratio):
            text = f"share {share} of a pool of {ratio}x"
    swaps = [f"{leader}→{own or 'none'}" for leader, own in plan.symbols.items()]
    return f"{text}, {', '.join(swaps)}" if swaps else text


def _times(factor: object) -> str:
    return "" if str(factor) == "1" else f" x{factor}"


def limits(plan: FollowerPlan) -> str:
    """The caps of a follower, in a few words."""
    caps = plan.caps
    return f"{caps.order} an order, {caps.symbol} in all"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    desk_argument(parser)
    parser.add_argument("--connect", action="store_true", help="sign in at each broker and read; trades nothing")


COMMAND = Command(name="check", summary="Check desk.toml and .env without trading", arguments=arguments, run=run)
