"""Where things live on this computer: the data directory, the settings file, the id of this machine."""

import os
import sys
import uuid
from collections.abc import Mapping
from hashlib import blake2b
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
    """Settings file: LOCKSTEP_DESK, or desk.toml here, or desk.toml in the data directory."""
    if env.get(DESK):
        return Path(env[DESK]).expanduser().absolute()
    here = Path("desk.toml").absolute()
    there = home(env) / "desk.toml"
    return there if there.is_file() and not here.is_file() else here


def device(where: Path) -> str:
    """Stable id of this machine for brokers that ask for one; kept in the data directory ``where``.

    Raises: OSError where the data directory cannot be written.
    """
    kept = where / "device"
    try:
        found = kept.read_text("utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        found = ""
    if found:
        return found
    where.mkdir(parents=True, exist_ok=True)
    made = blake2b(uuid.uuid4().bytes, digest_size=16).hexdigest()
    kept.write_text(made + "\n", "utf-8")
    return made
