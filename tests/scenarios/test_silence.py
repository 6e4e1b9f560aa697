"""A desk that was left alone: the bot dies, nobody can be reached, and the engine itself takes no new risk."""

from pathlib import Path

import pytest

from bot.config import ChatSettings
from tests.scenarios.phone import LUIS, phoned
from tests.scenarios.stage import follower


@pytest.mark.parametrize("platform", ["telegram"])
async def test_a_desk_that_nobody_can_reach_pauses_itself_and_says_so_when_somebody_is_back(
    tmp_path: Path, platform: str
) -> None:
    """Entries stop and exits are copied; a restart of the engine forgets nothing; only a person resumes."""
    async with phoned(platform, tmp_path, [follower("A"), follower("B")], with_bot=False, speed=20) as scene:
        stage = scene.stage
        scene.chat = ChatSettings(name=LUIS.name, dead_man="2m")
        scene.totp = scene.people()
        await scene.open_bot()
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await stage.stand(125)  # somebody can be reached: nothing happens
        assert scene.wishes() == []
        await scene.close_bot()
        await stage.stand(30)
        await scene.close_engine()
        await scene.open_engine()
        assert scene.wishes() == []
        await stage.until(lambda: scene.wishes() == ["Pause"], "the engine pauses")
        stage.lead(-1)
        await stage.until_held({"A": 2, "B": 2})
        stage.lead(2)
        await stage.until_skipped("A", ("hold", 2))
        await scene.open_bot()
        await scene.sees("LEFT ALONE: PAUSED", "Nobody could be reached for 2 min", "exits go on")
        await stage.stand(30)
        assert (scene.wishes(), stage.held("A")) == (["Pause"], 2)
        await scene.press("Resume")
        await scene.sees("RESUME all?", "by dead man")
        await scene.press("Confirm")
        await scene.sees("RESUMED all", "proven ✔")
        stage.lead(1)
        await stage.until_held({"A": 3, "B": 3})
        stage.assert_no_double()
