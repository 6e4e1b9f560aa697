"""A venue that grows slow for one account: the clerk says so by name."""

from pathlib import Path

from engine.api.notices import Notice
from engine.service.projection import Projection
from engine.service.usual import LAST, LEAST
from engine.sim import fault
from tests.scenarios.stage import Stage, follower, staged


async def trade(stage: Stage, times: int) -> None:
    for _ in range(times):
        net = 0 if stage.held("B") else 1
        stage.lead(1 if net else -1)
        await stage.until_held({"A": net, "B": net})


def slow(stage: Stage) -> list[Notice]:
    """What the clerk tells of this journal."""
    stage.engine.shard.flush()
    projection = Projection()
    for record in stage.engine.log.read():
        projection.fold(record)
    return [told for told in projection.take() if isinstance(told, Notice) and told.code == "copy.slow"]


async def test_an_account_that_the_venue_serves_slowly_is_told_by_name(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")], per_login=1) as stage:
        await trade(stage, LEAST + LAST)
        before = len(slow(stage))  # a busy machine may have made some
        stage.fault(fault.SlowExchange(account="A", accept_s=0.4, count=None))
        await trade(stage, LAST)
        (told,) = [notice for notice in slow(stage)[before:] if notice.account == "A"]
        assert told.text.startswith("A: to the fill ")
        assert "normal up to" in told.text
