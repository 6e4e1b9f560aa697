"""A venue on a hand-turned clock for the tests of the venue."""

from decimal import Decimal

import pytest

from engine.sim.desk import AccountPlan, Desk, LoginPlan
from engine.sim.server import VenueServer
from tests.clock import HandClock

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
