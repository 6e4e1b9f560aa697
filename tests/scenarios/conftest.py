"""What every scenario shares: a small journal, so that a start is quick."""

from functools import partial

import pytest

from engine.storage.log import Log

SEGMENT_BYTES = 2**20  # a start writes two megabytes of zeros and not thirty-two


@pytest.fixture(autouse=True)
def _small_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.app.Log", partial(Log, segment_bytes=SEGMENT_BYTES))
