"""``lockstep demo``: a desk of its own at a simulated venue, to try everything without a broker."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from engine.cli.command import Command, show, show_wrapped
from engine.cli.demo.leader import lead
from engine.cli.demo.phone import LEFT, TOKENS, find_phones
from engine.cli.demo.stage import Stage, Tell, Wishes, stage
from engine.cli.demo.story import play as told
from engine.errors import ConfigError, LockstepError
from engine.runtime.clock import SystemClock
from engine.runtime.supervisor import CONFIG_EXIT, Child, signals, stopped

SYMBOL = "NQZ6"
TAPE_SYMBOL = "ESZ6"
SYMBOLS = ("NQZ6", "ESZ6")
EVERY = "all"


class Play(StrEnum):
    """What is given on the stage."""

    STORY = "story"  # the fixed one, told to its end
    CONSOLE = "console"  # a person at this terminal, with phones or without
    PHONES = "phones"  # phones alone, until somebody ends it


def run(options: argparse.Namespace) -> int:
    """Play at the terminal and on phones, or tell the fixed story where there is neither."""
    is_fixed = options.auto or options.record is not None
    if is_fixed and options.phone is not None:
        raise ConfigError("--phone goes on until you end it; leave --auto and --record out")
    phones = find_phones("" if options.phone == EVERY else options.phone) if options.phone is not None else None
    wishes = Wishes(
        tape=options.tape,
        symbol=options.symbol or (SYMBOL if options.tape is None else TAPE_SYMBOL),
        speed=options.speed,
        keep=options.keep,
        colour="always" if options.colour or options.record else "auto",
        is_quiet=options.quiet,
        phones=phones,
    )
    if not is_fixed and sys.stdin.isatty() and sys.stdout.isatty():
        play = Play.CONSOLE
    else:
        play = Play.PHONES if phones is not None else Play.STORY
    heard: list[str] = []

    def tell(text: str) -> None:
        heard.append(text)
        (show if play is Play.STORY else show_wrapped)(text)

    code = asyncio.run(_until_stopped(wishes, tell, play))
    if options.record is not None and code == 0:
        from engine.cli.demo.picture import picture

        picture(heard, options.record)
    return code


async def _until_stopped(wishes: Wishes, tell: Tell, play: Play) -> int:
    """Run the demo; Ctrl-C and the like end it in good order."""
    work = asyncio.create_task(_perform(wishes, tell, play))
    with signals(work.cancel):
        try:
            return await work
        except asyncio.CancelledError:
            return 130


async def _perform(wishes: Wishes, tell: Tell, play: Play) -> int:
    tell("Lockstep demo: a simulated venue, one leader, nine followers.")
    async with stage(wishes, tell) as on_stage:
        if play is Play.STORY:
            return verdict(await told(on_stage, tell, wishes.symbol), tell)
        return await _live(on_stage, wishes, tell, play)


def verdict(wrong: Sequence[str], tell: Tell = show) -> int:
    """Say how the story ended; the exit code."""
    if not wrong:
        tell("\nEvery follower ended right.")
        return 0
    tell(f"\n{len(wrong)} wrong:")
    for line in wrong:
        tell(f"  ✘ {line}")
    return 1


async def _live(on_stage: Stage, wishes: Wishes, tell: Tell, play: Play) -> int:
    """A person at the console or on phones, while the scripted leader trades."""
    alone = "" if wishes.is_quiet else "The leader trades by itself. "
    end = "Ctrl-D or /quit ends" if play is Play.CONSOLE else "Ctrl-C or SIGTERM ends"
    also = "" if wishes.phones is not None else " On your phone, too: lockstep demo --phone."
    tell(f"{alone}Trade as the leader with /lead buy 2 NQ. {end} the demo.{also}\n")
    leading = None if wishes.is_quiet else asyncio.create_task(lead(on_stage.venue, wishes.symbol))
    child = Child(on_stage.console() if play is Play.CONSOLE else on_stage.server())
    try:
        code = await child.wait()
    finally:
        if leading is not None:
            leading.cancel()
        await asyncio.shield(stopped(child, SystemClock()))
        if wishes.phones is not None:
            tell(LEFT)
    if code == CONFIG_EXIT:
        return code  # it has said why
    if code not in (0, 130):
        raise LockstepError(f"the {play} ended with exit code {code}")
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--tape", type=Path, metavar="FILE", help="CSV of real trades or bars that moves the market")
    parser.add_argument("--symbol", choices=SYMBOLS, help="what is traded, and what a tape moves")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="how many times as fast the tape runs")
    parser.add_argument(
        "--phone",
        nargs="?",
        choices=(*TOKENS, EVERY),
        const=EVERY,
        metavar="PLATFORM",
        help="serve Telegram and Discord too, whose tokens stand in .env; or that one alone",
    )
    parser.add_argument("--auto", action="store_true", help="tell the fixed story even at a terminal")
    parser.add_argument("--quiet", action="store_true", help="no scripted leader: only you trade")
    parser.add_argument("--colour", action="store_true", help="colours even without a terminal")
    parser.add_argument("--record", type=Path, metavar="FILE", help="draw the story as an SVG")
    parser.add_argument("--keep", action="store_true", help="keep the demo's data directory")


COMMAND = Command(name="demo", summary="Try everything at a simulated venue", arguments=arguments, run=run)
