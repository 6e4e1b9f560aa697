"""Kept files: written whole or not at all, so that a reader in another process never meets half of one."""

import os
from contextlib import suppress
from pathlib import Path

LARGEST = 8 * 2**20


def keep(path: Path, content: bytes) -> None:
    """Replace a file in one step.

    Raises: OSError; then the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def recall(path: Path) -> bytes | None:
    """Content of a file; None where there is none.

    Raises: OSError where it cannot be read or is too large to be ours.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    if len(content) > LARGEST:
        raise OSError(f"{path.name} is larger than {LARGEST // 2**20} MB")
    return content
