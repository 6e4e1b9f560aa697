"""Entry of the clerk's process: ``python -m engine.service``, started by the hot process."""

import asyncio
import os
import sys
from importlib.metadata import version
from pathlib import Path

from engine.errors import ConfigError, LockstepError
from engine.runtime.clock import SystemClock
from engine.service.run import serve
from engine.service.setting import from_environment
from engine.telemetry import configure

CONFIG_EXIT = 2  # starting again would not help


def main() -> int:
    """Serve until the hot process is gone; the exit code."""
    try:
        settings = from_environment(os.environ)
        configure(Path(settings.home), settings.log_level, settings.hidden, name="clerk")
        asyncio.run(serve(settings, SystemClock(), version("lockstep-desk")))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return CONFIG_EXIT
    except LockstepError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
