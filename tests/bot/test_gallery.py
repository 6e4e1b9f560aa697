"""The pages of sample cards are drawn from what the adapters send today."""

from tests.gallery.__main__ import discord, telegram
from tests.gallery.night import rung, told
from tests.gallery.sample import afternoon


async def test_every_scene_is_drawn_on_both_platforms() -> None:
    for scene in (afternoon, rung, told):
        shown = await scene()
        assert shown
        assert all(telegram(one) and discord(one) for one in shown)
