"""The ``lockstep`` command: one module for each of its words."""

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import version
from io import TextIOWrapper

from engine.cli import calendar, chat, check, demo, doctor, guard, news, receipt, replay, report, rules, up, whatif
from engine.cli.command import Command, say
from engine.errors import ConfigError, LockstepError

COMMANDS: tuple[Command, ...] = (
    demo.COMMAND,
    up.COMMAND,
    check.COMMAND,
    doctor.COMMAND,
    chat.PAIR,
    replay.COMMAND,
    receipt.COMMAND,
    report.COMMAND,
    whatif.COMMAND,
    rules.COMMAND,
    calendar.COMMAND,
    news.COMMAND,
    guard.COMMAND,
    chat.AUDIT,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 1 not well, 2 something is to be edited first."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # Windows writes pipes in an old code page otherwise
            stream.reconfigure(encoding="utf-8", errors="replace")
    names = [command.name for command in COMMANDS]
    if arguments and not arguments[0].startswith("-") and arguments[0] not in names:
        close = get_close_matches(arguments[0], names, n=1, cutoff=0.4)
        hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(names)}"
        say(f'there is no command "{arguments[0]}"; {hint}')
        return 2
    options = _parser().parse_args(arguments or ["--help"])
    try:
        code: int = options.run(options)
    except ConfigError as error:
        say(str(error))
        return 2
    except LockstepError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lockstep", description="Copies a leader's futures trades to follower accounts, inside their limits."
    )
    parser.add_argument("--version", action="version", version=f"lockstep {version('lockstep-desk')}")
    words = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        word = words.add_parser(command.name, help=command.summary, description=command.summary)
        command.arguments(word)
        word.set_defaults(run=command.run)
    return parser
