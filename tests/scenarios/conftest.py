"""What every scenario shares: a small journal, so that a start is quick, and where the real tapes are, if anywhere."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from engine.storage.log import Log

SEGMENT_BYTES = 2**20  # a start writes two megabytes of zeros and not thirty-two
TAPES = Path(os.environ.get("LOCKSTEP_TAPES") or Path(__file__).parents[3] / "shared" / "data")
TAPE = TAPES / "es-2023-12-25-trades.csv"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the tape's story out where there is no tape, and say so."""
    if collection_path.name != "test_tape.py" or TAPE.is_file():
        return None
    sys.stderr.write(f"not collected: {collection_path.name}, because there is no {TAPE.name} (set LOCKSTEP_TAPES)\n")
    return True


@pytest.fixture(autouse=True)
def _small_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.app.Log", partial(Log, segment_bytes=SEGMENT_BYTES))
