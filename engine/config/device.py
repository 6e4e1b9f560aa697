"""The id of this machine, kept in the data directory."""

import uuid
from hashlib import blake2b
from pathlib import Path


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
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = blake2b(uuid.uuid4().bytes, digest_size=16).hexdigest()
    kept.write_text(made + "\n", "utf-8")
    return made
