"""The whole suite's: how many processes share it, and what this computer leaves out, which is said."""

import os
import shutil
from pathlib import Path

import pytest

TAPES = Path(os.environ.get("LOCKSTEP_TAPES") or Path(__file__).parents[2] / "shared" / "data")
TAPE = TAPES / "es-2023-12-25-trades.csv"


def _left_out() -> dict[str, str]:
    """Test modules that cannot run here, and why."""
    found = {}
    if shutil.which("node") is None and not os.environ.get("CI"):
        found["test_public_client.py"] = "node is not on the path"
    if not TAPE.is_file():
        found["test_tape.py"] = f"there is no {TAPE.name} (set LOCKSTEP_TAPES)"
    return found


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.name in _left_out() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for module, why in _left_out().items():
        terminalreporter.write_line(f"not run: {module}, because {why}")


def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores: stories over sockets wait, but what they wait for is computed here as well."""
    return min(8, max(2, os.cpu_count() or 2))
