"""What a command of the shell is, and how it speaks."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from engine.domain.value import Value


class Command(Value, frozen=True):
    """One word after ``lockstep``. ``run`` gives the exit code."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def say(text: str) -> None:
    """Tell a person something that is no result: one line each on standard error."""
    for line in text.splitlines():
        sys.stderr.write(f"lockstep: {line}\n")
    sys.stderr.flush()


def show(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_wrapped(text: str) -> None:
    """Print lines of words, broken between words where the terminal is narrow."""
    width = shutil.get_terminal_size().columns
    for line in text.split("\n"):
        show(textwrap.fill(line, width, subsequent_indent=" "))


def desk_argument(parser: argparse.ArgumentParser) -> None:
    """Let a command take another settings file."""
    parser.add_argument(
        "--desk", type=Path, metavar="FILE", help="settings file (desk.toml here, or in the data directory)"
    )
