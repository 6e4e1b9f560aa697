"""What every scenario shares: a small journal, so that a start writes one megabyte of zeros and not thirty-two."""

from functools import partial

import pytest

from engine.storage.log import Log

SEGMENT_BYTES = 2**20


@pytest.fixture(autouse=True)
def _small_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.app.Log", partial(Log, segment_bytes=SEGMENT_BYTES))
