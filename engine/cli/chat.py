"""``lockstep pair`` and ``lockstep audit``: the bot's own words at the desk's computer, in the bot's own process."""

import argparse
import subprocess
import sys

from engine.cli.command import Command, desk_argument


def _bot(options: argparse.Namespace, *words: str) -> int:
    desk = ["--desk", str(options.desk)] if options.desk is not None else []
    return subprocess.run([sys.executable, "-m", "bot", *desk, *words], check=False).returncode  # noqa: S603  our own words


def pair(options: argparse.Namespace) -> int:
    """Print a pairing code."""
    return _bot(options, "pair", options.name, "--role", options.role, "--scope", options.scope)


def audit(options: argparse.Namespace) -> int:
    """Check what the bot has kept of everything that people asked."""
    rows = ("--rows", str(options.rows)) if options.rows is not None else ()
    return _bot(options, "audit", *rows, *(("--csv", options.csv) if options.csv else ()))


def _pair_arguments(parser: argparse.ArgumentParser) -> None:
    desk_argument(parser)
    parser.add_argument("name", help="how the person is called here; a name that is known adds a platform to it")
    parser.add_argument("--role", default="owner", choices=["viewer", "trader", "risk", "admin", "owner"])
    parser.add_argument("--scope", default="all", help="all, aliases joined by commas, a group, or #tag")


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    desk_argument(parser)
    parser.add_argument("--rows", type=int, metavar="N", help="show the head that stood when there were N rows")
    parser.add_argument("--csv", metavar="FILE", help="write every row there")


PAIR = Command(
    name="pair", summary="Print a code that pairs a phone with this desk", arguments=_pair_arguments, run=pair
)
AUDIT = Command(
    name="audit",
    summary="Check the record of what people asked, or write it as CSV",
    arguments=_audit_arguments,
    run=audit,
)
