"""The venue as a process: ``python -m engine.sim --ports-file FILE [--desk FILE] [--tape FILE] [--seed N]``."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.errors import ConfigError
from engine.sim.desk import DEMO, Desk, load
from engine.sim.server import VenueServer
from engine.sim.tape import tape


class WallClock:
    """The system's time."""

    def now(self) -> datetime:
        """Aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="engine.sim", description="A simulated exchange with Tradovate's protocol.")
    parser.add_argument("--ports-file", type=Path, required=True, help="written with the URLs, as JSON, once it is up")
    parser.add_argument("--desk", type=Path, help="set-up as TOML; without it the built-in demo desk")
    parser.add_argument("--tape", type=Path, help="CSV of trades or one-minute bars to replay instead of a random walk")
    parser.add_argument("--symbols", default="ESZ6,MESZ6", help="contracts that the tape moves")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast the tape runs")
    parser.add_argument("--seed", type=int, help="seed of the random walk")
    parser.add_argument("--announce", action="store_true", help="say on standard output when it is up")
    parser.add_argument("--control-token-env", help="name of a variable that holds the control port's token")
    return parser


async def serve(options: argparse.Namespace) -> None:
    """Run until told to stop."""
    desk: Desk = load(options.desk) if options.desk else DEMO
    if options.seed is not None:
        desk = msgspec.structs.replace(desk, seed=options.seed)
    source = tape(options.tape, tuple(options.symbols.split(",")), speed=options.speed) if options.tape else None
    token = os.environ.get(options.control_token_env) if options.control_token_env else None
    options.ports_file.unlink(missing_ok=True)  # an old one would send people to ports that are gone
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # there Ctrl-C ends the run as KeyboardInterrupt
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
    async with VenueServer(desk, clock=WallClock(), source=source, control_token=token) as server:
        partial = options.ports_file.with_suffix(".part")
        partial.write_text(json.dumps(server.urls))
        partial.replace(options.ports_file)  # whoever waits for the file never sees half of it
        if options.announce:
            sys.stdout.write(f"venue is up: {server.control_url}\n")
            sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Run the venue; return the exit code."""
    try:
        asyncio.run(serve(arguments().parse_args()))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
