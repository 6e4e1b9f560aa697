"""A venue on a hand-turned clock for the tests of the venue."""

import os
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from engine.sim.desk import AccountPlan, Desk, LoginPlan
from engine.sim.server import VenueServer
from tests.clock import HandClock

PUBLIC_CLIENT = "test_public_client.py"


def _cannot_run() -> bool:
    return shutil.which("node") is None and not os.environ.get("CI")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.name == PUBLIC_CLIENT and _cannot_run() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _cannot_run():
        terminalreporter.write_line(f"not run: {PUBLIC_CLIENT}, because node is not on the path")


DESK = Desk(
    logins=(
        LoginPlan(user="lead", password="lead-pass", accounts=(AccountPlan(name="LEAD-1", balance=Decimal(150_000)),)),
        LoginPlan(
            user="apex",
            password="apex-pass",
            cid="7",
            sec="key",
            code="code-1",
            accounts=(
                AccountPlan(name="APX-1", balance=Decimal(50_000)),
                AccountPlan(name="APX-2", balance=Decimal(25_000), max_position=3, daily_loss_auto_liq=Decimal(500)),
            ),
        ),
    ),
    fee=Decimal("2.00"),
    micro_fee=Decimal("0.50"),
)


@pytest.fixture
def desk() -> Desk:
    return DESK


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def server(desk: Desk, clock: HandClock):
    async with VenueServer(desk, clock=clock) as running:
        yield running
