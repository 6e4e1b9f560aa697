"""``lockstep replay``: the journal's facts once more; the same decisions must come out, byte for byte."""

import argparse
import time
from pathlib import Path

from engine.cli.command import Command, show
from engine.config import home
from engine.errors import JournalError
from engine.storage.replay import Replayed, replay
from engine.storage.tail import checkpoints, newest_checkpoint, read, segments


def run(options: argparse.Namespace) -> int:
    """Replay and tell; 1 where a decision came out otherwise."""
    directory = (options.home or home()) / "journal"
    started = time.perf_counter()
    done = replay_directory(directory)
    took = time.perf_counter() - started
    for seq in done.jumps:
        show(f"After entry {seq} the engine went on from its checkpoint: the disk had been full.")
    if done.difference is None:
        show(f"{done.same:,} entries up to {done.last_seq:,}: the same decisions, byte for byte ({took:.1f} s).")
        return 0
    found = done.difference
    show(f"Entry {found.seq:,} came out otherwise, after {done.same:,} that were alike.")
    show(f"  fact       {found.fact}\n  journalled {found.journalled}\n  replayed   {found.replayed}")
    return 1


def replay_directory(directory: Path) -> Replayed:
    """Replay a journal from its first entry on this disk.

    Raises: JournalError where there is none or it is damaged.
    """
    found = segments(directory)
    if not found:
        raise JournalError(f"{directory} holds no journal; run `lockstep up` first, or name its home with --home")
    first = found[0][0]
    start = newest_checkpoint(directory, first - 1) if first > 1 else None
    return replay(read(directory, first), checkpoints(directory), start)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="data directory (LOCKSTEP_HOME or this system's place)"
    )


COMMAND = Command(
    name="replay", summary="Replay the journal and prove that it gives the same decisions", arguments=arguments, run=run
)
