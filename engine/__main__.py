"""The engine alone: read the settings, run the hot process, say in one line why it ended."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from types import FrameType

from engine.app import Engine
from engine.config import Settings, device, hidden, load
from engine.errors import ConfigError, JournalError, StaleOwner
from engine.ports import ConnectContext
from engine.telemetry import configure

CONFIG_EXIT = 2  # starting again would not help: something is to be edited first
DISK_EXIT = 3


def main() -> None:
    """Run until asked to end."""
    arguments = argparse.ArgumentParser(prog="python -m engine", description="Lockstep's engine, without chats.")
    arguments.add_argument(
        "--desk", type=Path, help="settings file; desk.toml here or in the data directory by default"
    )
    settings_path: Path | None = arguments.parse_args().desk
    signal.signal(signal.SIGTERM, _asked_to_end)
    try:
        settings = load(settings_path)
        configure(settings.home, settings.engine.log_level, hidden(settings))
        _run(settings)
    except KeyboardInterrupt:
        sys.exit(0)
    except (ConfigError, StaleOwner) as error:
        print(f"lockstep: {error}", file=sys.stderr)  # noqa: T201  the one line for a person
        sys.exit(CONFIG_EXIT)
    except JournalError as error:
        print(f"lockstep: {error}", file=sys.stderr)  # noqa: T201  the one line for a person
        sys.exit(DISK_EXIT)


def _asked_to_end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(settings: Settings) -> None:
    engine = Engine(
        home=settings.home,
        plan=settings.desk,
        connections=[(connection.broker, _context(settings, connection.id)) for connection in settings.connections],
        sync=settings.engine.journal_sync,
        awake_s=settings.engine.awake_s,
    )
    clerk = {
        "LOCKSTEP_HOME": str(settings.home),
        "LOCKSTEP_API_PORT": str(settings.engine.api_port),
        "LOCKSTEP_DATABASE": settings.database_url,
        "LOCKSTEP_KEEP_DAYS": str(settings.engine.keep_days),
        "LOCKSTEP_LOG_LEVEL": settings.engine.log_level,
    }
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(engine.run(clerk, tell=_say))


def _context(settings: Settings, connection: str) -> ConnectContext:
    found = next(known for known in settings.connections if known.id == connection)
    return ConnectContext(
        connection=found.id,
        accounts=tuple(account for account in settings.desk.accounts if account.connection == found.id),
        options=found.options,
        secrets=found.secrets,
        device=device(settings.home),
    )


def _loop() -> asyncio.AbstractEventLoop:
    """The fastest loop that this system has."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _say(line: str) -> None:
    print(f"lockstep: {line}", file=sys.stderr, flush=True)  # noqa: T201  the one line for a person


if __name__ == "__main__":
    main()
