"""The bot alone: read settings, serve the platforms, exit code."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.config import find_desk, read_settings
from engine.api import ConfigError, LockstepError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bot; a wrong setting is one line and exit code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="The Lockstep bot: Telegram, Discord and the console."
    )
    parser.add_argument("--desk", type=Path, help="settings file; its [chat] and [console] tables are read")
    parser.add_argument("--home", type=Path, help="data directory (default: LOCKSTEP_HOME or the system's place)")
    parser.add_argument("--api", help="URL of the engine (default: LOCKSTEP_API or api.json in the data directory)")
    parser.add_argument("--venue", help="control URL of a demo venue; gives the command lead")
    parser.add_argument("--script", metavar="FILE", help="run these lines and leave; - reads them from the input")
    parser.add_argument("--headless", action="store_true", help="serve Telegram and Discord without a console")
    given = parser.parse_args(argv)
    environ = dict(os.environ)
    environ.update(
        {name: value for name, value in (("LOCKSTEP_API", given.api), ("LOCKSTEP_VENUE", given.venue)) if value}
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpcore", "websockets", "telegram", "discord", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        settings = read_settings(given.desk or find_desk(environ), home=given.home, environ=environ)
        script = _script(given.script)
        from bot.app import run

        return asyncio.run(run(settings, script=script, is_headless=given.headless))
    except LockstepError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _script(name: str | None) -> list[str] | None:
    if name is None:
        return None
    if name == "-":
        return sys.stdin.read().splitlines()
    try:
        return Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--script {name} cannot be read: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
