"""What may keep a leader's next frame waiting is done when none is to be expected."""

from datetime import timedelta
from decimal import Decimal

from engine.domain.desk import Desk
from engine.domain.event import DeskConfigured, OrderFilled
from engine.domain.group import Exact, FollowerPlan
from engine.domain.ids import AccountId, BrokerOrderId, FillId
from engine.runtime.shard import CALM_S, Shard
from tests.clock import HandClock
from tests.engine.domain.model import LEAD, NQ, PRICE, plan


class Paper:
    """Takes everything down; says what it is told to of its room."""

    next_seq = 1
    is_due = False
    is_urgent = False
    checkpoints = 0

    def append_all(self, payloads: list[bytes]) -> None:
        self.next_seq += len(payloads)

    def checkpoint(self, state: bytes) -> None:
        self.checkpoints += 1


class Scene:
    """A shard whose leader may trade and whose turns are counted."""

    def __init__(self) -> None:
        self.clock, self.paper, self.swept = HandClock(), Paper(), 0
        self.shard = Shard(Desk(), self.paper, self.clock, {}, lambda: None, lambda: None, self._sweep)
        follower = FollowerPlan(account=AccountId("A"), sizing=Exact())
        self.shard.hear([DeskConfigured(at=self.clock.now(), plan=plan([follower]))])
        self.look()

    def _sweep(self) -> None:
        self.swept += 1

    def trade(self, number: int) -> None:
        fill = OrderFilled(
            at=self.clock.now(),
            account=LEAD,
            fill=FillId(str(number)),
            order=BrokerOrderId(str(number)),
            symbol=NQ,
            quantity=1,
            price=PRICE + Decimal(number),
            traded_at=self.clock.now() - timedelta(milliseconds=5),
        )
        self.shard.hear([fill])

    def look(self) -> int:
        self.shard.flush()
        self.shard.look_after("")
        self.shard.flush()
        return self.paper.checkpoints


async def test_a_checkpoint_waits_until_the_leader_has_paused() -> None:
    scene = Scene()
    await scene.clock.turn(60)
    scene.paper.is_due = True
    scene.trade(1)
    assert scene.look() == 0
    for number in range(2, 9):
        await scene.clock.turn(CALM_S / 2)
        scene.trade(number)
        assert scene.look() == 0, "he is at work"
    await scene.clock.turn(CALM_S * 1.01)
    assert scene.look() == 1


async def test_a_checkpoint_waits_for_nobody_when_room_is_short() -> None:
    scene = Scene()
    scene.paper.is_due = scene.paper.is_urgent = True
    scene.trade(1)
    assert scene.look() == 1


async def test_garbage_goes_when_a_turn_is_over_and_not_in_it() -> None:
    scene = Scene()
    before = scene.swept
    scene.trade(1)
    assert scene.swept == before
    scene.shard.flush()
    assert scene.swept == before + 1
