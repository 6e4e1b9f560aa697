"""Where the engine and its clients meet on this computer: the data directory and the settings file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

HOME = "LOCKSTEP_HOME"
DESK = "LOCKSTEP_DESK"


def home(env: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Data directory: LOCKSTEP_HOME, or the place that this system keeps for a person's programs."""
    if env.get(HOME):
        return Path(env[HOME]).expanduser().absolute()
    if platform == "win32":
        return Path(env.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Lockstep"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Lockstep"
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lockstep"


def find(env: Mapping[str, str] = os.environ) -> Path:
    """Settings file: LOCKSTEP_DESK, or desk.toml here, or desk.toml in the data directory.

    Where there is none it is the one that should stand here.
    """
    if env.get(DESK):
        return Path(env[DESK]).expanduser().absolute()
    here = Path("desk.toml").absolute()
    there = home(env) / "desk.toml"
    return there if there.is_file() and not here.is_file() else here
