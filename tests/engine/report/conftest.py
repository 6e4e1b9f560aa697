"""Stages and databases for the reports' tests."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.engine.report.stage import Stage
from tests.engine.service.hot import START
from tests.engine.storage.conftest import database, postgres, postgres_schema, store

__all__ = ["database", "postgres", "postgres_schema", "store"]


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Makes hot processes; their logs are given up at the end."""
    made: list[Stage] = []

    def make(start: datetime = START, segment_bytes: int = 1 << 20) -> Stage:
        made.append(Stage(tmp_path / "home", start, segment_bytes))
        return made[-1]

    yield make
    for one in made:
        one.log.close()


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    return stages()
