"""``lockstep demo``: a desk of its own at a simulated venue, to try everything without a broker."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli.command import Command, show, show_wrapped
from engine.cli.demo.leader import lead
from engine.cli.demo.stage import Stage, Tell, Wishes, stage
from engine.cli.demo.story import play
from engine.errors import LockstepError
from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import Child, Program, signals, stopped

SYMBOL = "NQZ6"
TAPE_SYMBOL = "ESZ6"
SYMBOLS = ("NQZ6", "ESZ6")


def run(options: argparse.Namespace) -> int:
    """Play at the terminal, or tell the fixed story where there is none."""
    has_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wishes = Wishes(
        tape=options.tape,
        symbol=options.symbol or (SYMBOL if options.tape is None else TAPE_SYMBOL),
        speed=options.speed,
        keep=options.keep,
        colour="always" if options.colour or options.record else "auto",
    )
    is_story = options.auto or options.record is not None or not has_terminal
    heard: list[str] = []

    def tell(text: str) -> None:
        heard.append(text)
        (show if is_story else show_wrapped)(text)

    code = asyncio.run(_until_stopped(wishes, tell, at_terminal=not is_story, is_quiet=options.quiet))
    if options.record is not None and code == 0:
        from engine.cli.demo.picture import picture

        picture(heard, options.record)
    return code


async def _until_stopped(wishes: Wishes, tell: Tell, *, at_terminal: bool, is_quiet: bool) -> int:
    """Run the demo; Ctrl-C and the like end it in good order."""
    work = asyncio.create_task(_perform(wishes, tell, at_terminal, is_quiet))
    with signals(work.cancel):
        try:
            return await work
        except asyncio.CancelledError:
            return 130


async def _perform(wishes: Wishes, tell: Tell, at_terminal: bool, is_quiet: bool) -> int:
    tell("Lockstep demo: a simulated venue, one leader, nine followers.")
    async with stage(wishes, tell) as on_stage:
        if at_terminal:
            return await _console(on_stage, wishes.symbol, is_quiet)
        return verdict(await play(on_stage, tell, wishes.symbol), tell)


def verdict(wrong: Sequence[str], tell: Tell = show) -> int:
    """Say how the story ended; the exit code."""
    if not wrong:
        tell("\nEvery follower ended right.")
        return 0
    tell(f"\n{len(wrong)} wrong:")
    for line in wrong:
        tell(f"  ✘ {line}")
    return 1


async def _console(on_stage: Stage, symbol: str, is_quiet: bool) -> int:
    """A person at the console, while the scripted leader trades."""
    alone = "" if is_quiet else "The leader trades by itself. "
    show_wrapped(f"{alone}Trade as the leader with /lead buy 2 NQ. Ctrl-D or /quit ends the demo.\n")
    leading = None if is_quiet else asyncio.create_task(lead(on_stage.venue, symbol))
    child = Child(Program(name="console", argv=on_stage.bot(), env=on_stage.env, is_window=True))
    try:
        code = await child.wait()
    finally:
        if leading is not None:
            leading.cancel()
        await asyncio.shield(stopped(child, SystemClock()))
    if code not in (0, 130):
        raise LockstepError(f"the console ended with exit code {code}")
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--tape", type=Path, metavar="FILE", help="CSV of real trades or bars that moves the market")
    parser.add_argument("--symbol", choices=SYMBOLS, help="what is traded, and what a tape moves")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="how many times as fast the tape runs")
    parser.add_argument("--auto", action="store_true", help="tell the fixed story even at a terminal")
    parser.add_argument("--quiet", action="store_true", help="no scripted leader: only you trade")
    parser.add_argument("--colour", action="store_true", help="colours even without a terminal")
    parser.add_argument("--record", type=Path, metavar="FILE", help="draw the story as an SVG")
    parser.add_argument("--keep", action="store_true", help="keep the demo's data directory")


COMMAND = Command(name="demo", summary="Try everything at a simulated venue", arguments=arguments, run=run)
