"""Copying over real sockets: the first true path."""

from decimal import Decimal
from pathlib import Path

from engine.domain.group import Multiplier
from tests.scenarios.stage import follower, staged


async def test_followers_end_where_the_leader_goes(tmp_path: Path) -> None:
    plans = [
        follower("A"),
        follower("B", sizing=Multiplier(ratio=Decimal("0.5"))),
        follower("C", symbols={"NQ": "MNQ"}),
    ]
    async with staged(tmp_path, plans) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 1})
        await stage.until_held({"C": 20}, "MNQZ6")
        stage.lead(-3)
        await stage.until_held({"A": -1, "B": 0})
        await stage.until_held({"C": -10}, "MNQZ6")
        stage.lead(1)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_held({"C": 0}, "MNQZ6")
